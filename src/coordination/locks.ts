/**
 * Locks and elections. A lock has one holder at a time, known by its fencing token: the index of the entry that acquired
 * it. Indexes grow, waiters are served in order of arrival, and so tokens only grow. Time is not known here: a lease ends
 * by an entry that says which renewal it has outlived, proposed by whoever saw it by his own clock.
 *
 * Source: M. Burrows, "The Chubby Lock Service for Loosely-Coupled Distributed Systems" (2006), section 2.4, whose
 * sequencers the tokens are; C. Gray and D. Cheriton, "Leases" (1989).
 */
import { LIMITS } from '../base/limits.js';
import { type Refusal, refusal } from '../base/refusal.js';
import type { StateOverlay, StateReader } from '../base/state-table.js';
import type { CoordinationAnswer } from './answer.js';
import type { Acquire, CoordinationCommand } from './command.js';
import { type LockState, readLock, succeed, writeLock } from './lock-state.js';
import type { LockSpace } from './state-keys.js';

export type LockCommand = Extract<CoordinationCommand, { readonly space: LockSpace }>;

export function runLockCommand(state: StateOverlay, index: number, command: LockCommand): CoordinationAnswer | Refusal {
  switch (command.kind) {
    case 'acquire':
      return acquire(state, index, command);
    case 'renew':
    case 'release':
      return renewOrRelease(state, index, command);
    case 'expire':
      return expire(state, index, command);
    case 'abandon':
      return abandon(state, command);
  }
}

/** Undefined if the lock is held under `token`; a token of the past fails, and so does one of a lock that is free. */
export function checkFencing(state: StateReader, name: string, token: number): Refusal | undefined {
  const lock = readLock(state, 'lock', name);
  return lock?.holder.token === token ? undefined : fenced('lock', name, token, lock);
}

/** The same owner asking again is a second caller: he may have lost the token, but never gets it twice. */
function acquire(state: StateOverlay, index: number, command: Acquire): CoordinationAnswer | Refusal {
  const { space, name, owner, ttlMs, waitMs } = command;
  const lock = readLock(state, space, name);
  if (lock === undefined) {
    const holder = { owner, token: index, ttlMs, renewal: index };
    writeLock(state, space, name, { holder, waiters: [] });
    return { kind: 'held', holder };
  }
  if (waitMs === 0) return held(command, lock, '');
  const ahead = lock.waiters.length;
  if (ahead >= LIMITS.lockWaitersMax) return held(command, lock, `, and ${ahead} callers wait already`);
  writeLock(state, space, name, { ...lock, waiters: [...lock.waiters, { owner, ttlMs, waitMs, ticket: index }] });
  return { kind: 'queued', ticket: index, ahead };
}

function renewOrRelease(
  state: StateOverlay,
  index: number,
  { kind, space, name, token }: Extract<LockCommand, { readonly kind: 'renew' | 'release' }>,
): CoordinationAnswer | Refusal {
  const lock = readLock(state, space, name);
  if (lock?.holder.token !== token) return fenced(space, name, token, lock);
  if (kind === 'release') return end(state, index, space, name, lock);
  const holder = { ...lock.holder, renewal: index };
  writeLock(state, space, name, { ...lock, holder });
  return { kind: 'held', holder };
}

function expire(
  state: StateOverlay,
  index: number,
  { space, name, token, renewal }: Extract<LockCommand, { readonly kind: 'expire' }>,
): CoordinationAnswer {
  const lock = readLock(state, space, name);
  const isSame = lock !== undefined && lock.holder.token === token && lock.holder.renewal === renewal;
  return isSame ? end(state, index, space, name, lock) : { kind: 'unchanged' };
}

function abandon(
  state: StateOverlay,
  { space, name, ticket }: Extract<LockCommand, { readonly kind: 'abandon' }>,
): CoordinationAnswer {
  const lock = readLock(state, space, name);
  if (lock === undefined) return { kind: 'unchanged' };
  if (lock.holder.token === ticket) return { kind: 'held', holder: lock.holder };
  const waiters = lock.waiters.filter((waiter) => waiter.ticket !== ticket);
  if (waiters.length === lock.waiters.length) return { kind: 'unchanged' };
  writeLock(state, space, name, { ...lock, waiters });
  return { kind: 'abandoned' };
}

function end(state: StateOverlay, index: number, space: LockSpace, name: string, lock: LockState): CoordinationAnswer {
  const next = succeed(lock, index);
  writeLock(state, space, name, next);
  return { kind: 'ended', next: next?.holder };
}

function held({ space, name }: Acquire, { holder }: LockState, more: string): Refusal {
  const detail = `The ${space} ${JSON.stringify(name)} is held by ${JSON.stringify(holder.owner)}${more}.`;
  return refusal('lock-held', detail, { owner: holder.owner });
}

function fenced(space: LockSpace, name: string, token: number, lock: LockState | undefined): Refusal {
  const what = `The ${space} ${JSON.stringify(name)}`;
  if (lock === undefined) return refusal('fenced', `${what} is not held any more under token ${token}.`);
  const { owner, token: current } = lock.holder;
  return refusal('fenced', `${what} is held under token ${current}, not ${token}.`, { owner });
}

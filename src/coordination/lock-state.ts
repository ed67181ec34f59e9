/** What the log knows of a lock or an election: who holds it, and who waits, in order of arrival. */
import { ByteReader, ByteWriter, DecodeError } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { StateOverlay, StateReader } from '../base/state-table.js';
import { type LockSpace, lockKey } from './state-keys.js';

export interface LockHolder {
  readonly owner: string;
  /** Fencing token, or term: the index of the entry that acquired, also if it had to queue. */
  readonly token: number;
  readonly ttlMs: number;
  /** Index of the entry that began the lease or renewed it last: what it is to be expired by. */
  readonly renewal: number;
}

export interface LockWaiter {
  readonly owner: string;
  readonly ttlMs: number;
  readonly waitMs: number;
  /** Index of the entry that asked: its token once its turn has come. */
  readonly ticket: number;
}

export interface LockState {
  readonly holder: LockHolder;
  readonly waiters: readonly LockWaiter[];
}

/** Undefined if nobody holds it: nothing needs to be kept of a free lock, since indexes only grow. */
export function readLock(state: StateReader, space: LockSpace, name: string): LockState | undefined {
  const stored = state.get(lockKey(space, name));
  return stored && decodeLock(stored);
}

export function writeLock(state: StateOverlay, space: LockSpace, name: string, lock: LockState | undefined): void {
  const key = lockKey(space, name);
  if (lock === undefined) state.delete(key);
  else state.put(key, encodeLock(lock));
}

/** The lock after its holder is gone; the first who waits has it from the entry at `index` on. */
export function succeed({ waiters }: LockState, index: number): LockState | undefined {
  const [first, ...rest] = waiters;
  if (first === undefined) return undefined;
  const { owner, ticket, ttlMs } = first;
  return { holder: { owner, token: ticket, ttlMs, renewal: index }, waiters: rest };
}

export function encodeLock({ holder, waiters }: LockState): Uint8Array {
  const writer = new ByteWriter(64).string(holder.owner).varuint(holder.token);
  writer.varuint(holder.ttlMs).varuint(holder.renewal).varuint(waiters.length);
  for (const { owner, ttlMs, waitMs, ticket } of waiters) {
    writer.string(owner).varuint(ttlMs).varuint(waitMs).varuint(ticket);
  }
  return writer.finish();
}

/** @throws DecodeError on anything `encodeLock` would not return. */
export function decodeLock(bytes: Uint8Array): LockState {
  const reader = new ByteReader(bytes);
  const owner = () => reader.string(LIMITS.coordinationNameMaxBytes);
  const holder = { owner: owner(), token: reader.varuint(), ttlMs: reader.varuint(), renewal: reader.varuint() };
  const count = reader.count();
  if (count > LIMITS.lockWaitersMax) throw new DecodeError(`lock with ${count} waiters`);
  const waiters = Array.from({ length: count }, () => ({
    owner: owner(),
    ttlMs: reader.varuint(),
    waitMs: reader.varuint(),
    ticket: reader.varuint(),
  }));
  reader.end();
  return { holder, waiters };
}

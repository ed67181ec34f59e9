/**
 * Requests that wait in the queue of a lock until their turn comes: each is known by its ticket, the index of the entry
 * by which it asked. They learn it from the log as this replica applies it, wherever the lock was released.
 */
import type { LockName } from '../../coordination/command.js';
import type { LockHolder, LockState } from '../../coordination/lock-state.js';
import type { Time } from '../../ports/time.js';
import type { CallerSignal } from '../request-types.js';
import { type LockChange, type LockFeed, lockId } from './lock-feed.js';

export interface Place extends LockName {
  readonly ticket: number;
}

export type Waited =
  | { readonly kind: 'turn'; readonly holder: LockHolder }
  /** Neither queued nor holding: the place was given up, or the turn has come and gone unnoticed. */
  | { readonly kind: 'gone' }
  /** Still queued, as far as is known here. */
  | { readonly kind: 'stopped'; readonly why: 'time' | 'caller' | 'draining' };

interface Waiter {
  readonly ticket: number;
  readonly settle: (waited: Waited) => void;
}

export class LockWaiters {
  readonly #time: Time;
  readonly #feed: LockFeed;
  readonly #waiters = new Map<string, Set<Waiter>>();
  #isDraining = false;

  constructor(time: Time, feed: LockFeed) {
    this.#time = time;
    this.#feed = feed;
    feed.follow({
      changed: (change) => this.#tell(change),
      reset: (locks) => this.#tellAll(locks),
    });
  }

  /** Requests that wait. */
  get size(): number {
    let count = 0;
    for (const waiters of this.#waiters.values()) count += waiters.size;
    return count;
  }

  /** Call when the entry that took the place is applied here. */
  wait(place: Place, waitMs: number, signal: CallerSignal | undefined): Promise<Waited> {
    const waited = judge(this.#feed.read(place), place.ticket);
    if (waited !== undefined) return Promise.resolve(waited);
    if (signal?.aborted === true) return Promise.resolve({ kind: 'stopped', why: 'caller' });
    if (this.#isDraining) return Promise.resolve({ kind: 'stopped', why: 'draining' });
    const id = lockId(place);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        ticket: place.ticket,
        settle: (result) => {
          this.#remove(id, waiter);
          cancelTimer();
          signal?.removeEventListener('abort', onAbort);
          resolve(result);
        },
      };
      const onAbort = () => waiter.settle({ kind: 'stopped', why: 'caller' });
      const cancelTimer = this.#time.after(waitMs, () => waiter.settle({ kind: 'stopped', why: 'time' }));
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#add(id, waiter);
    });
  }

  /** Nobody waits from now on. */
  drain(): void {
    this.#isDraining = true;
    for (const waiters of [...this.#waiters.values()]) {
      for (const waiter of [...waiters]) waiter.settle({ kind: 'stopped', why: 'draining' });
    }
  }

  #tell(change: LockChange): void {
    const waiters = this.#waiters.get(lockId(change));
    if (waiters === undefined) return;
    for (const waiter of [...waiters]) {
      const waited = judge(change.lock, waiter.ticket);
      if (waited !== undefined) waiter.settle(waited);
    }
  }

  #tellAll(locks: readonly LockChange[]): void {
    const changes = new Map(locks.map((change) => [lockId(change), change.lock]));
    for (const [id, waiters] of [...this.#waiters]) {
      for (const waiter of [...waiters]) {
        const waited = judge(changes.get(id), waiter.ticket);
        if (waited !== undefined) waiter.settle(waited);
      }
    }
  }

  #add(id: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(id);
    if (waiters === undefined) this.#waiters.set(id, new Set([waiter]));
    else waiters.add(waiter);
  }

  #remove(id: string, waiter: Waiter): void {
    const waiters = this.#waiters.get(id);
    if (waiters?.delete(waiter) === true && waiters.size === 0) this.#waiters.delete(id);
  }
}

/** Undefined while queued. */
function judge(lock: LockState | undefined, ticket: number): Waited | undefined {
  if (lock?.holder.token === ticket) return { kind: 'turn', holder: lock.holder };
  const isQueued = lock?.waiters.some((waiter) => waiter.ticket === ticket);
  return isQueued ? undefined : { kind: 'gone' };
}

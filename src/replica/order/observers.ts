/**
 * Who wants to be told of a lock or an election. What is told is what can be seen of it: a renewal only moves the end of
 * the lease, and would be most of what there is to tell.
 */
import type { LockName } from '../../coordination/command.js';
import type { LockState } from '../../coordination/lock-state.js';
import type { LockView } from '../ordered-handle.js';
import type { LeaseKeeper } from './lease-keeper.js';
import { type LockChange, type LockFeed, lockId } from './lock-feed.js';

/** Does not throw: it is called in the middle of applying the log. */
export type LockListener = (lock: LockView | undefined) => void;

interface Observed {
  readonly name: LockName;
  /** As it is now; what can be seen of it is what the listeners were told last. */
  lock: LockState | undefined;
  readonly listeners: Set<LockListener>;
}

export class Observers {
  readonly #feed: LockFeed;
  readonly #keeper: Pick<LeaseKeeper, 'remainingMs'>;
  readonly #observed = new Map<string, Observed>();

  constructor(feed: LockFeed, keeper: Pick<LeaseKeeper, 'remainingMs'>) {
    this.#feed = feed;
    this.#keeper = keeper;
    feed.follow({
      changed: (change) => this.#tell(change),
      reset: (locks) => this.#tellAll(locks),
    });
  }

  /** Locks that are observed. */
  get size(): number {
    return this.#observed.size;
  }

  /** Calls `listener` now, and at every change until the signal aborts. */
  observe(name: LockName, listener: LockListener, signal: AbortSignal): void {
    if (signal.aborted) return;
    const id = lockId(name);
    const observed = this.#observed.get(id) ?? { name, lock: this.#feed.read(name), listeners: new Set() };
    this.#observed.set(id, observed);
    // One function may be handed in twice, to be told twice.
    const told: LockListener = (lock) => listener(lock);
    observed.listeners.add(told);
    signal.addEventListener('abort', () => this.#remove(id, told), { once: true });
    told(lockView(name, observed.lock, this.#keeper));
  }

  #tell(change: LockChange): void {
    const observed = this.#observed.get(lockId(change));
    if (observed === undefined) return;
    const { lock: before } = observed;
    observed.lock = change.lock;
    if (looksEqual(before, change.lock)) return;
    const view = lockView(change, change.lock, this.#keeper);
    for (const listener of [...observed.listeners]) if (observed.listeners.has(listener)) listener(view);
  }

  #tellAll(locks: readonly LockChange[]): void {
    const held = new Map(locks.map((change) => [lockId(change), change]));
    for (const [id, { name }] of [...this.#observed]) this.#tell(held.get(id) ?? { ...name, lock: undefined });
  }

  #remove(id: string, listener: LockListener): void {
    const listeners = this.#observed.get(id)?.listeners;
    if (listeners?.delete(listener) === true && listeners.size === 0) this.#observed.delete(id);
  }
}

export function lockView(
  name: LockName,
  lock: LockState | undefined,
  keeper: Pick<LeaseKeeper, 'remainingMs'>,
): LockView | undefined {
  if (lock === undefined) return undefined;
  const { owner, token, ttlMs } = lock.holder;
  const remainingMs = keeper.remainingMs(name, lock.holder);
  return { owner, token, ttlMs, remainingMs, waiting: lock.waiters.map((waiter) => waiter.owner) };
}

/** Tickets stand for those who wait: nobody's owner changes. */
function looksEqual(a: LockState | undefined, b: LockState | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.holder.token !== b.holder.token || a.waiters.length !== b.waiters.length) return false;
  return a.waiters.every(({ ticket }, i) => ticket === b.waiters[i]?.ticket);
}

/**
 * Changes of locks and elections as this replica applies them: one subscription to the ordered state, shared by all who
 * follow a lock. It reads them out of each entry's writes, so nothing is decoded twice and an entry without any costs
 * next to nothing.
 */
import { STATE_AREAS } from '../../base/state-table.js';
import type { LockName } from '../../coordination/command.js';
import { decodeLock, type LockState, readLock } from '../../coordination/lock-state.js';
import { LOCK_SPACES, lockOfKey, lockRange } from '../../coordination/state-keys.js';
import type { Applied } from '../../keyspace/ordered/apply.js';
import type { AppliedState } from './applied-state.js';

export interface LockChange extends LockName {
  /** Undefined: nobody holds it now. */
  readonly lock: LockState | undefined;
}

/** Duties: neither throws, nor waits. They are called in the middle of applying the log. */
export interface LockFollower {
  /** A lock has changed, by the entry applied last. */
  changed(change: LockChange): void;
  /** The state is another, and each lock may have changed, even several times. `locks` lists those that are held. */
  reset(locks: readonly LockChange[]): void;
}

export class LockFeed {
  readonly #state: AppliedState;
  readonly #followers: LockFollower[] = [];

  constructor(state: AppliedState) {
    this.#state = state;
    state.onApplied((applied) => this.#tell(applied));
    state.onJumped(() => this.#reset());
  }

  /** For as long as the feed exists. The follower is told all locks at once. */
  follow(follower: LockFollower): void {
    this.#followers.push(follower);
    follower.reset(this.#all());
  }

  read({ space, name }: LockName): LockState | undefined {
    return readLock(this.#state.state, space, name);
  }

  #tell({ writes }: Applied): void {
    for (const { key, value } of writes) {
      if (key[0] !== STATE_AREAS.coordination) continue;
      const lock = lockOfKey(key);
      if (lock === undefined) continue;
      const change = { ...lock, lock: value && decodeLock(value) };
      for (const follower of this.#followers) follower.changed(change);
    }
  }

  #reset(): void {
    const locks = this.#all();
    for (const follower of this.#followers) follower.reset(locks);
  }

  #all(): LockChange[] {
    const found: LockChange[] = [];
    for (const space of LOCK_SPACES) {
      const { gte, lt } = lockRange(space);
      for (const { key, value } of this.#state.state.range(gte, lt)) {
        const lock = lockOfKey(key);
        if (lock !== undefined) found.push({ ...lock, lock: decodeLock(value) });
      }
    }
    return found;
  }
}

/** One text for each lock: for maps. */
export function lockId({ space, name }: LockName): string {
  return `${space}:${name}`;
}

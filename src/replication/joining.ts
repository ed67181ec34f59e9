/**
 * Whether an incarnation has joined the cluster: it has what some other member had when it was first heard, and so
 * everything that was stable before it began. Until then a write of its own may compete with a tombstone that the others
 * have forgotten already, and replicas that have not forgotten it yet would decide otherwise than those that have.
 */
import type { VersionVector } from '../clocks/version-vector.js';

export class Joining {
  #target: VersionVector | undefined;
  #joined: boolean;

  /** One that has written before, or that is alone, has nothing to wait for. */
  constructor(joined: boolean) {
    this.#joined = joined;
  }

  /** A member has `vector`; we have `durable`. */
  hear(vector: VersionVector, durable: VersionVector): void {
    this.#target ??= vector;
    this.reach(durable);
  }

  reach(durable: VersionVector): void {
    if (this.#target !== undefined && durable.includes(this.#target)) this.#joined = true;
  }

  /** A member was heard, and what it had is still on its way. */
  get isUnderWay(): boolean {
    return this.#target !== undefined && !this.#joined;
  }

  get joined(): boolean {
    return this.#joined;
  }
}

/**
 * The one place where groups become delivered: local ones in the order they were issued, those of peers in causal
 * order, each checked once more against its causes on the way out.
 */
import type { Origin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { VersionVector } from '../clocks/version-vector.js';
import { type BufferWatcher, CausalBuffer } from './causal-buffer.js';
import { DeliveredFrontier } from './delivered-frontier.js';
import type { WriteGroup } from './write-group.js';

const NOTHING: readonly WriteGroup[] = [];

export class Delivery {
  readonly buffer: CausalBuffer;
  readonly #self: Origin;
  readonly #delivered: DeliveredFrontier;
  #issued: WriteGroup[] = [];
  #applied: VersionVector;

  constructor(self: Origin, recovered: VersionVector, watcher: BufferWatcher) {
    this.#self = self;
    this.buffer = new CausalBuffer(recovered, watcher);
    this.#delivered = new DeliveredFrontier(recovered);
    this.#applied = recovered;
  }

  /** Everything delivered, and every group issued. */
  get applied(): VersionVector {
    return this.#applied;
  }

  /** Origins of others of which something is here that is not durable: it waits, is ready, or is being persisted. */
  holding(durable: VersionVector): readonly Origin[] {
    return this.buffer.holding(durable).filter((origin) => origin !== this.#self);
  }

  /** `next` has something to give. */
  get hasNext(): boolean {
    return this.#issued.length > 0 || this.buffer.ready > 0;
  }

  /** A local group; it is part of the next transaction. */
  issued(group: WriteGroup): void {
    this.#issued.push(group);
    this.#applied = this.#applied.with(group.dot);
  }

  /**
   * What the next transaction delivers: all local groups, so that nothing else comes between the moment they were
   * issued and their own, then what fits of the peers'. While a snapshot is being installed only local groups are
   * delivered, and they may have causes that are so far only in storage.
   */
  next(installing: boolean): readonly WriteGroup[] {
    if (!this.hasNext) return NOTHING;
    const own = this.#issued;
    this.#issued = [];
    let bytes = 0;
    for (const group of own) {
      bytes += group.encoded.length;
      if (installing) this.#delivered.succeed(group);
      else this.#delivered.deliver(group);
      this.buffer.advance(group.dot);
    }
    const remote = installing ? [] : this.#takeRemote(own.length, bytes);
    for (const group of remote) this.#delivered.deliver(group);
    this.#applied = this.#delivered.vector();
    return own.length === 0 ? remote : own.concat(remote);
  }

  /** A snapshot brings everything up to `vector` with the next transaction. */
  raise(vector: VersionVector): void {
    this.#delivered.raise(vector);
    this.#applied = this.#delivered.vector();
  }

  /** However much is written here, a quarter of each transaction is for what others have written. */
  #takeRemote(ownGroups: number, ownBytes: number): WriteGroup[] {
    return this.buffer.take(
      Math.max(LIMITS.turnMaxGroups - ownGroups, LIMITS.turnMaxGroups / 4),
      Math.max(LIMITS.turnMaxBytes - ownBytes, LIMITS.turnMaxBytes / 4),
    );
  }
}

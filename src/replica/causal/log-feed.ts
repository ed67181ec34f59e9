/**
 * Brings the write groups of the log, made by this replica's own state machine, into the causal plane. A group is stored
 * among the operations in the transaction of the entry it comes from, whether its causes are here or not, so none is
 * lost when the process dies; what has to wait beyond a window is offered from there, and so is everything after a start.
 */
import { LOG_ORIGIN } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { encodeBody } from '../../keyspace/group-body.js';
import type { LogGroup } from '../../keyspace/ordered/apply.js';
import type { StorageReader, StorageWrite } from '../../ports/storage.js';
import type { CausalPlane, Now } from '../../replication/causal-plane.js';
import { sealGroup, type WriteGroup } from '../../replication/write-group.js';
import type { OrderedMachine } from '../order/ordered-machine.js';
import { keepBody } from './group-bodies.js';
import { operationWrite, readOperations } from './operation-log.js';

export class LogFeed {
  readonly #machine: OrderedMachine;
  readonly #storage: StorageReader;
  /** The next index to offer. What lies between it and what the machine has applied is in storage, or must be fetched. */
  #next = 0;

  constructor(machine: OrderedMachine, storage: StorageReader) {
    this.#machine = machine;
    this.#storage = storage;
  }

  /** The plane is a new one. */
  restart(): void {
    this.#next = 0;
  }

  /**
   * Take what the machine has made, and offer it to the plane. Returns the writes for the transaction in which the plane
   * may deliver it.
   */
  turn(plane: CausalPlane, now: Now): StorageWrite[] {
    const made = this.#machine.take();
    plane.agree(this.#machine.forgottenBy(plane.durable));
    const delivered = plane.applied.get(LOG_ORIGIN);
    this.#next = Math.max(this.#next, delivered + 1);
    const through = delivered + LIMITS.logGroupsAheadMax;
    this.#offerStored(plane, through, now);
    const fresh = made?.groups.filter(({ dot }) => dot.counter > delivered).map(sealed) ?? [];
    this.#offer(plane, this.#inTurn(fresh, through), now);
    return [...(made?.writes ?? []), ...fresh.map(operationWrite)];
  }

  /** From the operations of earlier transactions, as much as one turn can afford. */
  #offerStored(plane: CausalPlane, through: number, now: Now): void {
    const need = Math.min(through, this.#machine.durableApplied);
    if (this.#next > need || !plane.takesLog) return;
    const range = { origin: LOG_ORIGIN, have: this.#next - 1, need };
    const groups = readOperations(this.#storage, [range]).map(markStored);
    const last = groups[groups.length - 1];
    // Nothing left of the range: what is not there was never made here.
    if (last === undefined) this.#next = need + 1;
    else this.#offer(plane, groups, now);
  }

  /** The fresh groups that come next. The others are in storage when their turn comes. */
  #inTurn(fresh: readonly WriteGroup[], through: number): readonly WriteGroup[] {
    const first = fresh[0]?.dot.counter;
    if (first === undefined || this.#next < first) return [];
    return fresh.filter(({ dot }) => dot.counter >= this.#next && dot.counter <= through);
  }

  #offer(plane: CausalPlane, groups: readonly WriteGroup[], now: Now): void {
    const taken = plane.offerLog(groups, Math.min(this.#machine.durableApplied, this.#next - 1), now);
    const last = groups[taken - 1];
    if (last !== undefined) this.#next = last.dot.counter + 1;
  }
}

function sealed({ dot, hlc, deps, body }: LogGroup): WriteGroup {
  const group = sealGroup(dot, hlc, deps, encodeBody(body));
  keepBody(group, body);
  return markStored(group);
}

/** The group is among the operations, or in the transaction being gathered. One that a peer sent is not: see the driver. */
function markStored(group: WriteGroup): WriteGroup {
  group.isStored = true;
  return group;
}

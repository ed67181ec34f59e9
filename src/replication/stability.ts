/**
 * Which dots every member has, and will write nothing concurrent to any more, so that they may be forgotten.
 *
 * It is not enough that a member has said it has a dot: a write it made before it had it may still be on its way here,
 * and would meet a replica that has forgotten what it competes with. So what a member says counts only once its own
 * stream has been delivered here up to where it stood when it said so; whatever it writes later has seen the dot.
 *
 * Members come and go at different moments at different replicas. A replica that was just added must not be forgotten
 * without by one that does not know it yet: so only what was said by somebody who went by the same members counts, and
 * who was added waits until it has what a member had that knew of it (`Joining`).
 *
 * Source: the timestamp table of R. Ladin et al., "Providing High Availability Using Lazy Replication" (1992), section
 * 4.3; the causal stability of C. Baquero et al., "Making Operation-Based CRDTs Operation-Based" (2014), section 4.2.
 */
import type { Origin, ReplicaId } from '../base/ids.js';
import { stableCut } from '../clocks/stable-cut.js';
import { VersionVector } from '../clocks/version-vector.js';
import type { PeerTable } from './peer-table.js';

interface Witness {
  readonly origin: Origin;
  /** Joined from everything said by a point of the member's stream that was delivered here. */
  confirmed: VersionVector;
  /** What was said first and last of what does not count yet. The first is kept, or under load none ever would. */
  first: VersionVector | undefined;
  last: VersionVector | undefined;
}

export class Stability {
  readonly #self: ReplicaId;
  readonly #witnesses = new Map<ReplicaId, Witness>();
  #stable = VersionVector.EMPTY;

  constructor(self: ReplicaId) {
    this.#self = self;
  }

  /** The stable cut found so far; it never shrinks. */
  get stable(): VersionVector {
    return this.#stable;
  }

  /** The member `replica`, alive as `origin`, has said that it has `vector`, going by the members that we go by. */
  hear(replica: ReplicaId, origin: Origin, vector: VersionVector, durable: VersionVector): void {
    const witness = this.#witnessOf(replica, origin);
    if (witness.first === undefined) witness.first = vector;
    else witness.last = witness.last === undefined ? vector : witness.last.join(vector);
    confirm(witness, durable);
  }

  /**
   * The stream of every member has come as far as `durable` here, and this replica holds more than that of the origins
   * `holding`. Returns the stable cut. Nothing becomes stable while anybody holds something whose origin may have ended:
   * it may yet be delivered, and then nobody waits any more for what that origin had seen. Whether it may have ended is
   * for us to judge, who would forget, and not for the holder, who may not have heard of it.
   */
  advance(durable: VersionVector, holding: readonly Origin[], peers: PeerTable, nowMs: number): VersionVector {
    // At rest all of it is stable, and what a witness says is looked at again when there is more.
    if (this.#stable.includes(durable)) return this.#stable;
    const held = [holding, ...peers.all().map((peer) => peer.holding)].flat();
    if (!peers.isOfOneMind || held.some((origin) => !peers.isAlive(origin, nowMs))) return this.#stable;
    const vectors = new Map([[this.#self, durable]]);
    for (const { replica, origin } of peers.all()) {
      const witness = this.#witnesses.get(replica);
      if (witness === undefined || witness.origin !== origin) return this.#stable;
      confirm(witness, durable);
      vectors.set(replica, witness.confirmed);
    }
    if (!allHaveTheSameOfFormer(durable, peers)) return this.#stable;
    this.#stable = this.#stable.join(stableCut([...vectors.keys()], vectors));
    return this.#stable;
  }

  #witnessOf(replica: ReplicaId, origin: Origin): Witness {
    const known = this.#witnesses.get(replica);
    if (known?.origin === origin) return known;
    const witness: Witness = { origin, confirmed: VersionVector.EMPTY, first: undefined, last: undefined };
    this.#witnesses.set(replica, witness);
    return witness;
  }
}

function confirm(witness: Witness, durable: VersionVector): void {
  const reached = durable.get(witness.origin);
  while (witness.first !== undefined && witness.first.get(witness.origin) <= reached) {
    witness.confirmed = witness.confirmed.join(witness.first);
    witness.first = witness.last;
    witness.last = undefined;
  }
}

/**
 * A former incarnation has no stream any more that could say what its last writes had seen. So nothing becomes stable
 * until all members have the same of it. That goes by everything they have said, confirmed or not: a member that has got
 * more of it since its last confirmed word has something that is not here.
 */
function allHaveTheSameOfFormer(durable: VersionVector, peers: PeerTable): boolean {
  const others = peers.all().map(({ vector }) => vector);
  const named = [durable, ...others].flatMap((vector) => vector.entries().map(([origin]) => origin));
  const former = [...new Set(named)].filter((origin) => peers.isRetired(origin));
  return former.every((origin) => others.every((vector) => vector.get(origin) === durable.get(origin)));
}

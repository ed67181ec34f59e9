/**
 * Whether an incarnation has joined the cluster: it has everything that may have been forgotten without asking it. Until
 * then a write of its own may compete with a tombstone that the others have forgotten already, and replicas that have
 * not forgotten it yet would decide otherwise than those that have.
 *
 * What was forgotten without it lies inside what each member had when that member began to count it in. So it has joined
 * when it has what one such member has had, if that one had joined itself; or else what all of them have had.
 */
import type { Origin, ReplicaId } from '../base/ids.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { DigestMessage } from './messages.js';
import type { Agreement, Peer } from './plane-types.js';

interface Target {
  readonly vector: VersionVector;
  /** Reaching this one is enough. */
  readonly isEnough: boolean;
}

export class Joining {
  readonly #self: Origin;
  readonly #targets = new Map<ReplicaId, Target>();
  #heard = false;
  #joined: boolean;

  /** One that has written before, or that is alone, has nothing to wait for. */
  constructor(self: Origin, joined: boolean) {
    this.#self = self;
    this.#joined = joined;
  }

  /** A member was heard: until it is known what it has, this incarnation had better not write. */
  notice(): void {
    this.#heard = true;
  }

  /** A member has said what it has, and whom it counts in. We go by `agreement`. */
  hear({ replica: from, origin }: Peer, digest: DigestMessage, agreement: Agreement | undefined): void {
    if (this.#joined || !this.#countsUs(origin, digest.members, agreement)) return;
    const known = this.#targets.get(from);
    if (known !== undefined && (known.isEnough || !digest.joined)) return;
    const isFirst = this.#targets.size === 0 && this.#isFounder(digest, agreement);
    this.#targets.set(from, { vector: digest.vector, isEnough: digest.joined || isFirst });
  }

  /**
   * Whether something may be taken from a member that goes by `members` (undefined = not known yet, which is good enough
   * only among replicas none of which has an agreement: the caller sees to that). Until this incarnation
   * has joined, only from those that count it in: another may be one that was removed and does not know, or still listens
   * to such a one, and nobody who forgets waits for what they have. Later all wait for us.
   */
  takesFrom(from: Origin, members: readonly Origin[] | undefined, agreement: Agreement | undefined): boolean {
    if (this.#joined) return true;
    return members === undefined ? agreement === undefined : this.#countsUs(from, members, agreement);
  }

  /** The member has a new incarnation: what the last one had may be lost. */
  forget(replica: ReplicaId): void {
    this.#targets.delete(replica);
  }

  /** We have `durable`, and `others` are the other members. */
  reach(durable: VersionVector, others: readonly ReplicaId[]): void {
    if (this.#joined) return;
    const has = (target: Target | undefined) => target !== undefined && durable.includes(target.vector);
    const reached = [...this.#targets.values()].some((target) => target.isEnough && has(target));
    const reachedAll = others.every((replica) => has(this.#targets.get(replica)));
    this.#joined = reached || reachedAll;
  }

  /** A member was heard, and what it had is still on its way. */
  get isUnderWay(): boolean {
    return this.#heard && !this.#joined;
  }

  get joined(): boolean {
    return this.#joined;
  }

  /**
   * A member that goes by `members` forgets nothing any more without asking us. By configuration all count all from the
   * start. One that has left itself counts for nothing.
   */
  #countsUs(from: Origin, members: readonly Origin[], agreement: Agreement | undefined): boolean {
    if (members.includes(this.#self)) return members.includes(from);
    return members.length === 0 && this.#isAmongFounders(agreement);
  }

  /** Nothing was forgotten without us but what an earlier incarnation of ours had: whoever is heard first will do. */
  #isFounder({ members }: DigestMessage, agreement: Agreement | undefined): boolean {
    return agreement === undefined ? members.length === 0 : this.#isAmongFounders(agreement);
  }

  #isAmongFounders(agreement: Agreement | undefined): boolean {
    return agreement === undefined || (agreement.founding && agreement.members.includes(this.#self));
  }
}

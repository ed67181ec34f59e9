/** Membership as a leader decides it, of three replicas one of which may only be an observer so far. */
import { CausewayError } from '../../../src/base/errors.js';
import { makeOrigin, parseReplicaId, type ReplicaId } from '../../../src/base/ids.js';
import type { ConsensusMember, MembershipChange, MembershipView } from '../../../src/replica/ordered-handle.js';

/** Replicas that run: the members at first, and one that could be added. */
const RUNNING = ['r1', 'r2', 'r3', 'r4'].map(parseReplicaId);

export class MemoryMembers {
  /** Another change is under way. */
  changing = false;
  #leader = parseReplicaId('r1');
  readonly #roles = new Map<ReplicaId, 'voter' | 'observer'>(
    RUNNING.slice(0, 3).map((id): [ReplicaId, 'voter'] => [id, 'voter']),
  );

  view(): MembershipView {
    const members = [...this.#roles].map(([id, role]): ConsensusMember => {
      return { id, incarnation: makeOrigin(id, 1), role: id === this.#leader ? 'leader' : role };
    });
    return { leader: this.#leader, term: 1, members, changing: this.changing };
  }

  /** @throws CausewayError `invalid-request`, `membership-conflict` */
  change({ kind, id }: MembershipChange): MembershipView {
    if (this.changing) throw new CausewayError('membership-conflict', 'A change is under way.');
    const role = this.#roles.get(id);
    const isKnown = kind === 'add' ? RUNNING.includes(id) : role !== undefined;
    if (!isKnown) throw new CausewayError('invalid-request', `No replica ${id} is known here.`);
    if (kind === 'transfer' && role === 'observer') {
      throw new CausewayError('membership-conflict', `${id} is an observer.`);
    }
    if (kind === 'add') this.#roles.set(id, role ?? 'observer');
    else if (kind === 'promote') this.#roles.set(id, 'voter');
    else if (kind === 'remove') this.#roles.delete(id);
    else this.#leader = id;
    return this.view();
  }
}

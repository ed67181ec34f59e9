/**
 * What the messages of peers lead to: what one tells of its sender is noted, what it brings is taken in, what it asks
 * for goes to the outbox. Whatever it says, it is used or refused, and counted; it never stops the replica.
 */
import type { Origin, ReplicaId } from '../base/ids.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { CatchUp } from './catch-up.js';
import type { Intake } from './intake.js';
import type { Joining } from './joining.js';
import { bringsState, type PlaneMessage } from './messages.js';
import type { Outbox } from './outbox.js';
import type { PeerTable } from './peer-table.js';
import type { PlaneCounter } from './plane-counters.js';
import type { Now, Peer } from './plane-types.js';
import type { ReportDuty } from './publication.js';
import type { Serving } from './serving.js';
import type { Stability } from './stability.js';
import type { WriteGroup } from './write-group.js';

export interface ReceptionParts {
  readonly self: Origin;
  /** Read at each message. */
  readonly durable: () => VersionVector;
  readonly peers: PeerTable;
  readonly intake: Intake;
  readonly catchUp: CatchUp;
  readonly joining: Joining;
  readonly stability: Stability;
  readonly reports: ReportDuty;
  /** More than `durable` is here, and becomes durable without anything else having to come. */
  readonly hasMore: () => boolean;
  readonly serving: Serving;
  readonly outbox: Outbox;
  readonly counters: Record<PlaneCounter, number>;
}

export class Reception {
  readonly #parts: ReceptionParts;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  receive(from: Peer, message: PlaneMessage, now: Now): void {
    const { peers, joining, counters } = this.#parts;
    const standing = peers.hear(from, now.monotonicMs);
    if (standing === 'foreign') counters.refused += 1;
    else if (standing === 'retired') this.#receiveLate(message, now);
    else {
      if (standing === 'new') this.#welcome(from.replica);
      if (message.kind === 'digest') peers.learnDigest(from.replica, message, now.monotonicMs);
      const takes = joining.takesFrom(from.origin, peers.get(from.replica)?.members, peers.agreement);
      this.#learn(from, message, takes);
      if (takes || !bringsState(message)) this.#dispatch(from, message, now);
    }
  }

  /** A peer that was not heard before, or that lost its data, learns at once what is here. */
  #welcome(replica: ReplicaId): void {
    this.#parts.catchUp.forget(replica);
    this.#parts.joining.forget(replica);
    this.#parts.outbox.digestTo(replica);
  }

  /** A former incarnation speaks: its groups are as good as ever, what it says about itself is not. */
  #receiveLate(message: PlaneMessage, now: Now): void {
    if (!this.#parts.joining.joined) return;
    if (message.kind === 'groups' || message.kind === 'fetched') this.#absorb(message.groups, now);
  }

  #learn(from: Peer, message: PlaneMessage, takes: boolean): void {
    if (message.kind === 'fetch' || message.kind === 'snapshot-fetch' || message.kind === 'snapshot-gone') return;
    const { self, peers, intake, joining, stability } = this.#parts;
    const { vector } = message;
    const durable = this.#parts.durable();
    intake.suspect(vector.get(self), durable.get(self));
    joining.notice();
    if (!takes) return;
    peers.learn(from.replica, vector);
    if (message.kind === 'digest' && peers.goesByOurMembers(message)) {
      stability.hear(from.replica, from.origin, vector, durable);
    }
  }

  #dispatch({ replica: from, origin }: Peer, message: PlaneMessage, now: Now): void {
    const { peers, catchUp, joining, reports, hasMore, serving, outbox, counters } = this.#parts;
    switch (message.kind) {
      case 'groups':
        if (message.wantReport) reports.want(message.groups.filter(({ dot }) => peers.admits(dot.origin)));
        this.#absorb(message.groups, now);
        break;
      case 'report':
        break;
      case 'digest':
        peers.learnFloor(from, message.floor);
        joining.hear({ replica: from, origin }, message, peers.agreement);
        joining.reach(this.#parts.durable(), peers.replicas);
        if (!message.wantReply) break;
        outbox.digestTo(from);
        if (hasMore()) reports.wantMore(this.#parts.durable());
        break;
      case 'fetch':
        if (!serving.fetch(from, message, this.#parts.durable())) counters.refused += 1;
        break;
      case 'fetched': {
        peers.learnFloor(from, message.floor);
        const fresh = this.#absorb(message.groups, now);
        outbox.send(...catchUp.fetched(from, message, fresh, now.monotonicMs));
        break;
      }
      case 'snapshot-fetch':
        serving.snapshot(from, message, catchUp.view);
        break;
      case 'snapshot-page':
        if (!catchUp.page(from, message, now.monotonicMs)) counters.duplicates += 1;
        break;
      case 'snapshot-gone':
        catchUp.gone(from, message.session);
        break;
      default:
        message satisfies never;
        counters.refused += 1;
    }
  }

  /** Returns how many of the groups were new. */
  #absorb(groups: readonly WriteGroup[], now: Now): number {
    const { self, intake } = this.#parts;
    return intake.absorb(groups, this.#parts.durable().get(self), now.wallMs);
  }
}

/**
 * Who belongs to the cluster, as one replica goes by it: founds the order or waits for it, takes over what the order
 * commits about its members, tells those that were left out, and ends the process when it is left out itself.
 */
import { CausewayError } from '../../base/errors.js';
import { type Origin, type ReplicaId, replicaOf } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { membersOf } from '../../consensus/configuration.js';
import type { Random } from '../../ports/random.js';
import type { Storage } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import type { Trace } from '../../ports/trace.js';
import type { Sender } from '../wire/envelope.js';
import type { Expelled, GossipMessage, Hello } from '../wire/gossip-codec.js';
import type { PlanFacts } from './change-plan.js';
import { Founding } from './founding.js';
import type { MemberOrder } from './member-order.js';
import type { MemberTable } from './member-table.js';
import { MembershipService } from './membership-service.js';
import { Replacements } from './replacement.js';
import { Runs } from './runs.js';
import { type AgreedMembers, membershipWrite, NO_MEMBERSHIP, type StoredMembership } from './stored-membership.js';

export interface ClusterMembershipOptions {
  readonly id: ReplicaId;
  /** Read at each use: the incarnation may change. */
  readonly self: () => Sender;
  readonly table: MemberTable;
  readonly stored: StoredMembership;
  readonly storage: Storage;
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly send: (to: ReplicaId, message: GossipMessage) => void;
  /** Other members count from now on; it is durable. */
  readonly onAgreed: (agreed: AgreedMembers) => void;
  /** This incarnation belongs to an order now: tell everybody. */
  readonly onBound: () => void;
  /** The data is an old copy: go on under a new incarnation. */
  readonly onOutdated: () => void;
  /** No member any more: take no more requests. The process is ended soon after. */
  readonly onRemoved: () => void;
  readonly onFatal: (error: unknown) => void;
}

export class ClusterMembership {
  readonly #options: ClusterMembershipOptions;
  readonly #founding: Founding;
  readonly #runs = new Runs();
  #stored: StoredMembership;
  #order: MemberOrder | undefined;
  #service: MembershipService | undefined;
  #replacements: Replacements | undefined;
  #isBinding = false;
  #isFounding = false;
  #isAdopting = false;
  #isGone = false;
  /** The last message about an order that is not known yet. */
  #early: { readonly from: Origin; readonly take: () => void } | undefined;
  #isClosed = false;
  #removedSinceMs: number | undefined;

  constructor(options: ClusterMembershipOptions) {
    const { id, table, random, trace, send, stored } = options;
    this.#options = options;
    this.#stored = stored;
    this.#founding = new Founding({
      self: id,
      configured: table.configuredIds,
      nonce: () => random.u32(),
      send,
      onWaiting: (reason) => trace({ name: 'membership.waiting', level: 'info', facts: { reason } }),
    });
  }

  /** Join it to the order of this replica; before `tick`. */
  attach(order: MemberOrder): void {
    const { time, random, send, trace } = this.#options;
    const self = () => this.#self;
    const facts = () => this.#facts(order);
    this.#order = order;
    this.#service = new MembershipService({ self, order, time, random, facts, send });
    this.#replacements = new Replacements(order, facts, trace);
  }

  /** Undefined without an order. */
  get service(): MembershipService | undefined {
    return this.#service;
  }

  /** The order this incarnation belongs to, for its hello. A founder belongs to its own once that is founded. */
  get order(): Origin | undefined {
    return this.#isUnused ? undefined : this.#stored.order;
  }

  /**
   * Let a message about the order from `from` be taken, if its order is ours. The first one that comes binds this
   * incarnation and is taken when that is durable: it is the campaign of the founder, which would otherwise be lost, and
   * come again only after an election timeout. What comes in between is not taken, and will be said again.
   */
  admitToOrder(from: Origin, take: () => void): void {
    const heard = this.#options.table.heard(replicaOf(from) ?? this.#options.id);
    const theirs = heard?.origin === from ? heard.hello.order : undefined;
    // It has overtaken the hello that says which order it is about.
    if (theirs === undefined) this.#early = { from, take };
    if (theirs === undefined || this.#isGone) return;
    if (this.order === undefined && !this.#isFounding) void this.#bind(theirs, take);
    else if (this.order === theirs && !this.#isBinding) take();
  }

  heardHello(from: Sender, { order, position }: Hello): void {
    const { table, send, trace } = this.#options;
    const { origin, boot } = from;
    const isOutdated = this.#runs.isOutdated(origin, boot, position) && order !== undefined && order === this.order;
    if (table.wasRemoved(origin)) send(from.replica, { kind: 'expelled', origin, boot, why: this.#whyLeft(origin) });
    else if (isOutdated) send(from.replica, { kind: 'expelled', origin, boot, why: 'outdated' });
    if (order === undefined) return;
    if (this.order === undefined) this.#founding.heardOrder(from.origin, order);
    else if (order !== this.order) {
      const facts = { peer: from.origin, theirs: order, ours: this.order };
      trace({ name: 'membership.other-order', level: 'warn', facts });
    }
    const early = this.#early;
    if (early?.from !== origin) return;
    this.#early = undefined;
    this.admitToOrder(origin, early.take);
  }

  /** What is said about membership by anybody in the cluster, members or not. */
  receive(from: Sender, message: GossipMessage): void {
    switch (message.kind) {
      case 'found-ask':
        this.#options.send(from.replica, this.#founding.answer(message, this.order));
        break;
      case 'found-answer':
        this.#founding.answered(from.replica, from.origin, message);
        break;
      case 'expelled':
        if (message.origin === this.#self && this.#isOfOurOrder(from)) this.#expelled(message);
        break;
      case 'change-ask':
        this.#service?.asked(from, message);
        break;
      case 'change-answer':
        this.#service?.answered(message);
        break;
      default:
        break;
    }
  }

  /** To be called every `LIMITS.tickMs` once the id is known to be ours. */
  tick(): void {
    const order = this.#order;
    if (order === undefined || this.#isGone || this.#isClosed) return;
    const nowMs = this.#options.time.monotonicMs();
    if (this.#mayFound(order)) {
      const voters = this.#founding.tick(this.#self, nowMs);
      if (voters !== undefined) void this.#found(order, voters);
    }
    this.#adopt(order);
    if (order.status().standing !== 'removed') {
      this.#removedSinceMs = undefined;
      this.#replacements?.tick(nowMs);
    } else this.#leftOut(nowMs);
  }

  /** Nothing is stored any more, and nothing said. */
  close(): void {
    this.#isClosed = true;
  }

  /** The data has a new incarnation, and the stored membership was wiped with the same transaction. */
  reincarnated(): void {
    this.#stored = NO_MEMBERSHIP;
    this.#removedSinceMs = undefined;
  }

  get #self(): Origin {
    return this.#options.self().origin;
  }

  /** Bound to itself, and died or waits before the order was founded: nobody can know of it. */
  get #isUnused(): boolean {
    return this.#stored.order === this.#self && this.#order?.isBlank !== false;
  }

  #mayFound(order: MemberOrder): boolean {
    return order.isBlank && this.order === undefined && !this.#isFounding && !this.#isBinding;
  }

  async #found(order: MemberOrder, voters: readonly Origin[]): Promise<void> {
    this.#isFounding = true;
    if (await this.#store({ ...this.#stored, order: this.#self })) {
      await order.found({ voters, learners: [] });
      this.#options.trace({ name: 'membership.founded', level: 'info', facts: { voters } });
      this.#options.onBound();
    }
    this.#isFounding = false;
  }

  async #bind(order: Origin, take: () => void): Promise<void> {
    if (this.#isBinding) return;
    this.#isBinding = true;
    const isStored = await this.#store({ ...this.#stored, order });
    this.#isBinding = false;
    if (!isStored) return;
    this.#options.trace({ name: 'membership.bound', level: 'info', facts: { order } });
    this.#options.onBound();
    if (this.order === order && !this.#isGone) take();
  }

  /** Take over the members that the order has committed, when they are durable here too. */
  #adopt(order: MemberOrder): void {
    const { configuration, configurationIndex, commit } = order.status();
    const members = membersOf(configuration);
    if (this.#isAdopting || members.length === 0 || configurationIndex > commit) return;
    const { voters, outgoing } = configuration;
    const before = this.#stored.agreed;
    const isSame =
      before !== undefined &&
      sameOrigins(before.members, members) &&
      sameOrigins(before.voters, voters) &&
      sameOrigins(before.outgoing, outgoing);
    if (isSame) return;
    const left = (before?.members ?? []).filter((member) => !members.includes(member));
    const former = [...(before?.former ?? []), ...left].slice(-LIMITS.vectorMaxEntries);
    void this.#take({ members, founding: configurationIndex <= 1, former, voters, outgoing }, left);
  }

  async #take(agreed: AgreedMembers, left: readonly Origin[]): Promise<void> {
    const { table, trace, send, onAgreed } = this.#options;
    this.#isAdopting = true;
    const isStored = await this.#store({ ...this.#stored, agreed });
    this.#isAdopting = false;
    if (!isStored) return;
    table.agree(agreed);
    const { members, voters, outgoing } = agreed;
    trace({ name: 'membership.agreed', level: 'info', facts: { members, voters, outgoing, left } });
    onAgreed(agreed);
    for (const origin of left) {
      const to = replicaOf(origin);
      const why = this.#whyLeft(origin);
      if (to !== undefined && origin !== this.#self && why === 'removed') {
        send(to, { kind: 'expelled', origin, boot: 0, why });
      }
    }
    if (left.includes(this.#self)) this.#removed();
  }

  /** Of an incarnation that is no member any more. */
  #whyLeft(origin: Origin): Expelled['why'] {
    const { members = [] } = this.#options.table.agreed ?? {};
    return members.some((member) => replicaOf(member) === replicaOf(origin)) ? 'outdated' : 'removed';
  }

  #expelled({ boot, why }: Expelled): void {
    if (why === 'removed') this.#removed();
    else if (boot === this.#options.self().boot) this.#options.onOutdated();
  }

  /** The order has it that this incarnation was left out: the members will tell why. */
  #leftOut(nowMs: number): void {
    this.#removedSinceMs ??= nowMs;
    if (nowMs - this.#removedSinceMs >= LIMITS.expelledPatienceMs) this.#removed();
  }

  /** Said once; the process ends when what was written last has had the time to leave. */
  #removed(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const { trace, onRemoved, onFatal, time, id } = this.#options;
    const self = this.#self;
    trace({ name: 'membership.removed', level: 'error', facts: { replica: id, incarnation: self } });
    onRemoved();
    void this.#store({ ...this.#stored, removed: true });
    time.after(LIMITS.removedGraceMs, () => onFatal(removedError(id, self)));
  }

  #isOfOurOrder(from: Sender): boolean {
    const heard = this.#options.table.heard(from.replica);
    return this.order !== undefined && heard?.origin === from.origin && heard.hello.order === this.order;
  }

  #facts(order: MemberOrder): PlanFacts {
    const { table, time } = this.#options;
    const status = order.status();
    return {
      configuration: status.configuration,
      order: this.order,
      candidate: (id) => {
        const heard = table.heard(id);
        const isFresh = heard !== undefined && time.monotonicMs() - heard.atMs < 2 * LIMITS.peerTimeoutMs;
        if (!isFresh || table.wasRemoved(heard.origin)) return undefined;
        return { origin: heard.origin, order: heard.hello.order };
      },
      isActive: (member) =>
        member === this.#self || status.progress.some((peer) => peer.member === member && peer.active),
    };
  }

  /** False if this replica closes meanwhile, or if storage failed: then the process is about to end. */
  async #store(next: StoredMembership): Promise<boolean> {
    if (this.#isClosed) return false;
    this.#stored = next;
    try {
      await this.#options.storage.commit([membershipWrite(next)]);
      return !this.#isClosed;
    } catch (error) {
      if (!this.#isClosed) this.#options.onFatal(error);
      return false;
    }
  }
}

export function removedError(id: ReplicaId, incarnation: Origin): CausewayError {
  return new CausewayError('replica-removed', `${incarnation} is no member of the cluster any more: ${id} was removed`);
}

function sameOrigins(a: readonly Origin[], b: readonly Origin[]): boolean {
  return a.length === b.length && a.every((origin, i) => origin === b[i]);
}

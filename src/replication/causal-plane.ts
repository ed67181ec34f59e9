/**
 * The causal plane of one replica, sans-IO: it numbers local writes, delivers those of peers in causal order, and
 * decides what is persisted, published, fetched and forgotten, and when. Bodies are opaque to it; storage, transport and
 * time are the driver's.
 *
 * Duties of the driver: issue at most `LIMITS.turnMaxGroups` groups between two batches, each from what storage shows at
 * that moment; persist each batch in one transaction; call `persisted` only when it is durable, and `nextBatch` again
 * after that; take the outbox after every call, and read what it serves before storage changes. Only what is durable is
 * ever said to anybody.
 */
import { assert } from '../base/assert.js';
import { type Origin, type ReplicaId, replicaOf } from '../base/ids.js';
import type { Dot } from '../clocks/dot.js';
import type { Hlc } from '../clocks/hybrid-logical-clock.js';
import type { VersionVector } from '../clocks/version-vector.js';
import { CatchUp } from './catch-up.js';
import { Delivery } from './delivery.js';
import { DigestSchedule } from './digest-schedule.js';
import { Intake } from './intake.js';
import { Joining } from './joining.js';
import type { PlaneMessage } from './messages.js';
import { Outbox, type SelfPortrait } from './outbox.js';
import { PeerTable } from './peer-table.js';
import { type PlaneCounter, type PlaneCounters, zeroCounters } from './plane-counters.js';
import type {
  Agreement,
  Now,
  Peer,
  PeerStatus,
  PersistBatch,
  PlaneOptions,
  PlaneOutbox,
  PlaneRecovered,
} from './plane-types.js';
import { Announcement, ReportDuty } from './publication.js';
import { Reception } from './reception.js';
import { Retention, type Trim } from './retention.js';
import { Serving } from './serving.js';
import { Stability } from './stability.js';
import { sealGroup, type WriteGroup } from './write-group.js';

export type { PlaneCounter, PlaneCounters } from './plane-counters.js';
export type {
  Agreement,
  InstallStep,
  Now,
  Peer,
  PersistBatch,
  PlaneRecovered,
} from './plane-types.js';

export class CausalPlane {
  /** A group has to wait for its causes: the eventual view may show it. */
  onBuffered?: (group: WriteGroup) => void;
  /** A group that had to wait is durable in the causal view now, or was dropped. */
  onUnbuffered?: (group: WriteGroup) => void;

  readonly #self: Origin;
  readonly #replica: ReplicaId;
  readonly #delivery: Delivery;
  readonly #peers: PeerTable;
  readonly #intake: Intake;
  readonly #catchUp: CatchUp;
  readonly #joining: Joining;
  readonly #stability: Stability;
  readonly #retention: Retention;
  readonly #announcement = new Announcement();
  readonly #reports = new ReportDuty();
  readonly #digests: DigestSchedule;
  readonly #outbox = new Outbox();
  readonly #reception: Reception;
  readonly #counters: Record<PlaneCounter, number> = zeroCounters();
  #trim: Trim | undefined;
  #outstanding: PersistBatch | undefined;
  #durable: VersionVector;
  #nowMs = 0;

  constructor(options: PlaneOptions, recovered: PlaneRecovered) {
    const { self, members, agreement, random, ordered = false } = options;
    const replica = replicaOf(self);
    assert(replica !== undefined && members.includes(replica), 'not a member of its cluster', { self, members });
    this.#self = self;
    this.#replica = replica;
    this.#durable = recovered.vector;
    this.#delivery = new Delivery(self, recovered.vector, {
      buffered: (group) => this.onBuffered?.(group),
      unbuffered: (group) => this.onUnbuffered?.(group),
    });
    this.#peers = new PeerTable(self, members, agreement);
    this.#intake = new Intake(self, this.#delivery.buffer, this.#peers, this.#counters, recovered.hlc);
    this.#catchUp = new CatchUp(this.#delivery, this.#peers, this.#counters, random, ordered);
    this.#joining = new Joining(self, recovered.vector.get(self) > 0 || this.#peers.all().length === 0);
    this.#stability = new Stability(replica);
    this.#retention = new Retention(recovered.floor, recovered.forgotten, ordered);
    this.#digests = new DigestSchedule(random);
    this.#reception = this.#openReception();
    if (recovered.installing) this.#catchUp.resume({ target: recovered.installTarget });
  }

  /** Everything delivered, the outstanding batch and issued groups included. */
  get applied(): VersionVector {
    return this.#delivery.applied;
  }

  /** What may be shown, gossiped and acknowledged. */
  get durable(): VersionVector {
    return this.#durable;
  }

  get floor(): VersionVector {
    return this.#retention.floor;
  }

  get forgotten(): VersionVector {
    return this.#retention.forgotten;
  }

  get stable(): VersionVector {
    return this.#stability.stable;
  }

  get hlc(): Hlc {
    return this.#intake.hlc;
  }

  /** Storage is a mixture of two states until a snapshot is complete. */
  get installing(): boolean {
    return this.#catchUp.installing;
  }

  /**
   * False while this is a new incarnation that does not yet have what some other member had when it was first heard. A
   * write made before that may compete with tombstones the others have forgotten; see `Joining`.
   */
  get joined(): boolean {
    return this.#joining.joined;
  }

  /** A new incarnation that has heard what it lacks: its writes had better wait. One that hears nobody need not. */
  get joining(): boolean {
    return this.#joining.isUnderWay;
  }

  /** Groups that had to wait for their causes and are not durable yet. */
  get buffered(): number {
    return this.#delivery.buffer.announced.size;
  }

  /** The groups counted by `buffered`, in order of arrival. */
  bufferedGroups(): Iterable<WriteGroup> {
    return this.#delivery.buffer.announced;
  }

  get counters(): PlaneCounters {
    return this.#counters;
  }

  /**
   * Set when a peer has groups of our own origin that we do not know: the data directory is an old copy, and the next
   * counters are taken already. Holds the peer's counter. The plane says, persists and serves nothing from then on.
   */
  get restored(): number | undefined {
    return this.#intake.restored;
  }

  /** Members, this one included, that are known to have `dot` delivered and durable. */
  durableAt(dot: Dot): readonly ReplicaId[] {
    const others = this.#peers.holders(dot);
    return this.#durable.covers(dot) ? [this.#replica, ...others].sort() : others;
  }

  /**
   * Other members from now on. The agreement is durable: a replica that has told others whom it counts in may not go
   * back to counting without them.
   */
  setMembers(agreement: Agreement, now: Now): void {
    this.#observe(now);
    for (const replica of this.#peers.agree(agreement, now.monotonicMs)) {
      this.#catchUp.forget(replica);
      this.#joining.forget(replica);
    }
    this.#reached();
    this.#outbox.digest(true);
  }

  peers(now: Now): readonly PeerStatus[] {
    return this.#peers.statuses(this.#durable, now.monotonicMs);
  }

  /**
   * Number and stamp a local write that has `deps` in its past. Everything forgotten here goes into its past as well:
   * it may overwrite a tombstone that only others still hold, and they must see it superseded. While a snapshot is
   * being installed storage is ahead of `applied` in places, and so may `deps` be.
   */
  issue(deps: VersionVector, body: Uint8Array, wantReport: boolean, now: Now): WriteGroup {
    const { applied } = this;
    assert(this.#outstanding === undefined, 'issued while a batch is outstanding', { applied });
    const past = deps.join(this.#retention.forgotten);
    assert(this.installing || applied.includes(past), 'a write depends on what is not here', { past, applied });
    this.#observe(now);
    const dot = { origin: this.#self, counter: applied.get(this.#self) + 1 };
    const group = sealGroup(dot, this.#intake.stamp(now.wallMs), past, body);
    this.#delivery.issued(group);
    if (wantReport) this.#announcement.awaitReport(dot.counter);
    return group;
  }

  /** False while groups of the log would only fill the buffer: their first waits for another origin. */
  get takesLog(): boolean {
    return this.restored === undefined && this.#intake.takesLog;
  }

  /**
   * Groups of the log that our own state machine made, in counter order; returns how many were taken before there was
   * no room. `through` is the index up to which it has made, and the driver offered, all that it ever will: what is
   * absent below it only peers can give, and what is above it is waited for.
   */
  offerLog(groups: readonly WriteGroup[], through: number, now: Now): number {
    this.#observe(now);
    this.#catchUp.logThrough(through, now.monotonicMs);
    return this.restored === undefined ? this.#intake.absorbLog(groups, now.wallMs) : 0;
  }

  /** The members have agreed, in the total order, that `stable` may be forgotten; all of it is delivered here. */
  agree(stable: VersionVector): void {
    assert(this.#durable.includes(stable), 'forgets what is not here', { stable, durable: this.#durable });
    this.#retention.agree(stable);
  }

  /** A message of a peer. Whatever it says, it is used or refused, and counted; it never stops the replica. */
  receive(from: Peer, message: PlaneMessage, now: Now): void {
    this.#observe(now);
    if (this.restored !== undefined) return;
    this.#reception.receive(from, message, now);
  }

  /** To be called every `LIMITS.tickMs`. */
  tick(now: Now): void {
    this.#observe(now);
    if (this.restored !== undefined) return;
    if (this.#digests.isDue(now.monotonicMs)) this.#outbox.digest(false);
    if (this.#reports.isDue(this.#durable)) this.#outbox.report();
    this.#outbox.send(...this.#catchUp.tick(now.monotonicMs));
    const holding = this.#delivery.holding(this.#durable);
    const stable = this.#stability.advance(this.#durable, holding, this.#peers, now.monotonicMs);
    if (!this.installing) this.#trim ??= this.#retention.plan(stable, this.#durable, now.monotonicMs);
  }

  /** The transport is back: say at once what is here, ask what is there, and ask again for what was lost. */
  connected(now: Now): void {
    this.#observe(now);
    this.#digests.sent(now.monotonicMs);
    this.#outbox.digest(true);
    this.#outbox.send(...this.#catchUp.reconnected(now.monotonicMs));
  }

  /** Somebody waits for what peers have: ask all of them, at most every `LIMITS.digestRequestIntervalMs`. */
  requestDigests(now: Now): void {
    this.#observe(now);
    this.publish();
    if (!this.#digests.mayRequest(now.monotonicMs)) return;
    this.#digests.sent(now.monotonicMs);
    this.#outbox.digest(true);
  }

  /** What is to be made durable next; undefined if there is nothing, or a batch is outstanding. */
  nextBatch(): PersistBatch | undefined {
    if (this.#outstanding !== undefined || this.restored !== undefined) return undefined;
    const install = this.#catchUp.step();
    const trim = install === undefined ? this.#trim : this.#retention.trimOf(install);
    const deliveries = this.#delivery.next(this.installing);
    if (deliveries.length === 0 && install === undefined && trim === undefined) return undefined;
    if (install?.last === true) this.#delivery.raise(install.page.vector);
    this.#trim = undefined;
    this.#outstanding = { deliveries, install, trim, vector: this.applied, hlc: this.hlc };
    return this.#outstanding;
  }

  /** The outstanding batch is durable. */
  persisted(now: Now): void {
    const batch = this.#outstanding;
    assert(batch !== undefined, 'persisted without a batch', { durable: this.#durable });
    assert(batch.vector.includes(this.#durable), 'durable runs back', { from: this.#durable, to: batch.vector });
    this.#observe(now);
    this.#outstanding = undefined;
    this.#durable = batch.vector;
    this.#reached();
    this.#counters.delivered += batch.deliveries.length;
    if (batch.trim !== undefined) this.#retention.commit(batch.trim);
    this.#announcement.hold(batch.deliveries.filter((group) => group.dot.origin === this.#self));
    if (this.#reports.isDue(this.#durable)) this.#outbox.report();
    this.#delivery.buffer.durable(batch.deliveries);
    if (batch.install === undefined) return;
    this.#outbox.send(...this.#catchUp.stepPersisted(batch.install, now.monotonicMs));
    if (batch.install.last) this.#outbox.digest(false);
  }

  /** There is something for the next batch, or own groups are held to be announced together. */
  get hasMore(): boolean {
    const hasBatch = this.#trim !== undefined || (this.#delivery.hasNext && !this.installing);
    return hasBatch || !this.#announcement.isEmpty;
  }

  /** Somebody may hear of what is durable here in another way than from this plane: it is announced before. */
  publish(): void {
    this.#announcement.hasten();
  }

  /** Messages and storage reads that may leave now. Leaves nothing but own groups that are gathered for a moment. */
  takeOutbox(): PlaneOutbox {
    if (this.restored !== undefined) {
      this.#outbox.clear();
      return this.#outbox.take(() => this.#portrait());
    }
    // What tells our vector comes after the groups it names, or their absence would be noticed.
    if (this.#outbox.tellsVector) this.#announcement.hasten();
    if (this.#announcement.isDue(this.#nowMs)) this.#announce();
    return this.#outbox.take(() => this.#portrait());
  }

  /** A message of groups tells our vector as well: no report need follow. */
  #announce(): void {
    const messages = this.#announcement.take(this.#durable, this.#nowMs);
    for (const message of messages) this.#outbox.send({ to: 'all', message });
    this.#outbox.reported();
  }

  #openReception(): Reception {
    return new Reception({
      self: this.#self,
      durable: () => this.#durable,
      peers: this.#peers,
      intake: this.#intake,
      catchUp: this.#catchUp,
      joining: this.#joining,
      stability: this.#stability,
      reports: this.#reports,
      hasMore: () => this.#outstanding !== undefined || this.#delivery.hasNext,
      serving: new Serving(this.#replica, this.#outbox, this.#retention),
      outbox: this.#outbox,
      counters: this.#counters,
    });
  }

  #observe(now: Now): void {
    this.#nowMs = now.monotonicMs;
    this.#peers.observe(now.monotonicMs);
  }

  #portrait(): SelfPortrait {
    const { floor, forgotten } = this.#retention;
    const { heard, members } = this.#peers;
    const holding = this.#delivery.holding(this.#durable);
    return { vector: this.#durable, floor, forgotten, holding, heard, members, joined: this.joined };
  }

  #reached(): void {
    this.#joining.reach(this.#durable, this.#peers.replicas);
  }
}

/**
 * Drives the causal plane: gathers what a turn of the event loop brings - local writes, groups of peers - into one
 * storage transaction, and tells the plane when it is durable. Nothing is acknowledged, published or shown before.
 * While one transaction is on its way to disk the next one gathers; there is never more than one.
 */
import { assert } from '../../base/assert.js';
import { type ClusterId, makeOrigin, type Origin, type ReplicaId, replicaOf } from '../../base/ids.js';
import type { Random } from '../../ports/random.js';
import type { Storage, StorageWrite } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import type { Trace } from '../../ports/trace.js';
import { type Agreement, CausalPlane, type Now, type Peer, type PersistBatch } from '../../replication/causal-plane.js';
import type { Outgoing, PlaneMessage } from '../../replication/messages.js';
import type { WriteGroup } from '../../replication/write-group.js';
import { membershipWipe } from '../membership/stored-membership.js';
import type { OrderedMachine } from '../order/ordered-machine.js';
import { RememberedRows } from '../remembered-rows.js';
import { identityWrite, readState, type StoredState, stateAfter, stateWrite } from '../stored-state.js';
import { EventualIndex } from './eventual-index.js';
import { bodyOf } from './group-bodies.js';
import { KeyspaceTurn } from './keyspace-turn.js';
import { LogFeed } from './log-feed.js';
import { operationWrite, trimWrites } from './operation-log.js';
import { type IssueGroup, type PendingWrite, PendingWrites } from './pending-writes.js';
import { PlanePost } from './plane-post.js';
import { installPage, validatePage } from './snapshot-install.js';
import { TombstoneQueue } from './tombstone-queue.js';
import { TurnSchedule } from './turn-schedule.js';

export interface DriverOptions {
  readonly cluster: ClusterId;
  /** The incarnation the data was opened under. */
  readonly origin: Origin;
  /** As configured; `agreement` counts instead as soon as there is one. */
  readonly members: readonly ReplicaId[];
  /** The state machine of the total order, whose writes and groups join these transactions; undefined without consensus. */
  readonly machine?: OrderedMachine | undefined;
  /** Some request waits for what is delivered next; unless this says no, every delivery is stored at once. */
  readonly isAwaited?: () => boolean;
  /** A deletion of the key is delivered, and may be forgotten one day. */
  readonly onDeleted?: (key: string) => void;
  /** Writes that forget the order's own data: this replica is none of its members any more. */
  readonly extraWipe?: () => readonly StorageWrite[];
  readonly agreement?: Agreement | undefined;
  readonly storage: Storage;
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly post: (outgoing: Outgoing) => void;
  /** The durable state has moved: waiting requests may go on. */
  readonly onProgress: () => void;
  /** This replica goes on under a new origin: nobody will report on writes of the old one as before. */
  readonly onReincarnated: () => void;
  /** Storage failed; the process must end. */
  readonly onFatal: (error: unknown) => void;
}

export class CausalDriver {
  readonly #options: DriverOptions;
  readonly #post: PlanePost;
  readonly #tombstones: TombstoneQueue;
  readonly #feed: LogFeed | undefined;
  readonly #pending = new PendingWrites();
  readonly #records = new RememberedRows();
  #self: Origin;
  #agreement: Agreement | undefined;
  #plane: CausalPlane;
  #eventual: EventualIndex;
  #state: StoredState;
  readonly #schedule: TurnSchedule;
  #committing: Promise<void> | undefined;
  #isOutdated = false;
  #closed = false;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#post = new PlanePost({ ...options, isClosed: () => this.#closed });
    this.#tombstones = new TombstoneQueue(options.onDeleted);
    this.#schedule = new TurnSchedule({
      time: options.time,
      isBusy: () => this.#closed || this.#committing !== undefined,
      turn: () => this.#turnOrDie(),
    });
    this.#self = options.origin;
    this.#agreement = options.agreement;
    this.#state = readState(options.storage);
    this.#eventual = new EventualIndex();
    this.#plane = this.#openPlane();
    const { machine, storage } = options;
    if (machine === undefined) return;
    this.#feed = new LogFeed(machine, storage);
    // What the log made is durable in the log: it may wait for the next turn, of which every tick is one, unless somebody
    // waits for it. So a busy log does not wait for its own consequences to be stored.
    machine.onGathered = () => {
      if (machine.isFull || this.#isAwaited) this.#schedule.soon();
    };
  }

  get plane(): CausalPlane {
    return this.#plane;
  }

  /** This replica's incarnation. */
  get self(): Origin {
    return this.#self;
  }

  get eventual(): EventualIndex {
    return this.#eventual;
  }

  get liveKeys(): number {
    return this.#state.liveKeys;
  }

  get pendingWrites(): number {
    return this.#pending.count;
  }

  get pendingBytes(): number {
    return this.#pending.bytes;
  }

  now(): Now {
    return { monotonicMs: this.#options.time.monotonicMs(), wallMs: this.#options.time.wallMs() };
  }

  submit(write: PendingWrite): void {
    this.#pending.add(write);
    this.#schedule.soon();
  }

  /** @throws DecodeError if a group's body or a snapshot's entry is not readable. */
  receive(from: Peer, message: PlaneMessage): void {
    if (message.kind === 'groups' || message.kind === 'fetched') {
      for (const group of message.groups) bodyOf(group);
    }
    if (message.kind === 'snapshot-page') validatePage(message);
    this.#plane.receive(from, message, this.now());
    const isStream = message.kind === 'groups' && !message.wantReport && !this.#isAwaited;
    this.#afterInput(isStream ? 'later' : 'soon');
  }

  tick(): void {
    this.#plane.tick(this.now());
    this.#post.tick();
    this.#post.flush(this.#plane);
    this.#options.onProgress();
    this.#schedule.now();
  }

  /** Other members from now on; the agreement is durable. */
  setMembers(agreement: Agreement): void {
    this.#agreement = agreement;
    this.#plane.setMembers(agreement, this.now());
    this.#afterInput();
  }

  /** A peer has found the data to be an old copy: go on under a new incarnation. */
  outdated(): void {
    this.#isOutdated = true;
    this.#schedule.soon();
  }

  connected(): void {
    this.#plane.connected(this.now());
    this.#afterInput();
  }

  requestDigests(): void {
    this.#plane.requestDigests(this.now());
    this.#afterInput();
  }

  /** Somebody may hear now of what is durable here: peers are to have it first. */
  publish(): void {
    this.#plane.publish();
    this.#post.flush(this.#plane);
  }

  /** Resolves when nothing local is waiting for storage any more. */
  async settle(): Promise<void> {
    while (this.#pending.count > 0 || this.#committing !== undefined) {
      if (this.#committing === undefined) this.#turn();
      await this.#committing;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#schedule.stop();
    await this.#committing;
    this.publish();
    this.#post.closeSnapshots();
  }

  #openPlane(): CausalPlane {
    const { members, random } = this.#options;
    const { vector, floor, forgotten, hlc, installTarget } = this.#state;
    const plane = new CausalPlane(
      {
        self: this.#self,
        members,
        agreement: this.#agreement,
        random: () => random.float(),
        ordered: this.#options.machine !== undefined,
      },
      { vector, floor, forgotten, hlc, installing: installTarget !== undefined, installTarget },
    );
    plane.onBuffered = (group) => this.#eventual.add(group);
    plane.onUnbuffered = (group) => this.#eventual.remove(group);
    return plane;
  }

  get #isAwaited(): boolean {
    return this.#options.isAwaited?.() !== false;
  }

  #afterInput(urgency: 'soon' | 'later' = 'soon'): void {
    this.#post.flush(this.#plane);
    this.#options.onProgress();
    this.#schedule[urgency]();
  }

  /** What goes wrong while a transaction is gathered - a damaged record, a broken invariant - leaves no state to go on from. */
  #turnOrDie(): void {
    try {
      this.#turn();
    } catch (error) {
      this.#closed = true;
      this.#options.onFatal(error);
    }
  }

  /** Gather one transaction and send it to storage. */
  #turn(): void {
    if (this.#isOutdated || this.#plane.restored !== undefined) {
      this.#reincarnate();
      return;
    }
    this.#schedule.begun();
    const { storage, machine } = this.#options;
    const ordered = this.#feed?.turn(this.#plane, this.now()) ?? [];
    const turn = new KeyspaceTurn(storage, machine?.state, this.#records);
    const issued = new Set<WriteGroup>();
    const writes = this.#issuePending(turn, issued);
    const batch = this.#plane.nextBatch();
    this.#post.flush(this.#plane);
    const gathered = [...ordered, ...this.#gather(batch, issued, turn)];
    if (gathered.length === 0) {
      for (const write of writes) write.committed();
      if (this.#plane.hasMore) this.#schedule.later();
      return;
    }
    this.#committing = storage.commit(gathered).then(
      () => this.#committed(writes, batch !== undefined),
      (error: unknown) => this.#options.onFatal(error),
    );
  }

  #issuePending(turn: KeyspaceTurn, issued: Set<WriteGroup>): PendingWrite[] {
    const taken = this.#pending.take();
    if (taken.length === 0) return taken;
    const now = this.now();
    const issue: IssueGroup = (deps, body, encoded, wantReport) => {
      const group = this.#plane.issue(deps, encoded, wantReport, now);
      issued.add(group);
      turn.deliver(group, body);
      this.#tombstones.note(group, body);
      return group;
    };
    for (const write of taken) write.issue(turn, issue);
    return taken;
  }

  /** All writes of one transaction: operations, records, and the state that describes them. */
  #gather(batch: PersistBatch | undefined, issued: Set<WriteGroup>, turn: KeyspaceTurn): StorageWrite[] {
    const beside = batch === undefined ? [] : this.#applyBatch(batch, issued, turn);
    assert(batch !== undefined || issued.size === 0, 'issued groups have no batch', { issued: issued.size });
    const { writes, liveKeysDelta } = turn.finish();
    if (batch === undefined && writes.length === 0) return [];
    const before = { ...this.#state, liveKeys: this.#state.liveKeys + liveKeysDelta };
    this.#state = batch === undefined ? before : stateAfter(before, batch);
    return [...beside, ...writes, stateWrite(this.#state)];
  }

  /** Applies deliveries, a snapshot page and forgetting to `turn`; returns the writes to other tables. */
  #applyBatch(batch: PersistBatch, issued: Set<WriteGroup>, turn: KeyspaceTurn): StorageWrite[] {
    const beside: StorageWrite[] = [];
    let own = 0;
    for (const group of batch.deliveries) {
      if (!group.isStored) beside.push(operationWrite(group));
      if (issued.has(group)) {
        own += 1;
        continue;
      }
      const body = bodyOf(group);
      turn.deliver(group, body);
      this.#tombstones.note(group, body);
    }
    assert(own === issued.size, 'a batch leaves out issued groups', { own, issued: issued.size });
    if (batch.install !== undefined) beside.push(...installPage(batch.install, turn, this.#options.storage));
    if (batch.trim !== undefined) beside.push(...trimWrites(this.#state.floor, batch.trim.floor));
    const { forgotten } = stateAfter(this.#state, batch);
    for (const key of this.#tombstones.take(forgotten)) turn.forgetIfStable(key, forgotten);
    return beside;
  }

  #committed(writes: readonly PendingWrite[], batched: boolean): void {
    this.#committing = undefined;
    this.#options.machine?.stored();
    if (batched) this.#plane.persisted(this.now());
    for (const write of writes) write.committed();
    this.#post.flush(this.#plane);
    this.#options.onProgress();
    if (this.#pending.count > 0 || (this.#plane.hasMore && this.#isAwaited)) this.#schedule.soon();
    else if (this.#plane.hasMore) this.#schedule.later();
    else this.#schedule.resume();
  }

  /**
   * A peer knows more of us than we do: this data directory is an old copy, and going on under its origin
   * would number new writes with dots that are taken. Go on under a new one; the peers give back what the copy lacks.
   */
  #reincarnate(): void {
    const { cluster, random, trace } = this.#options;
    const replica = replicaOf(this.#self);
    assert(replica !== undefined, 'own origin is a replica origin', { self: this.#self });
    const next = makeOrigin(replica, random.u32());
    trace({
      name: 'plane.reincarnated',
      level: 'warn',
      facts: {
        reason: 'the data directory is an old copy',
        was: this.#self,
        now: next,
        have: this.#plane.durable.get(this.#self),
        peerCounter: this.#plane.restored,
      },
    });
    this.#committing = this.#wipeOrder([identityWrite(cluster, next), membershipWipe()]).then(
      () => {
        this.#committing = undefined;
        this.#isOutdated = false;
        this.#self = next;
        this.#agreement = undefined;
        this.#eventual = new EventualIndex();
        this.#plane = this.#openPlane();
        this.#feed?.restart();
        this.#options.machine?.wiped();
        this.#options.onReincarnated();
        this.connected();
      },
      (error: unknown) => this.#options.onFatal(error),
    );
  }

  /** The old incarnation was a member of the order, with a vote, a log and a state; the new one has none of them. */
  async #wipeOrder(writes: readonly StorageWrite[]): Promise<void> {
    const { storage, machine, extraWipe } = this.#options;
    // First of all the order falls silent: nothing of the old incarnation may come after the wipe.
    const order = extraWipe?.() ?? [];
    const state = (await machine?.wipeWrites()) ?? [];
    await storage.commit([...writes, ...order, ...state]);
  }
}

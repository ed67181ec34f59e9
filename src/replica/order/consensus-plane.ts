/**
 * The consensus plane of a replica: the total order, the state machine it feeds, and what requests at `linearizable` are
 * served by. It puts the parts together and owns no logic of its own.
 */
import { type Origin, type ReplicaId, replicaOf } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { CommitNews, Message } from '../../consensus/messages.js';
import type { RaftStatus } from '../../consensus/raft-types.js';
import { decodeEntry, stampEntry } from '../../keyspace/ordered/entry.js';
import type { Random } from '../../ports/random.js';
import type { Storage, StorageWrite } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import type { Trace } from '../../ports/trace.js';
import type { CausalDriver } from '../causal/causal-driver.js';
import type { Coverage } from '../causal/coverage-waiters.js';
import type { ReplicaStatus } from '../handle.js';
import type { ClusterMembership } from '../membership/cluster-membership.js';
import type { MembershipService } from '../membership/membership-service.js';
import type { Position } from '../membership/runs.js';
import type { OrderedReplica } from '../ordered-handle.js';
import type { Admission } from '../requests/admission.js';
import type { TokenKnowledge } from '../requests/token-check.js';
import type { Sender } from '../wire/envelope.js';
import type { OrderMessage } from '../wire/order-codec.js';
import { AnswerTimes } from './answer-times.js';
import { CoordinationService } from './coordination-service.js';
import { Forgetting } from './forgetting.js';
import { IncarnationOrder } from './incarnation-order.js';
import { LeaseKeeper } from './lease-keeper.js';
import { Linearizable } from './linearizable.js';
import { LockFeed } from './lock-feed.js';
import type { OrderedMachine } from './ordered-machine.js';
import { Proposer } from './proposer.js';
import type { RaftCounters, RaftTuning } from './raft-options.js';

export interface ConsensusPlaneOptions {
  /** Read at each use: the incarnation may change. */
  readonly self: () => Origin;
  readonly storage: Storage;
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly machine: OrderedMachine;
  readonly driver: CausalDriver;
  readonly membership: ClusterMembership;
  readonly admission: Admission;
  readonly coverage: () => Coverage;
  readonly tokens: () => TokenKnowledge;
  /** In place of the limits of the product. */
  readonly tuning?: Partial<RaftTuning> | undefined;
  readonly sendRaft: (messages: readonly Message[]) => void;
  readonly mentionRaft: (news: readonly CommitNews[]) => void;
  readonly sendOrder: (to: ReplicaId | 'all', message: OrderMessage) => void;
  /** The process must end. */
  readonly onFatal: (error: unknown) => void;
}

/** What a replica says of its part in the total order. */
export type OrderStatus = Pick<ReplicaStatus, 'role' | 'term' | 'leader' | 'logIndex' | 'commitIndex' | 'appliedIndex'>;

/** For metrics. */
export interface ConsensusFigures {
  readonly raft: RaftCounters;
  readonly proposals: number;
  readonly waitingLocks: number;
  readonly observedLocks: number;
  readonly watchedLeases: number;
  readonly logEntries: number;
}

export class ConsensusPlane {
  readonly ordered: OrderedReplica;
  readonly #options: ConsensusPlaneOptions;
  readonly #times = new AnswerTimes();
  readonly #order: IncarnationOrder;
  readonly #proposer: Proposer;
  readonly #linearizable: Linearizable;
  readonly #keeper: LeaseKeeper;
  readonly #coordination: CoordinationService;
  readonly #forgetting: Forgetting;
  #inProgress = 0;

  /** @throws CausewayError `data-dir-corrupt` */
  constructor(options: ConsensusPlaneOptions) {
    this.#options = options;
    this.#order = this.#openOrder();
    this.#proposer = this.#openProposer();
    this.#linearizable = this.#openLinearizable();
    const feed = new LockFeed(options.machine);
    this.#keeper = new LeaseKeeper({ ...this.#parts(), feed });
    this.#coordination = this.#openCoordination(feed);
    this.#forgetting = new Forgetting({
      ...this.#parts(),
      applied: options.machine,
      isLeader: () => this.#order.isLeader,
      stable: () => options.driver.plane.stable,
    });
    options.membership.attach(this.#order);
    this.ordered = this.#handle();
  }

  get hasLeader(): boolean {
    return this.#order.hasLeader;
  }

  /** Requests wait for writes of others that are on their way into the causal view. */
  get isAwaitingWrites(): boolean {
    return this.#linearizable.isAwaitingWrites;
  }

  /** Newest index of the order that this replica knows to be committed. */
  get logIndex(): number {
    return Math.max(this.#order.status().commit, this.#options.machine.applied);
  }

  /** How far this replica is, on disk. */
  get position(): Position {
    return this.#order.position;
  }

  get figures(): ConsensusFigures {
    const { firstIndex, lastIndex } = this.#order.status();
    return {
      raft: this.#order.counters,
      proposals: this.#proposer.inFlight,
      waitingLocks: this.#coordination.waiting,
      observedLocks: this.#coordination.observed,
      watchedLeases: this.#keeper.watched,
      logEntries: lastIndex - firstIndex + 1,
    };
  }

  status(): OrderStatus {
    const status = this.#order.status();
    const { term, leader, lastIndex, commit } = status;
    return {
      role: roleOf(status),
      term,
      leader: (leader && replicaOf(leader)) ?? null,
      logIndex: lastIndex,
      commitIndex: commit,
      appliedIndex: this.#options.machine.applied,
    };
  }

  /** Nothing is taken from a member of another order, or before it is durable that this order is ours. */
  receiveRaft(from: Sender, message: Message): void {
    this.#options.membership.admitToOrder(from.origin, () => this.#order.receive(from.origin, message));
  }

  receiveOrder(from: Sender, message: OrderMessage): void {
    this.#linearizable.receive(from, message);
  }

  /** To be called every `LIMITS.tickMs`. */
  tick(): void {
    this.#order.tick();
    this.#forgetting.tick();
  }

  /** Call whenever the durable vector, or what is known of a peer's, may have grown. */
  wake(): void {
    this.#linearizable.wake();
  }

  /** A deletion of the key was delivered. */
  deleted(key: string): void {
    this.#forgetting.deleted(key);
  }

  /** The incarnation ends; the writes belong to the transaction that begins the next one. */
  wipe(): readonly StorageWrite[] {
    return this.#order.wipe();
  }

  reincarnated(): void {
    this.#order.reincarnated(this.#options.self());
  }

  /**
   * No new requests come: those that wait for a lock stop waiting, and somebody else is to lead. Resolves when nothing is in
   * progress any more, or after `timeoutMs`.
   */
  async drain(timeoutMs: number): Promise<void> {
    const { time } = this.#options;
    this.#coordination.drain();
    const startedMs = time.monotonicMs();
    const handsOver = this.#order.resign();
    const isBusy = () => {
      const spentMs = time.monotonicMs() - startedMs;
      const waitsForHeir = handsOver && this.#order.isLeader && spentMs < LIMITS.electionTimeoutMs;
      return spentMs < timeoutMs && (this.#inProgress > 0 || waitsForHeir);
    };
    while (isBusy()) await new Promise<void>((resolve) => time.after(LIMITS.tickMs, resolve));
  }

  async close(): Promise<void> {
    this.#linearizable.close();
    this.#proposer.close();
    this.#keeper.close();
    await this.#order.close();
    this.#options.machine.close();
  }

  #parts() {
    const { time, trace, storage, machine } = this.#options;
    return { time, trace, storage, state: machine, order: this.#order, proposals: this.#proposer };
  }

  #openOrder(): IncarnationOrder {
    const { self, storage, time, random, trace, machine, tuning, sendRaft, mentionRaft, onFatal } = this.#options;
    return new IncarnationOrder(self(), {
      tuning,
      storage,
      time,
      random,
      trace,
      state: machine,
      send: sendRaft,
      mention: mentionRaft,
      answersAfterMs: (member) => this.#times.ofMs(member),
      stamp: (command) => void stampEntry(command, Math.max(0, Math.floor(time.wallMs()))),
      check: decodeEntry,
      onChange: () => {},
      onFatal,
    });
  }

  #openProposer(): Proposer {
    const { time, random, self, machine, driver } = this.#options;
    const hlc = () => driver.plane.hlc;
    return new Proposer({ order: this.#order, applied: machine, time, random, self, hlc });
  }

  #openLinearizable(): Linearizable {
    const { machine, driver, admission, sendOrder } = this.#options;
    return new Linearizable({
      ...this.#options,
      order: this.#order,
      applied: machine,
      proposals: this.#proposer,
      voters: () => this.#order.configuration,
      leader: () => this.#order.leader,
      times: this.#times,
      peers: () => driver.plane.peers(driver.now()),
      admit: () => admission.admit(),
      hurry: () => driver.requestDigests(),
      send: sendOrder,
    });
  }

  #openCoordination(feed: LockFeed): CoordinationService {
    const { admission } = this.#options;
    return new CoordinationService({
      ...this.#parts(),
      feed,
      keeper: this.#keeper,
      coordinate: (command, context, key) => this.#linearizable.coordinate(command, context, key),
      gates: {
        barrier: (context) => this.#linearizable.barrier(context),
        admit: async (context) => {
          admission.admit();
          return context.level === 'causal' ? await admission.covered(context) : 0;
        },
      },
    });
  }

  #handle(): OrderedReplica {
    const requests = this.#linearizable;
    const objects = this.#coordination;
    return {
      read: (key, context) => this.#counted(requests.read(key, context)),
      readMany: (keys, context) => this.#counted(requests.readMany(keys, context)),
      list: (request, context) => this.#counted(requests.list(request, context)),
      write: (request, context) => this.#counted(requests.write(request, context)),
      txn: (request, context) => this.#counted(requests.txn(request, context)),
      coordinate: (request, context) => this.#counted(objects.coordinate(request, context)),
      object: (name, context) => this.#counted(objects.object(name, context)),
      observe: (space, name, listener, signal) => objects.observe(space, name, listener, signal),
      membership: () => this.#membership.membership(),
      changeMembership: (change, context) => this.#membership.changeMembership(change, context),
    };
  }

  get #membership(): MembershipService {
    const { service } = this.#options.membership;
    if (service === undefined) throw new Error('membership is attached when this plane is opened');
    return service;
  }

  async #counted<T>(request: Promise<T>): Promise<T> {
    this.#inProgress += 1;
    try {
      return await request;
    } finally {
      this.#inProgress -= 1;
    }
  }
}

function roleOf({ role, standing }: RaftStatus): OrderStatus['role'] {
  if (role === 'leader') return 'leader';
  if (standing !== 'voter') return 'observer';
  return role === 'follower' ? 'follower' : 'candidate';
}

/** The running replica behind the `Replica` interface: wires drivers, request paths and gossip; owns no logic itself. */
import { CausewayError } from '../base/errors.js';
import type { Origin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { COORDINATION } from '../coordination/coordination.js';
import { bringsState } from '../replication/messages.js';
import { CausalDriver } from './causal/causal-driver.js';
import type { Coverage } from './causal/coverage-waiters.js';
import { DurabilityWaiters } from './causal/durability-waiters.js';
import { KeyspaceAudit } from './causal/keyspace-audit.js';
import type { FaultTable } from './faults/fault-table.js';
import type { MemberView, MetricSample, Readiness, Replica, ReplicaStatus } from './handle.js';
import { LagSamples } from './lag-samples.js';
import { ClusterMembership } from './membership/cluster-membership.js';
import { Greetings } from './membership/greetings.js';
import { IdentityGuard } from './membership/identity-guard.js';
import type { MemberTable } from './membership/member-table.js';
import type { StoredMembership } from './membership/stored-membership.js';
import { Messenger } from './messenger.js';
import { replicaMetrics } from './metrics.js';
import { ConsensusPlane } from './order/consensus-plane.js';
import { OrderedMachine } from './order/ordered-machine.js';
import type { OrderedReplica } from './ordered-handle.js';
import type { ReplicaOptions } from './replica-options.js';
import type {
  ListRequest,
  ListResult,
  MultiReadResult,
  ReadResult,
  RequestContext,
  WeakLevel,
  WriteRequest,
  WriteResult,
} from './request-types.js';
import { Admission } from './requests/admission.js';
import { Reads } from './requests/reads.js';
import type { TokenKnowledge } from './requests/token-check.js';
import { Writes } from './requests/writes.js';
import { memberViews, replicaReadiness, replicaStatus, type StatusParts } from './status.js';
import type { Sender } from './wire/envelope.js';
import type { GossipMessage } from './wire/gossip-codec.js';

export interface LiveReplicaOptions extends ReplicaOptions {
  readonly origin: Origin;
  readonly faults: FaultTable | undefined;
  readonly table: MemberTable;
  readonly membership: StoredMembership;
  readonly onTaken: (error: CausewayError) => void;
}

export class LiveReplica implements Replica {
  readonly id;
  readonly clusterId;
  readonly faults;
  readonly #options: LiveReplicaOptions;
  readonly #startedMs: number;
  readonly #boot: number;
  readonly #machine: OrderedMachine;
  readonly #driver: CausalDriver;
  readonly #messenger: Messenger;
  readonly #members: MemberTable;
  readonly #membership: ClusterMembership;
  readonly #greetings: Greetings;
  readonly #guard: IdentityGuard;
  readonly #admission: Admission;
  readonly #durability: DurabilityWaiters;
  readonly #consensus: ConsensusPlane;
  readonly #audit: KeyspaceAudit;
  readonly #reads: Reads;
  readonly #writes: Writes;
  readonly #lag = new LagSamples();
  #writesInProgress = 0;
  #cancelTick: () => void = () => {};
  #serving = false;
  #closed = false;

  constructor(options: LiveReplicaOptions) {
    this.id = options.id;
    this.clusterId = options.cluster;
    this.faults = options.faults;
    this.#options = options;
    this.#startedMs = options.time.wallMs();
    this.#boot = options.random.u32();
    this.#members = options.table;
    this.#messenger = this.#openMessenger();
    this.#membership = this.#openMembership();
    this.#guard = new IdentityGuard({
      self: () => this.#sender(),
      startedMs: this.#startedMs,
      send: (to, message) => this.#messenger.sendGossip(to, message),
      onTaken: options.onTaken,
    });
    this.#machine = new OrderedMachine({ ...options, coordinator: COORDINATION });
    this.#driver = new CausalDriver({
      ...options,
      machine: this.#machine,
      isAwaited: () => this.#admission.waiting > 0 || this.#consensus.isAwaitingWrites,
      extraWipe: () => this.#consensus.wipe(),
      onDeleted: (key) => this.#consensus.deleted(key),
      members: this.#members.configuredIds,
      agreement: options.membership.agreed,
      post: (outgoing) => this.#messenger.sendPlane(outgoing.to, outgoing.message),
      onProgress: () => this.#progress(),
      onReincarnated: () => this.#reincarnated(),
    });
    this.#audit = new KeyspaceAudit({
      ...options,
      driver: this.#driver,
      send: (to, message) => this.#messenger.sendAudit(to, message),
    });
    this.#admission = this.#openAdmission();
    this.#durability = new DurabilityWaiters(options.time, (dot) => {
      return this.#members.votersAmong(this.#driver.plane.durableAt(dot));
    });
    this.#reads = new Reads(options.storage, options.time, this.#driver, this.#admission);
    this.#writes = new Writes({
      time: options.time,
      driver: this.#driver,
      admission: this.#admission,
      durability: this.#durability,
      applied: this.#machine,
      voters: () => this.#members.voters,
      reachable: () => this.#reachableVoters(),
    });
    this.#consensus = this.#openConsensus();
    this.#greetings = this.#openGreetings();
  }

  get ordered(): OrderedReplica {
    return this.#consensus.ordered;
  }

  /** Join the cluster's traffic, and ask whether the id is taken. */
  start(): void {
    this.#messenger.open();
    this.#options.transport.onStatus((status) => {
      this.#options.trace({ name: 'transport.status', level: 'info', facts: { ...status } });
      if (status.connected) this.#announce();
    });
    this.#guard.probe();
    this.#announce();
    this.#tickOrDie();
  }

  /** Every peer has said something since this process started. */
  get heardAllPeers(): boolean {
    return this.#driver.plane.peers(this.#driver.now()).every((peer) => peer.lastContactMs !== undefined);
  }

  /** The id is ours: take requests. */
  serve(): void {
    this.#guard.established();
    this.#serving = true;
  }

  read(key: string, context: RequestContext): Promise<ReadResult> {
    return this.#reads.read(key, context);
  }

  readNow(key: string, context: RequestContext): ReadResult | undefined {
    return this.#reads.readNow(key, context);
  }

  readMany(keys: readonly string[], context: RequestContext): Promise<MultiReadResult> {
    return this.#reads.readMany(keys, context);
  }

  list(request: ListRequest, context: RequestContext): Promise<ListResult> {
    return this.#reads.list(request, context);
  }

  async write(request: WriteRequest, context: RequestContext): Promise<WriteResult> {
    this.#writesInProgress += 1;
    try {
      return await this.#writes.write(request, context);
    } finally {
      this.#writesInProgress -= 1;
    }
  }

  status(): ReplicaStatus {
    return replicaStatus(this.#statusParts());
  }

  members(): readonly MemberView[] {
    return memberViews(this.#statusParts());
  }

  readiness(level: WeakLevel | 'linearizable'): Readiness {
    if (this.#admission.draining) return { ready: false, reason: 'shutting down' };
    if (!this.#serving) return { ready: false, reason: 'starting' };
    return replicaReadiness(level, this.#statusParts());
  }

  metrics(): readonly MetricSample[] {
    return replicaMetrics({
      driver: this.#driver,
      audit: this.#audit,
      messenger: this.#messenger,
      consensus: this.#consensus,
      waitingRequests: this.#admission.waiting,
      operations: this.#options.storage.count('operations'),
      storageBytes: this.#options.storage.sizeBytes(),
    });
  }

  async drain(): Promise<void> {
    const { time } = this.#options;
    this.#admission.drain();
    const deadlineMs = time.monotonicMs() + LIMITS.drainMaxMs;
    await this.#consensus.drain(LIMITS.drainMaxMs);
    while (this.#writesInProgress > 0 && time.monotonicMs() < deadlineMs) {
      await new Promise<void>((resolve) => time.after(LIMITS.tickMs, resolve));
    }
    await this.#driver.settle();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTick();
    this.#admission.drain();
    this.#membership.close();
    await this.#consensus.close();
    await this.#driver.close();
    this.#messenger.close();
    await this.#options.transport.close();
    await this.#options.storage.close();
  }

  #openMembership(): ClusterMembership {
    return new ClusterMembership({
      ...this.#options,
      self: () => this.#sender(),
      stored: this.#options.membership,
      send: (to, message) => this.#messenger.sendGossip(to, message),
      onAgreed: (agreed) => {
        this.#driver.setMembers(agreed);
        this.#greetings.say();
      },
      onBound: () => this.#greetings.say(),
      onOutdated: () => this.#driver.outdated(),
      onRemoved: () => this.#admission.drain(),
    });
  }

  #reachableVoters(): number {
    const peers = this.#driver.plane.peers(this.#driver.now());
    const reachable = peers.filter((peer) => peer.reachable).map((peer) => peer.replica);
    return this.#members.votersAmong([this.id, ...reachable]);
  }

  #openMessenger(): Messenger {
    return new Messenger({
      ...this.#options,
      self: () => this.#sender(),
      isMember: (sender) => this.#members.isListenedTo(sender.replica, sender.origin),
      onPlane: (from, message) => {
        if (!bringsState(message) || this.#members.mayBring(from.replica, from.origin)) {
          this.#driver.receive(from, message);
        }
      },
      onAudit: (from, message) => this.#audit.receive(from.replica, message),
      onGossip: (from, message) => this.#hear(from, message),
      // Until it is known that the data is no old copy, the vote and the log in it may be out of date.
      onRaft: (from, message) => {
        if (this.#serving) this.#consensus.receiveRaft(from, message);
      },
      onOrder: (from, message) => {
        if (!this.#serving) return;
        // The answer tells what is durable here, and somebody will wait for it.
        this.#driver.publish();
        this.#consensus.receiveOrder(from, message);
      },
    });
  }

  #openConsensus(): ConsensusPlane {
    return new ConsensusPlane({
      ...this.#options,
      self: () => this.#driver.self,
      machine: this.#machine,
      driver: this.#driver,
      membership: this.#membership,
      admission: this.#admission,
      coverage: () => this.#coverage(),
      tokens: () => this.#tokens(),
      sendRaft: (messages) => this.#messenger.sendRaft(messages),
      mentionRaft: (news) => this.#messenger.mentionRaft(news),
      sendOrder: (to, message) => this.#messenger.sendOrder(to, message),
    });
  }

  #openGreetings(): Greetings {
    return new Greetings({
      ...this.#options,
      startedMs: this.#startedMs,
      driver: this.#driver,
      members: this.#members,
      membership: this.#membership,
      position: () => this.#consensus.position,
      send: (hello) => this.#messenger.sendGossip('all', hello),
    });
  }

  #openAdmission(): Admission {
    return new Admission({
      time: this.#options.time,
      coverage: () => this.#coverage(),
      mayWrite: () => !this.#driver.plane.joining,
      tokens: () => this.#tokens(),
      hurry: () => this.#driver.requestDigests(),
    });
  }

  #coverage(): Coverage {
    const { durable, installing } = this.#driver.plane;
    return { durable, usable: !installing };
  }

  #tokens(): TokenKnowledge {
    const { durable, applied } = this.#driver.plane;
    const { self } = this.#driver;
    const members = this.#members.agreed === undefined ? this.#members.ids : undefined;
    return { self, durable, members, issued: applied.get(self), logIndex: this.#consensus.logIndex };
  }

  #sender(): Sender {
    const { cluster, id } = this.#options;
    return { cluster, replica: id, origin: this.#driver.self, boot: this.#boot };
  }

  #hear(from: Sender, message: GossipMessage): void {
    if (from.replica === this.id) this.#guard.meet(from, message);
    else if (message.kind === 'hello') this.#greetings.hear(from, message);
    else this.#membership.receive(from, message);
  }

  #announce(): void {
    this.#greetings.say();
    this.#driver.connected();
  }

  /** What it comes across without being asked - a damaged record, a broken invariant - leaves nothing to go on from. */
  #tickOrDie(): void {
    if (this.#closed) return;
    try {
      this.#tick();
    } catch (error) {
      this.#options.onFatal(error);
    }
  }

  #tick(): void {
    const now = this.#options.time.monotonicMs();
    this.#driver.tick();
    this.#audit.tick();
    if (this.#serving) {
      this.#membership.tick();
      this.#consensus.tick();
    }
    this.#lag.note(this.#driver.plane.durable, now);
    this.#greetings.tick();
    this.#cancelTick = this.#options.time.after(LIMITS.tickMs, () => this.#tickOrDie());
  }

  #progress(): void {
    this.#admission.wake();
    this.#durability.wake();
    this.#consensus.wake();
  }

  #reincarnated(): void {
    this.#membership.reincarnated();
    this.#consensus.reincarnated();
    const detail = 'this replica found its data directory to be an old copy and took a new incarnation';
    this.#durability.failAll(new CausewayError('outcome-unknown', detail));
    this.#greetings.say();
  }

  #statusParts(): StatusParts {
    return {
      options: this.#options,
      startedMs: this.#startedMs,
      driver: this.#driver,
      members: this.#members,
      lag: this.#lag,
      consensus: this.#consensus,
    };
  }
}

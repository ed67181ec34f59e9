/**
 * Replicas with the request paths of all levels, over a virtual clock, a memory network and disks, and a total order that
 * the test owns. They are put together from the production parts; groups of the log come into the causal plane as if a
 * further member, which has no other part in anything, had sent them.
 */

import { type MemoryStorage, openMemoryStorage } from '../../src/adapters/memory-storage.js';
import { createMemoryTime, type MemoryTime } from '../../src/adapters/memory-time.js';
import { createMemoryNetwork, type MemoryNetwork } from '../../src/adapters/memory-transport.js';
import {
  LOG_ORIGIN,
  makeOrigin,
  type Origin,
  parseClusterId,
  parseReplicaId,
  type ReplicaId,
} from '../../src/base/ids.js';
import { LIMITS } from '../../src/base/limits.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { type Configuration, makeConfiguration } from '../../src/consensus/configuration.js';
import { encodeBody } from '../../src/keyspace/group-body.js';
import type { Applied } from '../../src/keyspace/ordered/apply.js';
import type { Entry } from '../../src/keyspace/ordered/entry.js';
import { CausalDriver } from '../../src/replica/causal/causal-driver.js';
import { DurabilityWaiters } from '../../src/replica/causal/durability-waiters.js';
import { votersOf } from '../../src/replica/membership/voters.js';
import { Messenger } from '../../src/replica/messenger.js';
import { AnswerTimes } from '../../src/replica/order/answer-times.js';
import { Linearizable } from '../../src/replica/order/linearizable.js';
import { Proposer } from '../../src/replica/order/proposer.js';
import { Admission } from '../../src/replica/requests/admission.js';
import { Reads } from '../../src/replica/requests/reads.js';
import { Writes } from '../../src/replica/requests/writes.js';
import { partsOf } from '../../src/replica/wire/bundle.js';
import { decodeEnvelope } from '../../src/replica/wire/envelope.js';
import { isOrderKind } from '../../src/replica/wire/order-codec.js';
import { sealGroup } from '../../src/replication/write-group.js';
import { type SeededRandom, seededRandom } from './seeded-random.js';
import { type OrderMember, SharedOrder } from './shared-order.js';
import { during, pass } from './virtual-time.js';

const CLUSTER = parseClusterId('sim');
const FEED = parseReplicaId('feed');
const FEED_ORIGIN = makeOrigin(FEED, 1);
const { EMPTY } = VersionVector;

export class OrderedCluster {
  readonly time: MemoryTime = createMemoryTime();
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly order: SharedOrder;
  readonly nodes: readonly OrderedNode[];
  readonly configuration: Configuration;
  /** Directed links that carry nothing, as `r1>r2`. */
  readonly cutLinks = new Set<string>();
  /** Directed links that carry what linearizable requests say by itself, and nothing of the causal plane. */
  readonly silentLinks = new Set<string>();
  /** Messages sent, by nothing but their number. */
  sent = 0;

  constructor(seed: number, size = 3) {
    this.random = seededRandom(seed);
    this.order = new SharedOrder(this.time, this.random);
    this.network = createMemoryNetwork({
      time: this.time,
      random: this.random,
      deliver: (from, to, bytes) => {
        this.sent += 1;
        const link = `${from}>${to}`;
        const isCut = this.cutLinks.has(link) || (this.silentLinks.has(link) && !isOfOrder(bytes));
        return isCut ? [] : [this.random.float() * 2];
      },
    });
    const ids = Array.from({ length: size }, (_, i) => parseReplicaId(`r${i + 1}`));
    const voters = ids.map((id) => makeOrigin(id, 7));
    this.configuration = makeConfiguration({ voters, learners: [] });
    this.nodes = ids.map((id) => new OrderedNode(this, id, ids));
    this.order.onArrival = (entry) => this.#checkUniform(entry);
  }

  node(index: number): OrderedNode {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }

  /** Cut a replica off from the network and from the order. */
  isolate(index: number): void {
    const { id, member } = this.node(index);
    member.isCut = true;
    for (const other of this.nodes) {
      this.cutLinks.add(`${id}>${other.id}`);
      this.cutLinks.add(`${other.id}>${id}`);
    }
  }

  heal(): void {
    this.cutLinks.clear();
    this.silentLinks.clear();
    for (const { member } of this.nodes) {
      member.isCut = false;
      member.isLagging = false;
      member.deluded = undefined;
      member.catchUp();
    }
  }

  run(ms: number): Promise<void> {
    return pass(this.time, ms);
  }

  during<T>(promise: Promise<T>): Promise<T> {
    return during(this.time, promise);
  }

  /** Entries that came to the leader without their dependencies on a majority of disks. */
  readonly notUniform: Entry[] = [];

  #checkUniform(entry: Entry): void {
    const need = EMPTY.join(VersionVector.of(entry.deps.entries().filter(([origin]) => origin !== LOG_ORIGIN)));
    const holders = this.nodes.filter((node) => node.driver.plane.durable.includes(need));
    if (holders.length <= this.nodes.length / 2) this.notUniform.push(entry);
  }
}

export class OrderedNode {
  readonly id: ReplicaId;
  readonly origin: Origin;
  readonly storage: MemoryStorage;
  readonly member: OrderMember;
  readonly driver: CausalDriver;
  readonly reads: Reads;
  readonly writes: Writes;
  readonly ordered: Linearizable;
  readonly #cluster: OrderedCluster;
  readonly #members: readonly ReplicaId[];
  readonly #messenger: Messenger;
  readonly #admission: Admission;
  readonly #durability: DurabilityWaiters;

  constructor(cluster: OrderedCluster, id: ReplicaId, members: readonly ReplicaId[]) {
    const { time, random, order } = cluster;
    this.#cluster = cluster;
    this.#members = members;
    this.id = id;
    this.origin = makeOrigin(id, 7);
    this.storage = openMemoryStorage({ flush: (done) => void time.after(0.1 + random.float(), () => done()) });
    this.member = order.join();
    this.#messenger = this.#openMessenger();
    this.driver = this.#openDriver();
    this.#admission = this.#openAdmission();
    this.#durability = new DurabilityWaiters(time, (dot) => this.driver.plane.durableAt(dot).length);
    this.reads = new Reads(this.storage, time, this.driver, this.#admission);
    this.writes = this.#openWrites();
    this.ordered = this.#openOrdered();
    this.member.onApplied((applied) => this.#feed(applied));
    this.#messenger.open();
    time.soon(() => this.#tick());
  }

  #openMessenger(): Messenger {
    const { network, time, random } = this.#cluster;
    const { id, origin } = this;
    return new Messenger({
      self: () => ({ cluster: CLUSTER, replica: id, origin, boot: 1 }),
      isMember: ({ replica }) => this.#members.includes(replica),
      transport: network.connect(id),
      time,
      random,
      trace: () => {},
      onPlane: (from, message) => this.driver.receive(from, message),
      onAudit: () => {},
      onGossip: () => {},
      onOrder: (from, message) => this.ordered.receive(from, message),
    });
  }

  #openDriver(): CausalDriver {
    const { time, random } = this.#cluster;
    return new CausalDriver({
      cluster: CLUSTER,
      origin: this.origin,
      members: [...this.#members, FEED],
      storage: this.storage,
      time,
      random,
      trace: () => {},
      post: ({ to, message }) => this.#messenger.sendPlane(to, message),
      onProgress: () => {
        this.#admission.wake();
        this.#durability.wake();
        this.ordered.wake();
      },
      onReincarnated: () => {},
      onFatal: (error) => {
        throw error;
      },
    });
  }

  #coverage() {
    const { durable, installing } = this.driver.plane;
    return { durable, usable: !installing };
  }

  #tokens() {
    const { durable, applied } = this.driver.plane;
    return { self: this.origin, durable, members: this.#members, issued: applied.get(this.origin) };
  }

  #openAdmission(): Admission {
    return new Admission({
      time: this.#cluster.time,
      coverage: () => this.#coverage(),
      mayWrite: () => true,
      tokens: () => this.#tokens(),
      hurry: () => this.driver.requestDigests(),
    });
  }

  #openWrites(): Writes {
    return new Writes({
      time: this.#cluster.time,
      driver: this.driver,
      admission: this.#admission,
      durability: this.#durability,
      voters: () => votersOf(undefined, this.#members),
      reachable: () => this.#members.length,
      applied: this.member,
    });
  }

  #openOrdered(): Linearizable {
    const { time, random, configuration } = this.#cluster;
    const { member, storage, origin, driver } = this;
    const self = () => origin;
    const hlc = () => driver.plane.hlc;
    return new Linearizable({
      order: member,
      applied: member,
      proposals: new Proposer({ order: member, applied: member, time, random, self, hlc }),
      storage,
      time,
      random,
      self,
      voters: () => configuration,
      leader: () => undefined,
      times: new AnswerTimes(),
      coverage: () => this.#coverage(),
      peers: () => driver.plane.peers(driver.now()),
      tokens: () => this.#tokens(),
      admit: () => this.#admission.admit(),
      hurry: () => driver.requestDigests(),
      send: (to, message) => this.#messenger.sendOrder(to, message),
    });
  }

  #tick(): void {
    this.driver.tick();
    this.#cluster.time.after(LIMITS.tickMs, () => this.#tick());
  }

  #feed({ group: { dot, hlc, deps, body } }: Applied): void {
    const groups = [sealGroup(dot, hlc, deps, encodeBody(body))];
    const from = { replica: FEED, origin: FEED_ORIGIN };
    this.driver.receive(from, { kind: 'groups', vector: EMPTY, wantReport: false, groups });
  }
}

function isOfOrder(bytes: Uint8Array): boolean {
  const result = decodeEnvelope(CLUSTER, bytes);
  return result.kind === 'envelope' && partsOf(result.envelope).every(({ kind }) => isOrderKind(kind));
}

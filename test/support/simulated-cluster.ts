/** Production replicas over a virtual clock, a memory network and memory disks; only the ports are simulated. */

import { MemoryDisk, type MemoryStorage, openMemoryStorage } from '../../src/adapters/memory-storage.js';
import { createMemoryTime, type MemoryTime } from '../../src/adapters/memory-time.js';
import { createMemoryNetwork, type MemoryNetwork } from '../../src/adapters/memory-transport.js';
import { parseClusterId, parseReplicaId, type ReplicaId } from '../../src/base/ids.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { TABLES, type Table } from '../../src/ports/storage.js';
import type { TraceEvent } from '../../src/ports/trace.js';
import type { Transport } from '../../src/ports/transport.js';
import type { Replica } from '../../src/replica/handle.js';
import { openReplica } from '../../src/replica/open-replica.js';
import type { RequestContext, WeakLevel } from '../../src/replica/request-types.js';
import { type SeededRandom, seededRandom } from './seeded-random.js';
import { during, lifeTime, pass } from './virtual-time.js';

export interface Node {
  readonly id: ReplicaId;
  disk: MemoryDisk;
  storage: MemoryStorage | undefined;
  replica: Replica | undefined;
  process: Process | undefined;
}

/** A run of a replica. Once dead it does nothing any more, whatever its timers and messages were about to cause. */
interface Process {
  isAlive: boolean;
  readonly transport: Transport;
}

export interface ClusterOptions {
  readonly seed: number;
  readonly replicas?: number;
  /** Milliseconds one disk flush takes, drawn for each. */
  readonly flushMs?: (random: SeededRandom) => number;
}

export class SimulatedCluster {
  readonly time: MemoryTime = createMemoryTime();
  readonly random: SeededRandom;
  readonly network: MemoryNetwork;
  readonly nodes: readonly Node[];
  readonly traces: (TraceEvent & { readonly replica: ReplicaId })[] = [];
  /** Processes that ended themselves. */
  readonly fatal: { readonly node: Node; readonly error: unknown }[] = [];
  /** Told of every group that reaches a disk, in its encoded form. */
  onOperation: ((node: Node, group: Uint8Array) => void) | undefined;
  readonly #watched = new WeakSet<MemoryDisk>();
  readonly #flushMs: (random: SeededRandom) => number;

  constructor(options: ClusterOptions) {
    this.random = seededRandom(options.seed);
    this.#flushMs = options.flushMs ?? ((random) => 0.1 + random.float() * 2);
    this.network = createMemoryNetwork({ time: this.time, random: this.random });
    this.nodes = Array.from({ length: options.replicas ?? 3 }, (_, i) => newNode(parseReplicaId(`r${i + 1}`)));
  }

  /** Open every replica, and wait until all belong to one order that has a leader. */
  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => this.open(node)));
    for (let ms = 0; !this.#isFounded(); ms += 20) {
      if (ms > 10_000) throw new Error(`no order was founded: ${JSON.stringify(this.statuses())}`);
      await this.run(20);
    }
  }

  /** Open one replica over its disk; virtual time runs while it starts. */
  open(node: Node): Promise<Replica> {
    return this.during(this.launch(node));
  }

  /** Open one replica over its disk; it is up when enough virtual time has passed. */
  async launch(node: Node): Promise<Replica> {
    node.storage = openMemoryStorage({
      disk: node.disk,
      flush: (done) => void this.time.after(this.#flushMs(this.random), () => done()),
    });
    this.#watch(node);
    const process: Process = { isAlive: true, transport: this.network.connect(node.id) };
    node.process = process;
    const replica = await openReplica({
      id: node.id,
      cluster: parseClusterId('sim'),
      url: `http://${node.id}`,
      members: this.nodes.map(({ id }) => ({ id, url: `http://${id}` })),
      storage: node.storage,
      transport: process.transport,
      time: lifeTime(this.time, () => process.isAlive),
      random: this.random,
      trace: (event) => this.traces.push({ ...event, replica: node.id }),
      enableFaults: true,
      onFatal: (error) => {
        this.fatal.push({ node, error });
        void this.crash(node);
      },
    });
    node.replica = replica;
    return replica;
  }

  /**
   * The process dies at this moment: of the commits that were not durable a random number is on the disk after all, the
   * others are lost. Requests that were under way never end.
   */
  async crash(node: Node): Promise<void> {
    const { storage, process } = node;
    node.replica = undefined;
    node.storage = undefined;
    node.process = undefined;
    if (process !== undefined) process.isAlive = false;
    await process?.transport.close();
    storage?.crash(this.random.int((storage.pendingCommits ?? 0) + 1));
  }

  /** The process ends in order. */
  async close(node: Node): Promise<void> {
    await this.during(node.replica?.close() ?? Promise.resolve());
    node.replica = undefined;
    node.storage = undefined;
    node.process = undefined;
  }

  node(index: number): Node {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }

  replica(index: number): Replica {
    const replica = this.nodes[index]?.replica;
    if (replica === undefined) throw new Error(`replica ${index} is down`);
    return replica;
  }

  /** Let `ms` of virtual time pass, with the promises that resolve on the way. */
  run(ms: number): Promise<void> {
    return pass(this.time, ms);
  }

  /** Let virtual time pass until `promise` settles. */
  during<T>(promise: Promise<T>): Promise<T> {
    return during(this.time, promise);
  }

  /** Heal all faults and wait until all replicas have the same vector, empty buffers and equal stable cuts. */
  async converge(withinMs: number): Promise<void> {
    for (const node of this.nodes) node.replica?.faults?.clear();
    const deadlineMs = this.time.monotonicMs() + withinMs;
    while (!this.#converged()) {
      if (this.time.monotonicMs() > deadlineMs) throw new Error(`not converged: ${JSON.stringify(this.statuses())}`);
      await this.run(50);
    }
  }

  statuses(): unknown[] {
    return this.nodes.map((node) => node.replica?.status());
  }

  /** The keyspace of a node, or another table, as one text, for comparing replicas byte by byte. */
  contents(node: Node, table: Table = 'keyspace'): string {
    const lines: string[] = [];
    for (const { key, value } of node.storage?.range(table, {}) ?? []) {
      lines.push(`${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`);
    }
    return lines.join('\n');
  }

  async stop(): Promise<void> {
    await this.during(Promise.all(this.nodes.map((node) => node.replica?.close())));
  }

  #isFounded(): boolean {
    return this.nodes.every(({ replica }) => {
      const { appliedIndex = 0, leader = null } = replica?.status() ?? {};
      return appliedIndex > 0 && leader !== null && replica?.ordered?.membership().changing === false;
    });
  }

  #watch(node: Node): void {
    if (this.#watched.has(node.disk)) return;
    this.#watched.add(node.disk);
    const { operations } = node.disk.tables;
    const put = operations.put.bind(operations);
    operations.put = (key, value) => {
      this.onOperation?.(node, value);
      put(key, value);
    };
  }

  #converged(): boolean {
    const statuses = this.nodes.map((node) => node.replica?.status());
    const first = statuses[0];
    return statuses.every(
      (status) =>
        status !== undefined &&
        first !== undefined &&
        status.vector.equals(first.vector) &&
        status.stable.equals(status.vector) &&
        status.buffered === 0 &&
        !status.catchingUp,
    );
  }
}

/** A node without a process yet; one with the id of another is a second process under that id. */
export function newNode(id: ReplicaId): Node {
  return { id, disk: new MemoryDisk(), storage: undefined, replica: undefined, process: undefined };
}

/** What a backup of the data directory would hold. */
export function copyOf(disk: MemoryDisk): MemoryDisk {
  const copy = new MemoryDisk();
  for (const table of TABLES) {
    for (const { key, value } of disk.tables[table].range({})) copy.tables[table].put(key, value);
  }
  return copy;
}

export function context(level: WeakLevel, token = VersionVector.EMPTY, timeoutMs = 5_000): RequestContext {
  return { level, timeoutMs, token };
}

/** Production replicas over a virtual clock, a memory network and memory disks; only the ports are simulated. */

import { MemoryDisk, type MemoryStorage, openMemoryStorage } from '../../src/adapters/memory-storage.js';
import { createMemoryTime, type MemoryTime } from '../../src/adapters/memory-time.js';
import { createMemoryNetwork, type MemoryNetwork } from '../../src/adapters/memory-transport.js';
import { parseClusterId, parseReplicaId, type ReplicaId } from '../../src/base/ids.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { TraceEvent } from '../../src/ports/trace.js';
import type { Replica, RequestContext, WeakLevel } from '../../src/replica/handle.js';
import { openReplica } from '../../src/replica/open-replica.js';
import { type SeededRandom, seededRandom } from './seeded-random.js';

export interface Node {
  readonly id: ReplicaId;
  disk: MemoryDisk;
  storage: MemoryStorage | undefined;
  replica: Replica | undefined;
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
  readonly fatal: { readonly replica: ReplicaId; readonly error: unknown }[] = [];
  readonly #flushMs: (random: SeededRandom) => number;

  constructor(options: ClusterOptions) {
    this.random = seededRandom(options.seed);
    this.#flushMs = options.flushMs ?? ((random) => 0.1 + random.float() * 2);
    this.network = createMemoryNetwork({ time: this.time, random: this.random });
    this.nodes = Array.from({ length: options.replicas ?? 3 }, (_, i) => ({
      id: parseReplicaId(`r${i + 1}`),
      disk: new MemoryDisk(),
      storage: undefined,
      replica: undefined,
    }));
  }

  /** Open every replica. */
  async start(): Promise<void> {
    await Promise.all(this.nodes.map((node) => this.open(node)));
  }

  /** Open one replica over its disk; virtual time runs while it starts. */
  async open(node: Node): Promise<Replica> {
    node.storage = openMemoryStorage({
      disk: node.disk,
      flush: (done) => void this.time.after(this.#flushMs(this.random), () => done()),
    });
    const opened = openReplica({
      id: node.id,
      cluster: parseClusterId('sim'),
      url: `http://${node.id}`,
      members: this.nodes.map(({ id }) => ({ id, url: `http://${id}` })),
      storage: node.storage,
      transport: this.network.connect(node.id),
      time: this.time,
      random: this.random,
      trace: (event) => this.traces.push({ ...event, replica: node.id }),
      enableFaults: true,
      onFatal: (error) => this.fatal.push({ replica: node.id, error }),
    });
    node.replica = await this.during(opened);
    return node.replica;
  }

  /** The process dies: what was not durable is lost; a fraction of it may be on the disk after all. */
  async crash(node: Node): Promise<void> {
    const { storage, replica } = node;
    node.replica = undefined;
    node.storage = undefined;
    storage?.crash(this.random.int((storage.pendingCommits ?? 0) + 1));
    void replica?.close().catch(() => {});
    await this.run(1);
  }

  replica(index: number): Replica {
    const replica = this.nodes[index]?.replica;
    if (replica === undefined) throw new Error(`replica ${index} is down`);
    return replica;
  }

  /** Let `ms` of virtual time pass, with the promises that resolve on the way. */
  async run(ms: number): Promise<void> {
    const endMs = this.time.monotonicMs() + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const nextMs = this.time.nextDueMs();
      if (nextMs === undefined || nextMs > endMs) break;
      this.time.advance(Math.max(0, nextMs - this.time.monotonicMs()));
    }
    this.time.advance(Math.max(0, endMs - this.time.monotonicMs()));
  }

  /** Let virtual time pass until `promise` settles. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    for (let steps = 0; !settled; steps += 1) {
      if (steps > 1_000_000) throw new Error('virtual time passes and nothing settles');
      await new Promise((resolve) => setImmediate(resolve));
      const nextMs = this.time.nextDueMs();
      if (!settled && nextMs !== undefined) this.time.advance(Math.max(0, nextMs - this.time.monotonicMs()));
    }
    return promise;
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

  /** The keyspace of a node as one text, for comparing replicas byte by byte. */
  contents(node: Node): string {
    const lines: string[] = [];
    for (const { key, value } of node.storage?.range('keyspace', {}) ?? []) {
      lines.push(`${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`);
    }
    return lines.join('\n');
  }

  async stop(): Promise<void> {
    await this.during(Promise.all(this.nodes.map((node) => node.replica?.close())));
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

export function context(level: WeakLevel, token = VersionVector.EMPTY, timeoutMs = 5_000): RequestContext {
  return { level, timeoutMs, token };
}

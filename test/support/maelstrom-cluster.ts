/** Nodes of Maelstrom over a virtual clock, memory disks and a network that does what it is told. */
import { MemoryDisk, type MemoryStorage, openMemoryStorage } from '../../src/adapters/memory-storage.js';
import { createMemoryTime, type MemoryTime } from '../../src/adapters/memory-time.js';
import { MaelstromNode } from '../../src/maelstrom/node.js';
import type { WorkloadName } from '../../src/maelstrom/workload-names.js';
import type { Time } from '../../src/ports/time.js';
import { MaelstromNetwork } from './maelstrom-network.js';
import { type SeededRandom, seededRandom } from './seeded-random.js';
import { during, lifeTime } from './virtual-time.js';

/** What a workload is run against: these nodes, or processes. */
export interface MaelstromNodes {
  readonly ids: readonly string[];
  readonly network: MaelstromNetwork;
  readonly time: Time;
  readonly random: SeededRandom;
  /** Start the node's process on what is on its disk, and initialise it. */
  readonly start: (id: string) => Promise<void>;
  /** End it without warning. */
  readonly kill: (id: string) => Promise<void>;
}

interface Run {
  isAlive: boolean;
  readonly node: MaelstromNode;
  storage: MemoryStorage | undefined;
}

export class MaelstromCluster implements MaelstromNodes {
  readonly time: MemoryTime = createMemoryTime();
  readonly random: SeededRandom;
  readonly network: MaelstromNetwork;
  readonly ids: readonly string[];
  readonly fatal: unknown[] = [];
  readonly #workload: WorkloadName | undefined;
  readonly #disks = new Map<string, MemoryDisk>();
  readonly #runs = new Map<string, Run>();

  constructor(seed: number, workload?: WorkloadName, size = 3) {
    this.random = seededRandom(seed);
    this.network = new MaelstromNetwork(this.time, this.random);
    this.ids = Array.from({ length: size }, (_, i) => `n${i + 1}`);
    this.#workload = workload;
    for (const id of this.ids) this.#disks.set(id, new MemoryDisk());
  }

  readonly start = async (id: string): Promise<void> => {
    this.launch(id);
    const reply = await this.network.rpc(id, { type: 'init', node_id: id, node_ids: this.ids }, 10_000);
    if (reply.kind !== 'ok') throw new Error(`${id} did not start: ${JSON.stringify(reply)}`);
  };

  readonly kill = (id: string): Promise<void> => {
    const run = this.#runs.get(id);
    if (run === undefined) throw new Error(`${id} does not run`);
    this.#runs.delete(id);
    this.network.detach(id);
    run.isAlive = false;
    run.storage?.crash(this.random.int(run.storage.pendingCommits + 1));
    return Promise.resolve();
  };

  /** What the node, which is down, had on its disk is gone. */
  loseDisk(id: string): void {
    if (this.#runs.has(id)) throw new Error(`${id} runs`);
    this.#disks.set(id, new MemoryDisk());
  }

  /** A process that was not told yet who it is. */
  launch(id: string): MaelstromNode {
    if (this.#runs.has(id)) throw new Error(`${id} runs already`);
    const life: { isAlive: boolean; storage: MemoryStorage | undefined } = { isAlive: true, storage: undefined };
    const node = new MaelstromNode({
      write: (line) => {
        if (life.isAlive) this.network.written(id, line);
      },
      openStorage: () => {
        const flush = (done: () => void) => void this.time.after(0.1 + this.random.float() * 2, () => done());
        life.storage = openMemoryStorage({ disk: this.#disks.get(id) ?? new MemoryDisk(), flush });
        return Promise.resolve(life.storage);
      },
      workload: this.#workload,
      time: lifeTime(this.time, () => life.isAlive),
      random: this.random,
      trace: () => {},
      onFatal: (error) => {
        if (life.isAlive) this.fatal.push(error);
      },
    });
    this.#runs.set(id, Object.assign(life, { node }));
    this.network.attach(id, (line) => node.receive(line));
    return node;
  }

  nodeOf(id: string): MaelstromNode {
    const run = this.#runs.get(id);
    if (run === undefined) throw new Error(`${id} does not run`);
    return run.node;
  }

  /** Let virtual time pass until `promise` settles. */
  during<T>(promise: Promise<T>): Promise<T> {
    return during(this.time, promise);
  }

  async stop(): Promise<void> {
    for (const { node } of this.#runs.values()) await this.during(node.close());
  }
}

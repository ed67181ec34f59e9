/**
 * Replicas with both views and no Raft: production drivers and machines over memory disks, fed from one list of entries
 * that stands for the total order. Each replica hears of an entry at a moment of its own; messages of the causal plane
 * come late, in any order or not at all.
 */
import { MemoryDisk, type MemoryStorage, openMemoryStorage } from '../../src/adapters/memory-storage.js';
import { createMemoryTime, type MemoryTime } from '../../src/adapters/memory-time.js';
import { utf8Decode, utf8Encode } from '../../src/base/bytes.js';
import { LOG_ORIGIN, type Origin, parseClusterId, parseReplicaId, type ReplicaId } from '../../src/base/ids.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { COORDINATION } from '../../src/coordination/coordination.js';
import { encodeBody, type GroupBody } from '../../src/keyspace/group-body.js';
import { decodeRecord, pastOf, seenOf } from '../../src/keyspace/key-record.js';
import { adoptable } from '../../src/keyspace/ordered/adoption.js';
import type { Applied } from '../../src/keyspace/ordered/apply.js';
import { type Command, keysOf } from '../../src/keyspace/ordered/command.js';
import { encodeEntry } from '../../src/keyspace/ordered/entry.js';
import { readForgotten } from '../../src/keyspace/ordered/progress.js';
import { readOrdered } from '../../src/keyspace/ordered/state-keys.js';
import type { Time } from '../../src/ports/time.js';
import { CausalDriver } from '../../src/replica/causal/causal-driver.js';
import { KeyspaceAudit } from '../../src/replica/causal/keyspace-audit.js';
import { readRecord } from '../../src/replica/causal/keyspace-turn.js';
import { Forgetting } from '../../src/replica/order/forgetting.js';
import { OrderedMachine } from '../../src/replica/order/ordered-machine.js';
import type { ProposedEntry } from '../../src/replica/order/proposals.js';
import { readState } from '../../src/replica/stored-state.js';
import type { Outgoing } from '../../src/replication/messages.js';
import { entryOf } from './ordered-log.js';
import { originOf } from './plane-values.js';
import { type SeededRandom, seededRandom } from './seeded-random.js';
import { lifeTime, pass } from './virtual-time.js';

const TICK_MS = 20;

/** A run of a replica. */
export interface Process {
  alive: boolean;
  readonly storage: MemoryStorage;
  readonly time: Time;
  readonly machine: OrderedMachine;
  readonly driver: CausalDriver;
  readonly forgetting: Forgetting;
  readonly audit: KeyspaceAudit;
  /** The last entry handed to the machine. */
  fed: number;
  /** A copy is being installed: nothing is delivered meanwhile. */
  installing: boolean;
}

export interface OrderedNode {
  readonly replica: ReplicaId;
  readonly origin: Origin;
  readonly disk: MemoryDisk;
  process: Process | undefined;
  /** Its log stands still. */
  logCut: boolean;
  /** Neither sends nor hears anything of the causal plane. */
  planeCut: boolean;
}

export class OrderedCluster {
  readonly time: MemoryTime = createMemoryTime();
  readonly random: SeededRandom;
  readonly nodes: readonly OrderedNode[];
  /** The total order: index i is at `i - 1`; undefined is an entry of its own. */
  readonly log: (Uint8Array | undefined)[] = [];
  readonly counts = { adopted: 0, stale: 0, installed: 0, waited: 0 };
  readonly #flushMs: number;

  constructor(seed: number, replicas = 3, flushMs = 3) {
    this.random = seededRandom(seed);
    this.#flushMs = flushMs;
    this.nodes = Array.from({ length: replicas }, (_, i) => {
      const replica = parseReplicaId(`r${i + 1}`);
      const origin = originOf(replica);
      return { replica, origin, disk: new MemoryDisk(), process: undefined, logCut: false, planeCut: false };
    });
  }

  node(at: number): OrderedNode {
    return this.nodes[at % this.nodes.length] as OrderedNode;
  }

  open(node: OrderedNode): Process {
    const storage = openMemoryStorage({
      disk: node.disk,
      flush: (done) => void this.time.after(this.random.float() * this.#flushMs, () => done()),
    });
    const life = { alive: true };
    const time = lifeTime(this.time, () => life.alive);
    const onFatal = (error: unknown) => {
      throw error;
    };
    const machine = new OrderedMachine({ storage, time, coordinator: COORDINATION, onFatal });
    const driver = new CausalDriver({
      cluster: parseClusterId('sim'),
      origin: node.origin,
      members: this.nodes.map(({ replica }) => replica),
      machine,
      onDeleted: (key) => process.forgetting.deleted(key),
      storage,
      time,
      random: this.random,
      trace: () => {},
      post: (outgoing) => this.#post(node, outgoing),
      onProgress: () => {},
      onReincarnated: () => {},
      onFatal,
    });
    const audit = new KeyspaceAudit({
      storage,
      driver,
      random: this.random,
      trace: () => {},
      send: (to, message) => this.#deliver(node, to, (peer) => peer.audit.receive(node.replica, message)),
    });
    const process: Process = Object.assign(life, {
      audit,
      storage,
      time,
      machine,
      driver,
      forgetting: this.#forgetting(node, storage, time, machine, () => driver.plane.stable),
      fed: machine.durableApplied,
      installing: false,
    });
    node.process = process;
    machine.onApplied((applied) => this.#count(applied));
    driver.connected();
    this.#tick(process);
    this.#feed(node, process);
    return process;
  }

  crash(node: OrderedNode): void {
    const { process } = node;
    if (process === undefined) return;
    process.alive = false;
    node.process = undefined;
    process.storage.crash(this.random.int(process.storage.pendingCommits + 1));
  }

  /** A weaker write, or deletion, of `key`. */
  write(node: OrderedNode, key: string, value: string | undefined): void {
    node.process?.driver.submit({
      sizeBytes: 100,
      issue: (turn, issue) => {
        const record = turn.record(key);
        const seen = seenOf(record);
        const op =
          value === undefined
            ? ({ kind: 'delete', key, seen } as const)
            : ({ kind: 'put', key, seen, contentType: 'text/plain', bytes: utf8Encode(value) } as const);
        const body: GroupBody = { retry: undefined, ops: [op] };
        issue(pastOf(record, VersionVector.EMPTY), body, encodeBody(body), false);
      },
      committed: () => {},
    });
  }

  /** Judge as a proposer does, and append; false if what the entry depends on is not durable at a majority. */
  propose(node: OrderedNode, command: Command): boolean {
    const { process } = node;
    if (process === undefined) return false;
    const { machine, storage } = process;
    const base = machine.applied;
    const forgotten = readForgotten(machine.state);
    const adopted = keysOf(command)
      .map((key) => {
        const ordered = readOrdered(machine.state, key);
        return { key, versions: adoptable(ordered, readRecord(storage, utf8Encode(key)), forgotten) };
      })
      .filter(({ versions }) => versions.length > 0);
    const deps = adopted.reduce((past, { versions }) => pastOf(versions, past), VersionVector.EMPTY);
    const holders = this.nodes.filter(({ disk }) => stateOf(disk).vector.includes(deps)).length;
    if (holders * 2 <= this.nodes.length) return false;
    this.counts.adopted += adopted.length;
    const hlc = { ms: this.time.wallMs(), logical: this.log.length % 1000 };
    this.log.push(encodeEntry(entryOf({ base, deps, adopted, hlc, command })));
    return true;
  }

  /** Bring `node` to the durable state of `from`, as an order does with a member that is too far behind. */
  async install(node: OrderedNode, from: OrderedNode): Promise<void> {
    const { process } = node;
    const source = from.process;
    if (process === undefined || source === undefined || process.installing) return;
    const copy = source.machine.copy();
    if (copy.index <= process.fed) {
      copy.close();
      return;
    }
    process.installing = true;
    process.machine.beginInstall();
    for (const piece of { [Symbol.iterator]: () => copy.pieces() }) {
      for (let at = 0, size = 0; at < piece.length; at += size) {
        size = 1 + this.random.int(piece.length);
        process.machine.stage(piece.subarray(at, at + size));
      }
    }
    copy.close();
    const writes = await process.machine.finishInstall(copy.index);
    await process.storage.commit(writes);
    if (!process.alive) return;
    process.machine.installed(copy.index);
    process.fed = copy.index;
    process.installing = false;
    this.counts.installed += 1;
  }

  /** Let `ms` of virtual time pass, with the promises that resolve on the way. */
  run(ms: number): Promise<void> {
    return pass(this.time, ms);
  }

  /** Everybody is up and connected, and has applied and delivered everything. */
  async settle(withinMs = 30_000): Promise<void> {
    for (const node of this.nodes) {
      node.logCut = false;
      node.planeCut = false;
      if (node.process === undefined) this.open(node);
    }
    const deadlineMs = this.time.monotonicMs() + withinMs;
    const isSettled = () => {
      const vectors = this.nodes.map(({ disk }) => stateOf(disk).vector);
      return (
        this.nodes.every(({ process }) => process?.machine.durableApplied === this.log.length) &&
        vectors.every(
          (vector) => vector.equals(vectors[0] as VersionVector) && vector.get(LOG_ORIGIN) === this.log.length,
        )
      );
    };
    while (!isSettled()) {
      if (this.time.monotonicMs() > deadlineMs) throw new Error(`not settled: ${JSON.stringify(this.summary())}`);
      await this.run(50);
    }
  }

  summary(): unknown {
    return this.nodes.map(({ replica, disk, process }) => ({
      replica,
      vector: stateOf(disk).vector,
      applied: process?.machine.applied,
      durable: process?.machine.durableApplied,
      buffered: process?.driver.plane.buffered,
      log: this.log.length,
    }));
  }

  /** What no schedule may break, checked on what is on the disks. */
  check(): void {
    for (const { replica, disk } of this.nodes) {
      const { vector } = stateOf(disk);
      if (vector.get(LOG_ORIGIN) > this.log.length) throw new Error(`${replica} delivered what is not committed`);
      for (const { key, value } of disk.tables.keyspace.range({})) {
        for (const version of decodeRecord(value)) {
          if (!vector.covers(version.dot) || !vector.includes(version.deps)) {
            throw new Error(`${replica} shows ${utf8Decode(key)} before its causes`);
          }
        }
      }
    }
  }

  /** The two views on the disk, as text. */
  views(node: OrderedNode): { readonly causal: string; readonly ordered: string } {
    const { tables } = node.disk;
    const mark = tables.meta.get(utf8Encode('ordered-table'))?.[0] ?? 0;
    return {
      causal: dump(tables.keyspace.range({})),
      ordered: dump(tables[mark === 0 ? 'ordered' : 'ordered-b'].range({})),
    };
  }

  #forgetting(
    node: OrderedNode,
    storage: MemoryStorage,
    time: Time,
    machine: OrderedMachine,
    stable: () => VersionVector,
  ) {
    const propose = (entry: ProposedEntry): Promise<Applied> => {
      const index = this.log.length + 1;
      const settled = new Promise<Applied>((resolve) => {
        machine.onApplied((applied) => {
          if (applied.index !== index) return;
          this.counts.stale += Number(applied.outcome.kind === 'stale');
          resolve(applied);
        });
      });
      this.log.push(encodeEntry(entryOf({ ...entry, hlc: { ms: this.time.wallMs(), logical: 0 } })));
      return settled;
    };
    const isLeader = () => this.nodes.find(({ process }) => process !== undefined) === node;
    return new Forgetting({
      time,
      trace: () => {},
      storage,
      applied: machine,
      proposals: { propose },
      isLeader,
      stable,
    });
  }

  #count({ group }: Applied): void {
    for (const { process } of this.nodes) {
      if (process !== undefined && !process.driver.plane.durable.includes(group.deps)) this.counts.waited += 1;
    }
  }

  #tick(process: Process): void {
    if (!process.alive) return;
    process.driver.tick();
    process.audit.tick();
    process.forgetting.tick();
    process.time.after(TICK_MS, () => this.#tick(process));
  }

  #feed(node: OrderedNode, process: Process): void {
    const ready = this.log.length - process.fed;
    if (ready > 0 && !node.logCut && !process.installing) {
      const entries = this.log
        .slice(process.fed, process.fed + 1 + this.random.int(ready))
        .map((bytes, i) => ({ index: process.fed + i + 1, term: 1, bytes }));
      process.fed += entries.length;
      process.machine.deliver(entries);
    }
    process.time.after(1 + this.random.float() * 30, () => this.#feed(node, process));
  }

  #post(from: OrderedNode, { to, message }: Outgoing): void {
    for (const { replica } of this.nodes) {
      if (replica === from.replica || (to !== 'all' && to !== replica)) continue;
      const sender = { replica: from.replica, origin: from.origin };
      this.#deliver(from, replica, ({ driver }) => driver.receive(sender, message));
    }
  }

  /** One message in twenty is lost. */
  #deliver(from: OrderedNode, to: ReplicaId, receive: (process: Process) => void): void {
    if (this.random.chance(0.05)) return;
    this.time.after(0.2 + this.random.float() * 15, () => {
      const node = this.nodes.find(({ replica }) => replica === to);
      if (node?.process !== undefined && !from.planeCut && !node.planeCut) receive(node.process);
    });
  }
}

function stateOf(disk: MemoryDisk) {
  return readState({
    get: (table, key) => disk.tables[table].get(key),
    range: (table, range) => disk.tables[table].range(range),
    count: (table) => disk.tables[table].count,
  });
}

function dump(entries: Iterable<{ readonly key: Uint8Array; readonly value: Uint8Array }>): string {
  return [...entries]
    .map(({ key, value }) => `${Buffer.from(key).toString('hex')} ${Buffer.from(value).toString('hex')}`)
    .join('\n');
}

/**
 * Three replicas' coordination services over one shared log, in virtual time. The log stands for consensus: what reaches the
 * leader is in it, and every replica applies it in its own time. Replicas crash, pause, are cut off, and jump to a copy of
 * a peer's state.
 */
import { createMemoryTime } from '../../src/adapters/memory-time.js';
import { CausewayError } from '../../src/base/errors.js';
import { makeOrigin, parseReplicaId } from '../../src/base/ids.js';
import type { Applied } from '../../src/keyspace/ordered/apply.js';
import { encodeEntry } from '../../src/keyspace/ordered/entry.js';
import { CoordinationService } from '../../src/replica/order/coordination-service.js';
import { LeaseKeeper } from '../../src/replica/order/lease-keeper.js';
import { LockFeed } from '../../src/replica/order/lock-feed.js';
import type { Proposals, ProposedEntry } from '../../src/replica/order/proposals.js';
import { AppliedLog } from './applied-log.js';
import { coordinateBy } from './lock-bench.js';
import { applyNext, entryOf, PlainTable } from './ordered-log.js';
import { type SeededRandom, seededRandom } from './seeded-random.js';
import { ProcessTime, until } from './virtual-time.js';

const ELECTION_MS = 800;

export interface LoggedEntry {
  readonly bytes: Uint8Array;
  /** When it was appended. */
  readonly atMs: number;
}

export class LockCluster {
  readonly time = createMemoryTime();
  readonly random: SeededRandom;
  readonly log: LoggedEntry[] = [];
  readonly nodes: readonly LockNode[];
  leader: LockNode | undefined;
  readonly happened = { crashes: 0, pauses: 0, cuts: 0, jumps: 0, elections: 0, clockJumps: 0 };

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.nodes = ['r1', 'r2', 'r3'].map((id) => new LockNode(this, id));
    this.#watchLeader(0);
  }

  get nowMs(): number {
    return this.time.monotonicMs();
  }

  run(ms: number): Promise<void> {
    return until(this.time, this.nowMs + ms);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.time.after(ms, resolve));
  }

  between(minMs: number, maxMs: number): number {
    return minMs + this.random.float() * (maxMs - minMs);
  }

  append(bytes: Uint8Array): void {
    this.log.push({ bytes, atMs: this.nowMs });
    for (const node of this.nodes) node.hear();
  }

  /** Something bad happens to one replica, and passes. */
  strike(): void {
    const kind = this.random.pick(['crash', 'pause', 'cut', 'clock'] as const);
    const well = this.nodes.filter((node) => node.isWell);
    if (kind === 'clock') {
      this.happened.clockJumps += 1;
      this.time.setWallMs(this.time.wallMs() + (this.random.chance(0.5) ? 3_600_000 : -3_600_000));
    } else if (well.length === this.nodes.length) {
      const victim = this.random.chance(0.5) && this.leader !== undefined ? this.leader : this.random.pick(well);
      this[kind](victim, this.between(300, 5_000));
    }
  }

  crash(node: LockNode, forMs: number): void {
    this.happened.crashes += 1;
    node.crash();
    this.time.after(forMs, () => node.start());
  }

  pause(node: LockNode, forMs: number): void {
    this.happened.pauses += 1;
    const { process } = node;
    process.pause();
    this.time.after(forMs, () => process.resume());
  }

  cut(node: LockNode, forMs: number): void {
    this.happened.cuts += 1;
    node.isCut = true;
    this.time.after(forMs, () => {
      node.isCut = false;
      node.hear();
    });
  }

  #watchLeader(lostMs: number): void {
    const isLost = this.leader?.isWell !== true;
    const well = this.nodes.filter((node) => node.isWell);
    if (isLost && lostMs >= ELECTION_MS && well.length >= 2) {
      this.leader = this.random.pick(well);
      this.happened.elections += 1;
    }
    this.time.after(100, () => this.#watchLeader(isLost ? lostMs + 100 : 0));
  }
}

export class LockNode implements Proposals {
  readonly id: string;
  readonly cluster: LockCluster;
  process: ProcessTime;
  isCut = false;
  isUp = false;
  #view = new AppliedLog();
  #service: CoordinationService | undefined;
  #keeper: LeaseKeeper | undefined;
  #starts = 0;
  #proposals = 0;
  readonly #pending = new Map<number, (applied: Applied) => void>();
  readonly #deaths: (() => void)[] = [];

  constructor(cluster: LockCluster, id: string) {
    this.cluster = cluster;
    this.id = id;
    this.process = new ProcessTime(cluster.time);
    this.start();
  }

  get isWell(): boolean {
    return this.isUp && !this.isCut && !this.process.isPaused;
  }

  get view(): AppliedLog {
    return this.#view;
  }

  get service(): CoordinationService {
    if (this.#service === undefined) throw new Error(`${this.id} is down`);
    return this.#service;
  }

  get watched(): number {
    return this.#keeper?.watched ?? 0;
  }

  /** Resolves when the process that runs now has crashed. */
  death(): Promise<void> {
    return new Promise((resolve) => this.#deaths.push(resolve));
  }

  /** From what is on disk: the log up to somewhere. */
  start(): void {
    const { cluster } = this;
    const durable = this.#view.applied - cluster.random.int(Math.min(20, this.#view.applied) + 1);
    const table = new PlainTable();
    for (const { bytes } of cluster.log.slice(0, durable)) applyNext(table, bytes);
    const view = new AppliedLog(table, durable);
    const process = new ProcessTime(cluster.time);
    this.#view = view;
    this.process = process;
    this.isUp = true;
    this.#starts += 1;
    this.#pending.clear();
    view.onApplied((applied) => {
      const { proposal } = applied;
      if (proposal?.origin !== this.#origin) return;
      this.#pending.get(proposal.number)?.(applied);
      this.#pending.delete(proposal.number);
    });
    const node = this;
    const order = {
      get isLeader() {
        return cluster.leader === node;
      },
      get hasLeader() {
        return !node.isCut && cluster.leader !== undefined;
      },
    };
    const feed = new LockFeed(view);
    const parts = { time: process, trace: () => {}, feed, state: view, proposals: this };
    const keeper = new LeaseKeeper({ ...parts, order });
    const gates = { admit: () => Promise.resolve(0), barrier: () => Promise.resolve(0) };
    this.#keeper = keeper;
    this.#service = new CoordinationService({ ...parts, keeper, gates, coordinate: coordinateBy(process, view, this) });
    this.hear();
  }

  crash(): void {
    this.process.kill();
    this.isUp = false;
    this.#service = undefined;
    for (const died of this.#deaths.splice(0)) died();
  }

  /** There is more of the log: it arrives after a while, one entry after the other or, now and then, as a copy of a peer's state. */
  hear(): void {
    const { process, cluster } = this;
    process.after(cluster.between(1, 20), () => {
      if (this.isCut || this.process !== process) return;
      const lag = cluster.log.length - this.#view.applied;
      const peer = cluster.random.pick(cluster.nodes);
      if (lag > 5 && peer.view.applied > this.#view.applied && cluster.random.chance(0.5)) {
        cluster.happened.jumps += 1;
        this.#view.jump(peer.view.state.copy(), peer.view.applied);
      }
      for (const { bytes } of cluster.log.slice(this.#view.applied)) this.#view.deliver(bytes);
    });
  }

  propose(entry: ProposedEntry, timeoutMs: number): Promise<Applied> {
    this.#proposals += 1;
    const number = this.#proposals;
    const bytes = encodeEntry(entryOf({ ...entry, proposal: { origin: this.#origin, number } }));
    return new Promise((resolve, reject) => {
      this.#pending.set(number, resolve);
      this.process.after(timeoutMs, () => {
        if (this.#pending.delete(number)) reject(new CausewayError('outcome-unknown', 'perhaps'));
      });
      this.#leave(number, bytes, 0, reject);
    });
  }

  /** One in twenty gets lost on the way to the leader. */
  #leave(number: number, bytes: Uint8Array, waitedMs: number, reject: (error: CausewayError) => void): void {
    const { cluster } = this;
    if (!this.#pending.has(number)) return;
    if (this.isCut || cluster.leader?.isWell !== true) {
      if (waitedMs < 600) this.process.after(100, () => this.#leave(number, bytes, waitedMs + 100, reject));
      else {
        this.#pending.delete(number);
        reject(new CausewayError('no-quorum', 'no leader'));
      }
    } else if (!cluster.random.chance(0.05)) {
      cluster.time.after(cluster.between(1, 10), () => {
        if (cluster.leader?.isWell === true) cluster.append(bytes);
      });
    }
  }

  get #origin() {
    return makeOrigin(parseReplicaId(this.id), this.#starts);
  }
}

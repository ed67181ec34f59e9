/**
 * Members of one total order as production runs them - driver, storage, envelopes - over a virtual clock, memory disks and a
 * network that does what it is told.
 */
import { MemoryDisk, type MemoryStorage, openMemoryStorage } from '../../src/adapters/memory-storage.js';
import { createMemoryTime, type MemoryTime } from '../../src/adapters/memory-time.js';
import { createMemoryNetwork, type MemoryNetwork } from '../../src/adapters/memory-transport.js';
import { makeOrigin, type Origin, parseClusterId, parseReplicaId, type ReplicaId } from '../../src/base/ids.js';
import { LIMITS } from '../../src/base/limits.js';
import type { TraceEvent } from '../../src/ports/trace.js';
import type { Transport } from '../../src/ports/transport.js';
import { Messenger } from '../../src/replica/messenger.js';
import type { RaftTuning } from '../../src/replica/order/raft-options.js';
import { RaftOrder } from '../../src/replica/order/raft-order.js';
import { ListedState } from './listed-state.js';
import { type SeededRandom, seededRandom } from './seeded-random.js';
import { lifeTime, pass } from './virtual-time.js';

export interface OrderMember {
  readonly id: ReplicaId;
  readonly origin: Origin;
  readonly disk: MemoryDisk;
  storage: MemoryStorage;
  run: Run | undefined;
}

/** One run of a member's process. */
export interface Run {
  isAlive: boolean;
  readonly order: RaftOrder;
  readonly state: ListedState;
  readonly messenger: Messenger;
  readonly transport: Transport;
}

export interface OrderClusterOptions {
  readonly seed?: number;
  readonly members?: number;
  readonly tuning?: Partial<RaftTuning>;
  readonly flushMs?: (random: SeededRandom) => number;
}

export class RaftOrderCluster {
  readonly time: MemoryTime = createMemoryTime();
  readonly random: SeededRandom;
  readonly members: OrderMember[] = [];
  readonly traces: (TraceEvent & { readonly member: ReplicaId })[] = [];
  readonly fatal: { readonly member: ReplicaId; readonly error: unknown }[] = [];
  /** Called by leaders with each command they stamp. */
  stamp: (member: ReplicaId, command: Uint8Array) => void = () => {};
  /** Called by leaders with each command of a peer. */
  check: (command: Uint8Array) => void = () => {};
  /** Share of messages that are lost, and of those that arrive twice; and how long they take at most. */
  loss = 0;
  doubling = 0;
  delayMs = 1;
  readonly #options: OrderClusterOptions;
  readonly #network: MemoryNetwork;
  readonly #cut = new Set<string>();
  /** Whom everybody listens to. */
  readonly #ids: ReplicaId[] = [];

  constructor(options: OrderClusterOptions = {}) {
    this.#options = options;
    this.random = seededRandom(options.seed ?? 1);
    this.#network = createMemoryNetwork({
      time: this.time,
      random: this.random,
      deliver: (from, to) => this.#deliver(from, to),
    });
    for (let i = 1; i <= (options.members ?? 3); i += 1) this.add(`r${i}`);
  }

  /** Open all and let the first one found their order. */
  async start(): Promise<void> {
    for (const index of this.members.keys()) this.open(index);
    const founded = this.run(0).order.found({ voters: this.members.map(({ origin }) => origin), learners: [] });
    await this.pass(100);
    await founded;
    await this.until(() => this.leader !== undefined, 5_000, 'a leader');
  }

  /** Another member, which nobody knows. Returns its index. */
  add(name: string, nonce = 1): number {
    const member = newMember(name, nonce);
    this.members.push(member);
    this.#ids.push(member.id);
    return this.members.length - 1;
  }

  /** @throws what the driver throws if it cannot start on the member's disk */
  open(index: number): Run {
    const member = this.member(index);
    const flushMs = this.#options.flushMs ?? ((random) => 0.1 + random.float() * 2);
    member.storage = openMemoryStorage({
      disk: member.disk,
      flush: (done) => void this.time.after(flushMs(this.random), () => done()),
    });
    const run = this.#launch(member);
    member.run = run;
    this.#tick(run);
    return run;
  }

  /** The process dies: of the commits under way a random number is on the disk after all. */
  crash(index: number): void {
    const member = this.member(index);
    const { run } = member;
    if (run === undefined) return;
    run.isAlive = false;
    member.run = undefined;
    void run.transport.close();
    member.storage.crash(this.random.int(member.storage.pendingCommits + 1));
  }

  member(index: number): OrderMember {
    const member = this.members[index];
    if (member === undefined) throw new Error(`no member ${index}`);
    return member;
  }

  run(index: number): Run {
    const { run } = this.member(index);
    if (run === undefined) throw new Error(`member ${index} is down`);
    return run;
  }

  /** Index of the leader of the newest term among those that are up. */
  get leader(): number | undefined {
    let found: { readonly index: number; readonly term: number } | undefined;
    for (const [index, { run }] of this.members.entries()) {
      if (run?.order.isLeader !== true) continue;
      const { term } = run.order.status();
      if (found === undefined || term > found.term) found = { index, term };
    }
    return found?.index;
  }

  /** Only members of the same group hear each other; who is in none hears nobody. */
  partition(...groups: readonly (readonly number[])[]): void {
    this.heal();
    for (const a of this.members.keys()) {
      for (const b of this.members.keys()) {
        if (groups.some((group) => group.includes(a) && group.includes(b))) continue;
        this.#cut.add(`${this.member(a).id} ${this.member(b).id}`);
      }
    }
  }

  isolate(index: number): void {
    this.partition([...this.members.keys()].filter((other) => other !== index));
  }

  heal(): void {
    this.#cut.clear();
  }

  /** Let `ms` of virtual time pass, with the promises that resolve on the way. */
  pass(ms: number): Promise<void> {
    return pass(this.time, ms);
  }

  async until(holds: () => boolean, withinMs: number, what: string): Promise<void> {
    const deadlineMs = this.time.monotonicMs() + withinMs;
    while (!holds()) {
      if (this.time.monotonicMs() >= deadlineMs) throw new Error(`not within ${withinMs} ms: ${what}`);
      await this.pass(LIMITS.tickMs);
    }
  }

  /** End every fault and wait until all that are up have the same entries. */
  async converge(withinMs = 20_000): Promise<void> {
    this.heal();
    this.loss = 0;
    this.doubling = 0;
    const isEven = () => {
      const runs = this.members.flatMap(({ run }) => (run === undefined ? [] : [run]));
      const last = Math.max(...runs.map(({ order }) => order.status().lastIndex));
      return this.leader !== undefined && runs.every(({ state }) => state.durableApplied === last);
    };
    await this.until(isEven, withinMs, 'all members have the same entries');
  }

  async close(): Promise<void> {
    const closing = this.members.map(({ run }) => run?.order.close());
    for (const { run } of this.members) if (run !== undefined) run.isAlive = false;
    await this.pass(100);
    await Promise.all(closing);
  }

  #launch(member: OrderMember): Run {
    const cluster = parseClusterId('order');
    const life = { isAlive: true };
    const time = lifeTime(this.time, () => life.isAlive);
    const transport = this.#network.connect(member.id);
    const trace = (event: TraceEvent) => void this.traces.push({ ...event, member: member.id });
    const state = new ListedState(member.storage);
    const messenger = new Messenger({
      self: () => ({ cluster, replica: member.id, origin: member.origin, boot: 1 }),
      isMember: ({ replica }) => this.#ids.includes(replica),
      transport,
      time,
      random: this.random,
      trace,
      onPlane: () => {},
      onAudit: () => {},
      onGossip: () => {},
      onRaft: (from, message) => order.receive(from.origin, message),
    });
    const order: RaftOrder = new RaftOrder({
      self: member.origin,
      storage: member.storage,
      time,
      random: this.random,
      trace,
      send: (messages) => messenger.sendRaft(messages),
      mention: (news) => messenger.mentionRaft(news),
      answersAfterMs: () => this.random.float() * 100,
      state,
      stamp: (command) => this.stamp(member.id, command),
      check: (command) => this.check(command),
      onChange: () => {},
      onFatal: (error) => {
        if (life.isAlive) this.fatal.push({ member: member.id, error });
      },
      ...(this.#options.tuning === undefined ? {} : { tuning: this.#options.tuning }),
    });
    messenger.open();
    return Object.assign(life, { order, state, messenger, transport });
  }

  #tick(run: Run): void {
    if (!run.isAlive) return;
    run.order.tick();
    this.time.after(LIMITS.tickMs, () => this.#tick(run));
  }

  #deliver(from: ReplicaId, to: ReplicaId): readonly number[] {
    if (this.#cut.has(`${from} ${to}`) || this.random.chance(this.loss)) return [];
    const copies = this.random.chance(this.doubling) ? 2 : 1;
    return Array.from({ length: copies }, () => this.random.float() * this.delayMs);
  }
}

function newMember(name: string, nonce: number): OrderMember {
  const id = parseReplicaId(name);
  const disk = new MemoryDisk();
  return { id, origin: makeOrigin(id, nonce), disk, storage: openMemoryStorage({ disk }), run: undefined };
}

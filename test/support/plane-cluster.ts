/**
 * Several planes over a network that loses, doubles, delays and reorders, in virtual time, with the promises of the
 * plane checked at every step by the dumbest means: sets of dots.
 */
import { parseReplicaId, type ReplicaId } from '../../src/base/ids.js';
import { formatDot } from '../../src/clocks/dot.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { Now, Peer, PersistBatch } from '../../src/replication/causal-plane.js';
import type { Outgoing, PlaneMessage } from '../../src/replication/messages.js';
import type { WriteGroup } from '../../src/replication/write-group.js';
import { describeKeys, type Op, type PlaneDisk } from './plane-disk.js';
import { NO_TOKEN, PlaneReplica } from './plane-replica.js';
import { type SeededRandom, seededRandom } from './seeded-random.js';

export interface LinkFaults {
  readonly loss: number;
  readonly duplication: number;
  readonly maxDelayMs: number;
}

interface InFlight {
  readonly from: Peer;
  readonly to: ReplicaId;
  readonly message: PlaneMessage;
  readonly dueMs: number;
}

const TICK_MS = 20;
const NO_FAULTS: LinkFaults = { loss: 0, duplication: 0, maxDelayMs: 2 };

export class PlaneCluster {
  readonly #replicas: PlaneReplica[];
  readonly random: SeededRandom;
  /** Every group that ever became durable anywhere, by its dot. */
  readonly groups = new Map<string, WriteGroup>();
  faults: LinkFaults = NO_FAULTS;
  nowMs = 0;
  /** Of each replica: which side it is on. */
  readonly #sides = new Map<ReplicaId, number>();
  readonly #delivered = new Map<ReplicaId, Set<string>>();
  #inFlight: InFlight[] = [];

  constructor(size: number, seed: number) {
    this.random = seededRandom(seed);
    const members = Array.from({ length: size }, (_, i) => parseReplicaId(`r${i + 1}`));
    this.#replicas = members.map((id) => this.#newReplica(id, members, 1));
    for (const replica of this.replicas) {
      this.#restarted(replica);
      replica.connected();
    }
  }

  get replicas(): readonly PlaneReplica[] {
    return this.#replicas;
  }

  /** Start a replica with an empty disk, which is configured with these members. */
  add(id: ReplicaId, members: readonly ReplicaId[], incarnation: number): PlaneReplica {
    const replica = this.#newReplica(id, members, incarnation);
    this.#replicas.push(replica);
    this.#restarted(replica);
    replica.connected();
    return replica;
  }

  /** Its process and its disk are gone; what it said may still arrive. */
  remove(replica: PlaneReplica): void {
    this.#replicas.splice(this.#replicas.indexOf(replica), 1);
    this.#sides.delete(replica.id);
  }

  now(): Now {
    return { monotonicMs: this.nowMs, wallMs: 1_700_000_000_000 + this.nowMs };
  }

  write(replica: PlaneReplica, ops: readonly Op[], token = NO_TOKEN): void {
    replica.write(ops, replica.plane.applied.includes(token) ? token : NO_TOKEN);
  }

  gather(replica: PlaneReplica): void {
    replica.gather();
    this.#flush(replica);
  }

  persist(replica: PlaneReplica): void {
    const batch = replica.batch;
    if (batch === undefined) return;
    this.#checkBatch(replica, batch);
    replica.persist();
    this.#flush(replica);
  }

  crash(replica: PlaneReplica): void {
    replica.crash();
    this.#restarted(replica);
    replica.connected();
  }

  wipe(replica: PlaneReplica): void {
    replica.wipe();
    this.#restarted(replica);
    replica.connected();
  }

  /** Its data directory is replaced by an older copy. */
  restore(replica: PlaneReplica, disk: PlaneDisk): void {
    replica.restore(disk);
    this.#restarted(replica);
    replica.connected();
  }

  partition(sideOf: (replica: PlaneReplica) => number): void {
    for (const replica of this.replicas) this.#sides.set(replica.id, sideOf(replica));
  }

  heal(): void {
    this.#sides.clear();
    this.faults = NO_FAULTS;
    for (const replica of this.replicas) replica.connected();
  }

  /** Time passes, messages arrive; replicas persist with the given probability at each tick. */
  run(ms: number, persistence = 1): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += TICK_MS;
      this.#deliverDue();
      for (const replica of this.replicas) {
        replica.tick();
        this.#flush(replica);
        if (!this.random.chance(persistence)) continue;
        this.persist(replica);
        this.gather(replica);
        if (this.random.chance(persistence)) this.persist(replica);
      }
    }
  }

  /** Runs until all replicas have the same and hold nothing back. Returns the milliseconds it took. */
  converge(withinMs: number): number {
    const startMs = this.nowMs;
    while (!this.hasConverged()) {
      if (this.nowMs - startMs > withinMs) throw new Error(`not converged: ${JSON.stringify(this.vectors())}`);
      this.run(TICK_MS);
    }
    return this.nowMs - startMs;
  }

  hasConverged(): boolean {
    const [first, ...rest] = this.replicas;
    if (first === undefined || !this.replicas.every((replica) => this.#isQuiet(replica))) return false;
    return rest.every(({ plane }) => plane.durable.equals(first.plane.durable));
  }

  vectors(): unknown {
    return this.replicas.map(({ id, plane }) => [id, plane.durable, plane.buffered, plane.installing]);
  }

  /** The state of each replica as text. */
  states(): string[][] {
    return this.replicas.map(({ disk }) => describeKeys(disk.keys));
  }

  deliveredAt(replica: PlaneReplica): ReadonlySet<string> {
    return this.#delivered.get(replica.id) ?? new Set();
  }

  #isQuiet({ batch, plane }: PlaneReplica): boolean {
    return batch === undefined && plane.buffered === 0 && !plane.installing && plane.applied.equals(plane.durable);
  }

  #newReplica(id: ReplicaId, members: readonly ReplicaId[], firstIncarnation: number): PlaneReplica {
    return new PlaneReplica({
      id,
      members,
      firstIncarnation,
      random: () => this.random.float(),
      now: () => this.now(),
    });
  }

  #restarted(replica: PlaneReplica): void {
    this.#delivered.set(replica.id, dotsOf(replica.disk.vector));
  }

  #deliverDue(): void {
    const due = this.#inFlight.filter(({ dueMs }) => dueMs <= this.nowMs);
    this.#inFlight = this.#inFlight.filter(({ dueMs }) => dueMs > this.nowMs);
    while (due.length > 0) {
      const [next] = due.splice(this.random.int(due.length), 1);
      const to = this.replicas.find(({ id }) => id === next?.to);
      if (next === undefined || to === undefined || this.#isCut(next.from.replica, next.to)) continue;
      to.receive(next.from, next.message);
      this.#flush(to);
    }
  }

  #flush(replica: PlaneReplica): void {
    for (const outgoing of replica.takeMessages()) {
      this.#checkSaid(replica, outgoing);
      for (const { id } of this.replicas) {
        if (id !== replica.id && (outgoing.to === 'all' || outgoing.to === id)) this.#send(replica, id, outgoing);
      }
    }
  }

  #send(from: PlaneReplica, to: ReplicaId, { message }: Outgoing): void {
    const { loss, duplication, maxDelayMs } = this.faults;
    if (this.#isCut(from.id, to)) return;
    for (const copies = this.random.chance(duplication) ? [1, 2] : [1]; copies.pop() !== undefined; ) {
      if (this.random.chance(loss)) continue;
      this.#inFlight.push({ from: from.peer, to, message, dueMs: this.nowMs + this.random.float() * maxDelayMs });
    }
  }

  #isCut(a: ReplicaId, b: ReplicaId): boolean {
    return (this.#sides.get(a) ?? 0) !== (this.#sides.get(b) ?? 0);
  }

  /** Nothing is said that a power cut could take back. */
  #checkSaid(replica: PlaneReplica, { message }: Outgoing): void {
    if ('vector' in message && !replica.disk.vector.includes(message.vector)) {
      throw new Error(`${replica.id} says ${JSON.stringify(message.vector)} and has ${JSON.stringify(replica.disk)}`);
    }
    if (message.kind !== 'groups') return;
    for (const { dot } of message.groups) {
      if (!replica.disk.operations.has(formatDot(dot)) && !replica.disk.floor.covers(dot)) {
        throw new Error(`${replica.id} published ${formatDot(dot)}, which is not durable`);
      }
    }
  }

  /** Every group after its causes and its predecessor, once, and the same bytes for the same dot everywhere. */
  #checkBatch(replica: PlaneReplica, batch: PersistBatch): void {
    const delivered = this.#delivered.get(replica.id) ?? new Set();
    for (const group of batch.deliveries) {
      const name = formatDot(group.dot);
      if (delivered.has(name)) throw new Error(`${replica.id} delivers ${name} twice`);
      const isOwn = group.dot.origin === replica.origin;
      const causes = group.deps.with({ ...group.dot, counter: Math.max(1, group.dot.counter - 1) });
      for (const cause of dotsOf(causes)) {
        if (cause === name || delivered.has(cause) || (isOwn && replica.plane.installing)) continue;
        throw new Error(`${replica.id} delivers ${name} before ${cause}`);
      }
      delivered.add(name);
      this.#checkIdentity(name, group);
    }
    if (batch.install?.last === true) for (const dot of dotsOf(batch.install.page.vector)) delivered.add(dot);
    this.#delivered.set(replica.id, delivered);
  }

  #checkIdentity(name: string, group: WriteGroup): void {
    const known = this.groups.get(name) ?? group;
    this.groups.set(name, known);
    if (Buffer.compare(known.encoded, group.encoded) !== 0) throw new Error(`the dot ${name} names two groups`);
  }
}

/** Every dot inside `vector`, by name. */
export function dotsOf(vector: VersionVector): Set<string> {
  const dots = new Set<string>();
  for (const [origin, need] of vector.entries()) {
    for (let counter = 1; counter <= need; counter += 1) dots.add(formatDot({ origin, counter }));
  }
  return dots;
}

/** Deliver `groups` by the definition: look at all of them again and again until nothing more can be delivered. */
export function deliverByRescan(groups: readonly WriteGroup[]): WriteGroup[] {
  const order: WriteGroup[] = [];
  let vector = VersionVector.EMPTY;
  for (let moved = true; moved; ) {
    moved = false;
    for (const group of groups) {
      if (vector.get(group.dot.origin) !== group.dot.counter - 1 || !vector.includes(group.deps)) continue;
      vector = vector.with(group.dot);
      order.push(group);
      moved = true;
    }
  }
  return order;
}

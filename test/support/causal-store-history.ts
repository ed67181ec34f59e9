/**
 * Histories as a causally consistent store leaves them: replicas that deliver a write after what it depends on, clients
 * whose sessions wander between replicas that cover their tokens. `staleness` makes the store forget to look at the token.
 */
import type { HistoryRecord, Level, Value } from '../../src/check/history/record.js';
import { type SeededRandom, seededRandom } from './seeded-random.js';

export interface CausalLoad {
  readonly seed: number;
  readonly operations: number;
  readonly clients: number;
  readonly replicas: number;
  readonly keys: number;
  readonly deletes: number;
  readonly eventual: number;
  readonly lost: number;
  /** The share of requests that go to any replica, whether it covers their token or not. */
  readonly staleness: number;
}

type Vector = readonly number[];

interface Version {
  readonly key: string;
  readonly value: Value;
  readonly origin: number;
  readonly counter: number;
  readonly deps: Vector;
  readonly stamp: number;
}

class Replica {
  vector: Vector;
  stamp = 0;
  readonly #versions = new Map<string, readonly Version[]>();
  #waiting: Version[] = [];

  constructor(replicas: number) {
    this.vector = new Array<number>(replicas).fill(0);
  }

  versions(key: string): readonly Version[] {
    return this.#versions.get(key) ?? [];
  }

  receive(version: Version): void {
    this.#waiting.push(version);
    for (;;) {
      const ready = this.#waiting.find((each) => this.#isReady(each));
      if (ready === undefined) return;
      this.#waiting = this.#waiting.filter((each) => each !== ready);
      this.deliver(ready);
    }
  }

  deliver(version: Version): void {
    this.vector = this.vector.map((have, i) => (i === version.origin ? version.counter : have));
    this.stamp = Math.max(this.stamp, version.stamp);
    const left = this.versions(version.key).filter(({ origin, counter }) => (version.deps[origin] ?? 0) < counter);
    this.#versions.set(
      version.key,
      [...left, version].sort((a, b) => b.stamp - a.stamp || b.origin - a.origin),
    );
  }

  #isReady({ origin, counter, deps }: Version): boolean {
    return this.vector[origin] === counter - 1 && covers(this.vector, deps, origin);
  }
}

export function causalStoreHistory(load: CausalLoad): readonly HistoryRecord[] {
  const random = seededRandom(load.seed);
  const none: Vector = new Array<number>(load.replicas).fill(0);
  const replicas = Array.from({ length: load.replicas }, () => new Replica(load.replicas));
  const inFlight: { readonly to: Replica; readonly version: Version }[][] = replicas.map(() => []);
  const clients = Array.from({ length: load.clients }, (_, i) => ({ session: `s${i}`, process: i, token: none }));
  const records: HistoryRecord[] = [];
  for (let i = 0; i < load.operations; i += 1) {
    for (const queue of inFlight) deliverSome(queue, random);
    const client = random.pick(clients);
    const level: Level = random.chance(load.eventual) ? 'eventual' : 'causal';
    const fit = replicas.filter(({ vector }) => level === 'eventual' || covers(vector, client.token));
    const replica = random.pick(random.chance(load.staleness) || fit.length === 0 ? replicas : fit);
    const origin = replicas.indexOf(replica);
    if (fit.length === 0 && load.staleness === 0) continue;
    const key = `k${random.int(load.keys)}`;
    const isLost = random.chance(load.lost);
    const common = {
      process: client.process,
      session: client.session,
      replica: `r${origin}`,
      level,
      invoke: i * 10,
      complete: isLost ? null : i * 10 + 9,
      status: isLost ? 'info' : 'ok',
    } as const;
    const present = replica.versions(key);
    const token = level === 'eventual' ? none : client.token;
    if (random.chance(0.5)) {
      const value: Value = random.chance(load.deletes) ? null : `v${i}`;
      const deps = present.reduce((sum, each) => join(sum, pastOf(each)), token);
      const counter = (replica.vector[origin] as number) + 1;
      const version: Version = { key, value, origin, counter, deps, stamp: replica.stamp + 1 };
      replica.deliver(version);
      for (const to of replicas) if (to !== replica) inFlight[origin]?.push({ to, version });
      if (!isLost) client.token = join(client.token, pastOf(version));
      records.push(value === null ? { ...common, op: 'delete', key } : { ...common, op: 'write', key, value });
    } else {
      const [winner] = present;
      if (winner !== undefined && !isLost) client.token = join(client.token, pastOf(winner));
      const output = winner?.value ?? null;
      records.push({ ...common, op: 'read', key, output, outputs: present.map(({ value }) => value) });
    }
  }
  return records;
}

function deliverSome(queue: { readonly to: Replica; readonly version: Version }[], random: SeededRandom): void {
  while (queue.length > 0 && random.chance(0.6)) {
    const [next] = queue.splice(random.int(Math.min(queue.length, 8)), 1);
    next?.to.receive(next.version);
  }
}

function pastOf({ deps, origin, counter }: Version): Vector {
  return deps.map((have, i) => (i === origin ? Math.max(have, counter) : have));
}

function join(a: Vector, b: Vector): Vector {
  return a.map((have, i) => Math.max(have, b[i] ?? 0));
}

/** Whether `vector` has all of `deps`, but for one origin. */
function covers(vector: Vector, deps: Vector, except = -1): boolean {
  return deps.every((need, i) => i === except || need <= (vector[i] as number));
}

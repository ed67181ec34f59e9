/** Random small histories of all levels on one key, judged by brute force. `SEED` runs one, `RUNS` as many as it says. */
import { describe, expect, it } from 'vitest';
import { CausewayError } from '../../src/base/errors.js';
import type { Dot } from '../../src/clocks/dot.js';
import type { VersionVector } from '../../src/clocks/version-vector.js';
import { OrderedCluster } from '../support/ordered-cluster.js';
import { read, textsOf, weakly, write } from '../support/ordered-requests.js';
import { isLinearizable, type RegisterOperation, readOf, swapOf, writeOf } from '../support/register-history.js';
import { putOp } from '../support/requests.js';
import type { Fate } from '../support/shared-order.js';

const KEY = 'k';
const FATES: readonly Fate[] = [
  'commit',
  'commit',
  'commit-unknown',
  'commit-silently',
  'overtaken',
  'lost-unknown',
  'refuse',
];

/** A weaker write that a majority had by then, by what a token that has seen it covers. */
interface Promised {
  readonly completedMs: number;
  readonly token: VersionVector;
}

class History {
  readonly operations: RegisterOperation[] = [];
  readonly promised: Promised[] = [];
  readonly broken: string[] = [];
  readonly counts = { read: 0, written: 0, swapped: 0, weak: 0, unknown: 0, refused: 0 };
  readonly #cluster: OrderedCluster;
  /** What a read has shown last, for the next condition. */
  #last: { readonly text: string | undefined; readonly dots: readonly Dot[] } | undefined;
  #value = 0;

  constructor(cluster: OrderedCluster) {
    this.#cluster = cluster;
  }

  async step(): Promise<void> {
    const { random } = this.#cluster;
    const at = random.int(3);
    const shape = random.int(10);
    const invokedMs = this.#cluster.time.monotonicMs();
    if (shape < 4) await this.#read(at, invokedMs);
    else if (shape < 6) await this.#write(at, invokedMs);
    else if (shape < 8) await this.#swap(at, invokedMs);
    else await this.#weak(at, invokedMs, shape === 8);
  }

  /** At the end every replica answers. */
  lastRead(at: number): Promise<void> {
    return this.#read(at, this.#nowMs);
  }

  async #read(at: number, invokedMs: number): Promise<void> {
    const result = await coded(read(this.#cluster, at, KEY, { timeoutMs: 1_500 }));
    if (result instanceof CausewayError) {
      this.counts.refused += 1;
      if (result.entry.outcome === 'unknown') this.broken.push('a read has an unknown outcome');
      return;
    }
    this.counts.read += 1;
    const winner = result.state.versions[0];
    const [text] = textsOf(result.state.versions);
    this.operations.push(readOf(text, invokedMs, this.#nowMs));
    for (const { completedMs, token } of this.promised) {
      if (completedMs < invokedMs && !result.token.includes(token))
        this.broken.push(`unseen: ${JSON.stringify(token)}`);
    }
    if (winner !== undefined) this.#last = { text, dots: [winner.dot] };
  }

  async #write(at: number, invokedMs: number): Promise<void> {
    const removes = this.#cluster.random.chance(0.2);
    const text = removes ? undefined : this.#newValue();
    const op = text === undefined ? ({ kind: 'delete', key: KEY } as const) : putOp(KEY, text);
    const retry = this.#cluster.random.chance(0.5) ? { idempotencyKey: `request ${this.#newValue()}` } : {};
    const result = await coded(write(this.#cluster, at, [op], { timeoutMs: 1_500, ...retry }));
    if (!(result instanceof CausewayError)) {
      this.counts.written += 1;
      this.operations.push(writeOf(text, invokedMs, this.#nowMs));
    } else if (result.entry.outcome === 'unknown') {
      this.counts.unknown += 1;
      this.operations.push(writeOf(text, invokedMs, Number.POSITIVE_INFINITY, true));
    } else this.counts.refused += 1;
  }

  async #swap(at: number, invokedMs: number): Promise<void> {
    const expected = this.#last?.text;
    const known = this.#last;
    const condition =
      known === undefined || expected === undefined
        ? ({ kind: 'absent' } as const)
        : ({ kind: 'etag', dots: known.dots } as const);
    const text = this.#newValue();
    const result = await coded(write(this.#cluster, at, [putOp(KEY, text)], { timeoutMs: 1_500, condition }));
    const end = (succeeded: boolean | undefined, completedMs: number) =>
      this.operations.push(swapOf(expected, text, succeeded, invokedMs, completedMs));
    if (!(result instanceof CausewayError)) {
      this.counts.swapped += 1;
      end(true, this.#nowMs);
    } else if (result.code === 'precondition-failed') end(false, this.#nowMs);
    else if (result.entry.outcome === 'unknown') {
      this.counts.unknown += 1;
      end(undefined, Number.POSITIVE_INFINITY);
    } else this.counts.refused += 1;
  }

  async #weak(at: number, invokedMs: number, majority: boolean): Promise<void> {
    const text = this.#newValue();
    this.operations.push(writeOf(text, invokedMs, Number.POSITIVE_INFINITY, true));
    this.counts.weak += 1;
    const durability = majority ? ('majority' as const) : ('local' as const);
    const result = await coded(weakly(this.#cluster, at, putOp(KEY, text), { durability }));
    if (result instanceof CausewayError || !majority) return;
    this.promised.push({ completedMs: this.#nowMs, token: result.token });
  }

  get #nowMs(): number {
    return this.#cluster.time.monotonicMs();
  }

  #newValue(): string {
    this.#value += 1;
    return `v${this.#value}`;
  }
}

async function coded<T>(request: Promise<T>): Promise<T | CausewayError> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof CausewayError) return error;
    throw error;
  }
}

/** Three clients, some twenty operations, and whatever may go wrong between them. */
async function play(seed: number): Promise<History> {
  const cluster = new OrderedCluster(seed);
  const history = new History(cluster);
  const { random } = cluster;
  if (random.chance(0.5)) cluster.order.fates.push(...Array.from({ length: 12 }, () => random.pick(FATES)));
  const client = async () => {
    for (let i = 0; i < 7; i += 1) {
      await history.step();
      if (random.chance(0.5)) await pause(cluster, random.float() * 60);
    }
  };
  const weather = async () => {
    for (let i = 0; i < 6; i += 1) {
      await pause(cluster, random.float() * 60);
      trouble(cluster);
      await pause(cluster, random.float() * random.pick([50, 300, 1_500, 2_500]));
      cluster.heal();
    }
  };
  await cluster.during(Promise.all([client(), client(), client(), weather()]));
  cluster.heal();
  await cluster.run(2_000);
  for (const at of [0, 1, 2]) await cluster.during(history.lastRead(at));
  if (cluster.notUniform.length > 0) history.broken.push('an entry came before its dependencies');
  return history;
}

function trouble(cluster: OrderedCluster): void {
  const { random } = cluster;
  const victim = random.int(3);
  const node = cluster.node(victim);
  switch (random.int(5)) {
    case 0:
      node.member.isLagging = true;
      return;
    case 1: {
      const next = (victim + 1) % 3;
      cluster.isolate(victim);
      if (cluster.order.leader !== victim) return;
      node.member.delude();
      cluster.order.elect(next);
      return;
    }
    case 2:
      cluster.silentLinks.add(`${node.id}>${cluster.node((victim + 1) % 3).id}`);
      return;
    case 3:
      cluster.cutLinks.add(`${node.id}>${cluster.node((victim + 1) % 3).id}`);
      return;
    default:
      cluster.order.elect(victim);
  }
}

function pause(cluster: OrderedCluster, ms: number): Promise<void> {
  return new Promise((resolve) => void cluster.time.after(ms, () => resolve()));
}

describe('histories of all levels on one key', () => {
  it('are linearizable, and show every weaker write that a majority had before', async () => {
    const only = process.env['SEED'];
    const runs = Number(process.env['RUNS'] ?? 60);
    const seeds = only === undefined ? Array.from({ length: runs }, (_, i) => i + 1) : [Number(only)];
    const sum = { read: 0, written: 0, swapped: 0, weak: 0, unknown: 0, refused: 0 };
    for (const seed of seeds) {
      const { operations, broken, counts } = await play(seed);
      expect({ seed, broken }).toEqual({ seed, broken: [] });
      expect({ seed, verdict: isLinearizable(operations) }).toEqual({ seed, verdict: true });
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += counts[name];
    }
    if (only !== undefined) return;
    for (const [name, count] of Object.entries(sum)) expect([name, count > runs / 10]).toEqual([name, true]);
  });

  it('that are not are told from those that are', () => {
    const stale = [writeOf('a', 0, 1), writeOf('b', 2, 3), readOf('a', 4, 5)];
    expect([isLinearizable(stale), isLinearizable([...stale.slice(0, 2), readOf('b', 4, 5)])]).toEqual([false, true]);
    const twice = [writeOf('a', 0, 9, true), readOf('a', 1, 2), writeOf('b', 3, 4), readOf('a', 5, 6)];
    expect(isLinearizable(twice)).toBe(false);
    expect(isLinearizable([swapOf(undefined, 'a', true, 0, 1), swapOf(undefined, 'b', true, 2, 3)])).toBe(false);
  });
});

/** Locks while replicas crash, pause, are cut off and jump, and proposals get lost: what the log says, and what clients are told. */
import { describe, expect, it } from 'vitest';
import { CausewayError, type ErrorCode } from '../../src/base/errors.js';
import { LIMITS } from '../../src/base/limits.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { decodeAnswer } from '../../src/coordination/answer.js';
import { decodeCoordination } from '../../src/coordination/command.js';
import { readLock } from '../../src/coordination/lock-state.js';
import { decodeEntry } from '../../src/keyspace/ordered/entry.js';
import { LockCluster, type LockNode } from '../support/lock-cluster.js';
import { OrderedLog, putOp } from '../support/ordered-log.js';
import { until } from '../support/virtual-time.js';

const NAMES = ['a', 'b'];
/** Longer than any run: such a caller waits until his turn comes. */
const PATIENT_MS = LIMITS.lockWaitMaxMs;
/** How the waiting of such a caller may end. */
const SAID: readonly string[] = ['held', 'fenced', 'broken', 'no-quorum', 'outcome-unknown'];
const CLIENTS = 8;
const STORM_MS = 60_000;

interface Ask {
  readonly name: string;
  readonly owner: string;
  readonly waitMs: number;
  /** Undefined while it waits; `broken` if its replica crashed. */
  end: ErrorCode | 'held' | 'broken' | undefined;
  token: number | undefined;
}

class Workload {
  readonly asks: Ask[] = [];
  fenced = 0;
  written = 0;
  readonly #cluster: LockCluster;

  constructor(cluster: LockCluster) {
    this.#cluster = cluster;
  }

  async client(id: number): Promise<void> {
    const { random } = this.#cluster;
    for (let n = 0; this.#cluster.nowMs < STORM_MS; n += 1) {
      const up = this.#cluster.nodes.filter((node) => node.isUp);
      const name = random.pick(NAMES);
      const waitMs = random.pick([0, 1_500, PATIENT_MS]);
      const ask: Ask = { name, owner: `c${id}-${n}`, waitMs, end: undefined, token: undefined };
      this.asks.push(ask);
      await this.#ask(random.pick(up), ask);
      await this.#cluster.sleep(this.#cluster.between(50, 1_500));
    }
  }

  async #ask(node: LockNode, ask: Ask): Promise<void> {
    const { random } = this.#cluster;
    const ttlMs = random.pick([400, 1_500]);
    const { name, owner, waitMs } = ask;
    const command = { kind: 'acquire', space: 'lock', name, owner, ttlMs, waitMs } as const;
    const held = await this.#told(node, node.service.coordinate({ command }, CONTEXT));
    ask.end = held.kind;
    if (held.value?.answer.kind !== 'held') return;
    expect(held.value.answer.holder.owner).toBe(owner);
    const { token } = held.value.answer.holder;
    ask.token = token;
    const renewals = random.int(3);
    for (let i = 0; i < renewals && node.isUp; i += 1) {
      await this.#cluster.sleep(ttlMs / 3);
      const renewal = { kind: 'renew', space: 'lock', name, token } as const;
      if (node.isUp) await this.#told(node, node.service.coordinate({ command: renewal }, CONTEXT));
    }
    if (random.chance(0.5)) await this.#cluster.sleep(3 * ttlMs);
    if (node.isUp) await this.#write(node, { lock: name, token });
    const release = { kind: 'release', space: 'lock', name, token } as const;
    if (node.isUp && random.chance(0.6)) await this.#told(node, node.service.coordinate({ command: release }, CONTEXT));
  }

  async #write(node: LockNode, fence: { readonly lock: string; readonly token: number }): Promise<void> {
    const command = { kind: 'write', op: putOp(fence.lock, `${fence.token}`), condition: undefined } as const;
    const { EMPTY: deps } = VersionVector;
    const entry = { base: node.view.applied, retry: undefined, deps, known: undefined, adopted: [], command };
    const { value } = await this.#told(node, node.propose({ ...entry, fences: [fence] }, 1_000));
    if (value?.outcome.kind === 'written') this.written += 1;
    if (value?.outcome.kind === 'refused') {
      expect(value.outcome.code).toBe('fenced');
      this.fenced += 1;
    }
  }

  async #told<T>(
    node: LockNode,
    call: Promise<T>,
  ): Promise<{ readonly kind: ErrorCode | 'held' | 'broken'; readonly value?: T }> {
    const told = call.then(
      (value) => ({ kind: 'held' as const, value }),
      (error: unknown) => {
        if (!(error instanceof CausewayError)) throw error;
        return { kind: error.code };
      },
    );
    return Promise.race([told, node.death().then(() => ({ kind: 'broken' as const }))]);
  }
}

const CONTEXT = { timeoutMs: 1_000, token: VersionVector.EMPTY };

/** What the log itself says, entry by entry. */
function auditLog(cluster: LockCluster) {
  const replay = new OrderedLog();
  const owners = new Map<number, string>();
  const newest = new Map<string, number>();
  const ends = new Map<number, number>();
  const counts = { expired: 0, abandoned: 0, early: [] as string[] };
  for (const { bytes, atMs } of cluster.log) {
    const { command } = decodeEntry(bytes);
    const before = new Map(NAMES.map((name) => [name, readLock(replay.state, 'lock', name)]));
    const { outcome, index } = replay.apply(bytes);
    const asked = command.kind === 'coordinate' ? decodeCoordination(command.command) : undefined;
    const answer = outcome.kind === 'coordinated' ? decodeAnswer(outcome.answer) : undefined;
    if (answer?.kind === 'abandoned') counts.abandoned += 1;
    if (answer?.kind === 'ended' && (asked?.kind === 'expire' || asked?.kind === 'release')) {
      ends.set(asked.token, (ends.get(asked.token) ?? 0) + 1);
      if (asked.kind === 'expire') {
        counts.expired += 1;
        const ttlMs = before.get(asked.name)?.holder.ttlMs ?? Number.NaN;
        const lastedMs = atMs - (cluster.log[asked.renewal - 1]?.atMs ?? Number.NaN);
        if (!(lastedMs >= ttlMs)) counts.early.push(`${index}: ${lastedMs} of ${ttlMs} ms`);
      }
    }
    for (const name of NAMES) {
      const holder = readLock(replay.state, 'lock', name)?.holder;
      if (holder === undefined || holder.token === before.get(name)?.holder.token) continue;
      expect(holder.token, `tokens of ${name} grow, at ${index}`).toBeGreaterThan(newest.get(name) ?? 0);
      newest.set(name, holder.token);
      owners.set(holder.token, holder.owner);
    }
  }
  return { replay, owners, ends, counts };
}

describe('locks of three replicas in a storm', () => {
  it.each([1, 2, 3, 4])('have one holder a token, in order of arrival, and end once (seed %i)', async (seed) => {
    const cluster = new LockCluster(seed);
    const workload = new Workload(cluster);
    let running = CLIENTS;
    for (let i = 0; i < CLIENTS; i += 1) void workload.client(i).then(() => (running -= 1));
    while (cluster.nowMs < STORM_MS) {
      await cluster.run(cluster.between(500, 2_500));
      cluster.strike();
    }
    // The last fault passes; then every lease ends by itself, and everybody who waits has his turn.
    for (let i = 0; i < 100 && running > 0; i += 1) await cluster.run(10_000);
    expect(running).toBe(0);
    await until(cluster.time, cluster.nowMs + PATIENT_MS + 60_000);

    const { replay, owners, ends, counts } = auditLog(cluster);
    expect(counts.early).toEqual([]);
    expect([...ends.values()].filter((count) => count !== 1)).toEqual([]);
    expect([...owners.keys()].filter((token) => !ends.has(token))).toEqual([]);
    const told = workload.asks.flatMap(({ token, owner }) => (token === undefined ? [] : [[token, owner] as const]));
    expect(new Set(told.map(([token]) => token)).size).toBe(told.length);
    for (const [token, owner] of told) expect(owners.get(token)).toBe(owner);
    // Who waits as long as it takes has the lock, unless nobody can say whether he was heard, or his replica was so far
    // behind that it saw his turn only when it was over.
    const patient = workload.asks.filter(({ waitMs }) => waitMs === PATIENT_MS);
    const granted = new Set(owners.values());
    const untold = patient.filter(({ end, owner }) => end === 'fenced' && !granted.has(owner));
    const refused = patient.filter(({ end }) => !SAID.includes(end ?? 'nothing'));
    expect([untold, refused]).toEqual([[], []]);
    for (const node of cluster.nodes) {
      expect([node.view.applied, node.watched, node.service.waiting]).toEqual([cluster.log.length, 0, 0]);
      expect(node.view.state.dump()).toEqual(replay.state.dump());
    }
    const { crashes, pauses, cuts, elections, clockJumps } = cluster.happened;
    expect(Math.min(crashes, pauses, cuts, elections, clockJumps)).toBeGreaterThan(0);
    expect(Math.min(counts.expired, counts.abandoned, workload.fenced, workload.written)).toBeGreaterThan(3);
    expect(patient.filter(({ end }) => end === 'held').length).toBeGreaterThan(10);
  });
});

/**
 * The long run: clients at all levels, and on locks, sequences and claims, for as long as is asked for, with a fault every
 * few seconds. It goes in rounds with keys of their own: at the end of each the clients fall silent while a fault still
 * lasts, and then it is measured how long the replicas take to become the same.
 */
import { CausewayError } from '../../base/errors.js';
import type { HistoryRecord } from '../../check/history/record.js';
import type { Lab } from '../cluster.js';
import { leaderOf } from '../workload/control.js';
import type { FaultName } from '../workload/faults.js';
import { History, tallyOf } from '../workload/history.js';
import { type FaultSpan, Nemesis } from '../workload/nemesis.js';
import { pause } from '../workload/pause.js';
import type { RegisterMix } from '../workload/register-client.js';
import { RequestPool } from '../workload/requests.js';
import { Crowd } from '../workload/run.js';
import { keyPairs } from './key-pairs.js';
import { type Run, wasTrying } from './outcome.js';
import { convergenceMs, recordFinals, untilLinearizable } from './quiet.js';

export interface SoakOptions {
  readonly lab: Lab;
  readonly seed: number;
  /** Of load; what passes until the replicas are the same comes on top, and further rounds if nobody was disturbed. */
  readonly seconds: number;
  /** A quarter of them uses locks, sequences and claims. */
  readonly clients: number;
  /** Of each round. */
  readonly keys: number;
  /** Steps of all clients together in a second, at most. */
  readonly rate: number;
  readonly timeoutMs: number;
  readonly faults: readonly [FaultName, ...FaultName[]];
  readonly faultEverySeconds: number;
  readonly faultsPerRound: number;
  readonly report?: (line: string) => void;
}

/** How much longer than its timeout a request may take before its answer is given up. */
const ANSWER_GRACE_MS = 2_000;
/** Of the time between two faults, how much the first one lasts. */
const FAULT_SHARE = 0.6;
const OBJECT_SHARE = 0.25;
const LOCK_TTL_MS = 500;
const LOCK_WAIT_MS = 200;
const CLAIMS_PER_ROUND = 40;
/** Beyond those that were asked for, while the faults have disturbed nobody: a short run on a slow machine has few requests. */
const FURTHER_ROUNDS_MAX = 2;

/** Every level has its share, and weaker writes are rare enough for a checker that must try all places for each. */
const ALL_LEVELS: RegisterMix = [
  [18, { kind: 'read', level: 'linearizable' }],
  [11, { kind: 'write', level: 'linearizable' }],
  [8, { kind: 'cas' }],
  [4, { kind: 'create' }],
  [3, { kind: 'delete', level: 'linearizable' }],
  [7, { kind: 'txn' }],
  [2, { kind: 'batch', level: 'linearizable' }],
  [16, { kind: 'read', level: 'causal' }],
  [8, { kind: 'write', level: 'causal' }],
  [2, { kind: 'delete', level: 'causal' }],
  [2, { kind: 'batch', level: 'causal' }],
  [12, { kind: 'read', level: 'eventual' }],
  [6, { kind: 'write', level: 'eventual' }],
  [1, { kind: 'delete', level: 'eventual' }],
];

/** What came of one round. */
interface Round {
  readonly records: readonly HistoryRecord[];
  /** From the heal of its last fault until all replicas had the same; undefined if they did not. */
  readonly convergedMs: number | undefined;
}

/** Never rejects for what the cluster does: that is a trouble of the run, whose history is judged all the same. */
export async function proveSoak(options: SoakOptions): Promise<Run> {
  const { lab, report } = options;
  await untilLinearizable(lab);
  const soak = new Soak(options);
  const troubles: string[] = [];
  const rounds: Round[] = [];
  const startedMs = performance.now();
  let left = Math.max(1, Math.floor(options.seconds / options.faultEverySeconds));
  let furtherRounds = FURTHER_ROUNDS_MAX;
  while (troubles.length === 0) {
    if (left <= 0) {
      if (furtherRounds === 0 || (await hasDisturbed(soak, lab))) break;
      furtherRounds -= 1;
      left = options.faultsPerRound;
    }
    try {
      const round = await soak.round(rounds.length, Math.min(left, options.faultsPerRound));
      rounds.push(round);
      report?.(`round ${rounds.length}: ${round.records.length} operations; ${wordsOf(round)}`);
      if (round.convergedMs === undefined) troubles.push(`round ${rounds.length}: the replicas did not converge`);
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error;
      troubles.push(`round ${rounds.length + 1}: ${error.code}: ${error.message}`);
    }
    left -= options.faultsPerRound;
  }
  const tookMs = performance.now() - startedMs;
  await soak.close();
  const { history, spans } = soak;
  const tally = tallyOf(history.records);
  const terms = (await leaderOf(lab))?.term ?? 0;
  if (!(await hasDisturbed(soak, lab))) troubles.push('the faults disturbed nobody: this proves nothing');
  const counts = Object.values(tally);
  return {
    history,
    tally,
    troubles,
    rounds: rounds.map(({ records }) => records),
    facts: {
      seconds: Math.round(tookMs / 1_000),
      clients: options.clients,
      operations: history.records.length,
      refused: counts.reduce((sum, { fail }) => sum + fail, 0),
      unknown: counts.reduce((sum, { info }) => sum + info, 0),
      faults: spans.length,
      ...faultsByKind(spans),
      'terms of leaders': terms,
      ...convergenceFacts(rounds.flatMap(({ convergedMs }) => convergedMs ?? [])),
    },
  };
}

/** Somebody was refused, somebody was left in the dark, and leaders changed. */
async function hasDisturbed({ history }: Soak, lab: Lab): Promise<boolean> {
  return wasTrying(tallyOf(history.records), (await leaderOf(lab))?.term ?? 0);
}

/** What lasts from round to round: the clients with their sessions, the nemesis, the history. */
class Soak {
  readonly history = new History();
  readonly #options: SoakOptions;
  readonly #pool: RequestPool;
  readonly #nemesis: Nemesis;
  readonly #registers: Crowd;
  readonly #objects: Crowd;

  constructor(options: SoakOptions) {
    const { lab, seed, clients, rate, timeoutMs, report } = options;
    this.#options = options;
    this.#pool = new RequestPool({ connections: clients, answerTimeoutMs: timeoutMs + ANSWER_GRACE_MS });
    this.#nemesis = new Nemesis({ ...options, report: ({ fault, replica }) => report?.(`${fault}: ${replica}`) });
    const { history } = this;
    const stepMs = (clients * 1_000) / rate;
    const ground = { requests: this.#pool, targets: () => lab.replicas, history, seed, timeoutMs, stepMs };
    const objects = Math.ceil(clients * OBJECT_SHARE);
    this.#registers = new Crowd(ground, clients - objects, 'p');
    this.#objects = new Crowd(ground, objects, 'o');
  }

  get spans(): readonly FaultSpan[] {
    return this.#nemesis.spans;
  }

  /** @throws CausewayError if a replica or a server does not start again, or the cluster is not settled in time */
  async round(number: number, faults: number): Promise<Round> {
    const { lab, keys } = this.#options;
    const first = this.history.records.length;
    const groups = keyPairs(keys, `soak/${number}`);
    const ending = new AbortController();
    const load = Promise.all([
      this.#registers.useRegisters({ groups, mix: ALL_LEVELS, label: `.${number}` }, ending.signal),
      this.#objects.useObjects(objectsOf(number), ending.signal),
    ]);
    const silent = async (): Promise<void> => {
      ending.abort();
      await load;
    };
    let healingMs: number;
    try {
      healingMs = await this.#torment(faults, silent);
    } finally {
      await silent();
    }
    await lab.settled();
    const isSame = (await convergenceMs(lab)) !== undefined;
    const convergedMs = isSame ? performance.now() - healingMs : undefined;
    if (isSame) await recordFinals(lab, groups.flat(), this.history);
    return { records: this.history.records.slice(first), convergedMs };
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  /** One fault after the other; the last is undone when the clients are silent. Returns when that was. */
  async #torment(faults: number, silent: () => Promise<void>): Promise<number> {
    const everyMs = this.#options.faultEverySeconds * 1_000;
    const { signal } = new AbortController();
    for (let left = faults; ; left -= 1) {
      const startedMs = performance.now();
      const { undo } = await this.#nemesis.strikeNext();
      await pause(everyMs * FAULT_SHARE, signal);
      if (left === 1) await silent();
      const healingMs = performance.now();
      await undo();
      if (left === 1) return healingMs;
      await pause(Math.max(0, startedMs + everyMs - performance.now()), signal);
    }
  }
}

/** Locks and sequences are the same in all rounds, names to claim are new ones. */
function objectsOf(round: number) {
  const claims = Array.from({ length: CLAIMS_PER_ROUND - 1 }, (_, i) => `name-${round}-${i + 1}`);
  return {
    sequences: ['orders', 'invoices'],
    locks: ['a', 'b', 'c'],
    claims: [`name-${round}-0`, ...claims],
    ttlMs: LOCK_TTL_MS,
    waitMs: LOCK_WAIT_MS,
  } as const;
}

function faultsByKind(spans: readonly FaultSpan[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { fault } of spans) counts[`  ${fault}`] = (counts[`  ${fault}`] ?? 0) + 1;
  return counts;
}

function convergenceFacts(timesMs: readonly number[]): Readonly<Record<string, string>> {
  const [shortest, middle, longest] = [0, 0.5, 1].map((share) => {
    const sorted = [...timesMs].sort((a, b) => a - b);
    return Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.POSITIVE_INFINITY);
  });
  return { 'converged after ms': `${shortest} to ${longest}, half of ${timesMs.length} rounds within ${middle}` };
}

function wordsOf({ convergedMs }: Round): string {
  return convergedMs === undefined ? 'not converged' : `converged after ${Math.round(convergedMs)} ms`;
}

/**
 * The main proof: clients at all levels on the same few keys, and on sequences, locks and claims, while one fault follows
 * the other. What they were told is judged by the checkers.
 */
import type { Lab } from '../cluster.js';
import { leaderOf } from '../workload/control.js';
import { History, tallyOf } from '../workload/history.js';
import { type NemesisOptions, torment } from '../workload/nemesis.js';
import { ALL_KINDS } from '../workload/register-client.js';
import { RequestPool } from '../workload/requests.js';
import { type Ground, runObjectClients, runRegisterClients } from '../workload/run.js';
import { keyPairs } from './key-pairs.js';
import { type Run, wasTrying } from './outcome.js';
import { convergenceMs, recordFinals, untilLinearizable } from './quiet.js';

export interface RegisterProofOptions {
  readonly lab: Lab;
  readonly seed: number;
  /** Linearizable operations on keys that are answered before it ends, and every fault has struck once. */
  readonly operations: number;
  readonly clients: number;
  readonly keys: number;
  /** Clients of sequences, locks and claims beside them. */
  readonly objectClients: number;
  readonly timeoutMs: number;
  /** It has failed if there is no end by then. */
  readonly giveUpMs: number;
  readonly nemesis: Pick<NemesisOptions, 'faults' | 'lastsMs' | 'restMs' | 'report'>;
  /** Told now and then how many operations there were. */
  readonly progress?: (served: number) => void;
}

/** How much longer than its timeout a request may take before its answer is given up. */
const ANSWER_GRACE_MS = 2_000;
const LOOK_MS = 100;
const LOCK_TTL_MS = 300;
const LOCK_WAIT_MS = 100;

export async function proveRegisters(options: RegisterProofOptions): Promise<Run> {
  const { lab, seed, clients, objectClients, timeoutMs, operations } = options;
  await untilLinearizable(lab);
  const history = new History();
  const pool = new RequestPool({ connections: clients + objectClients, answerTimeoutMs: timeoutMs + ANSWER_GRACE_MS });
  const ending = new AbortController();
  const { signal } = ending;
  const ground: Ground = { requests: pool, targets: () => lab.replicas, history, seed, timeoutMs, signal };
  const groups = keyPairs(options.keys);
  const startedMs = performance.now();
  let strikes = 0;
  const report: NemesisOptions['report'] = (span) => {
    strikes += 1;
    options.nemesis.report?.(span);
  };
  const nemesis = torment({ ...options.nemesis, report, lab, seed, signal });
  // A replica that does not start again ends the run; it is awaited, and heard, below.
  nemesis.catch(() => ending.abort());
  const isEnough = (): boolean => history.served >= operations && strikes >= options.nemesis.faults.length;
  const looking = endWhen(isEnough, history, options, ending);
  try {
    await Promise.all([
      runRegisterClients(ground, { clients, groups, mix: ALL_KINDS }),
      runObjectClients(ground, {
        clients: objectClients,
        ...contended(operations),
        ttlMs: LOCK_TTL_MS,
        waitMs: LOCK_WAIT_MS,
      }),
    ]);
  } finally {
    ending.abort();
    clearInterval(looking);
  }
  const tookMs = performance.now() - startedMs;
  const faults = await nemesis;
  await pool.close();
  const healedMs = await convergenceMs(lab);
  if (healedMs !== undefined) await recordFinals(lab, groups.flat(), history);
  const troubles: string[] = [];
  if (history.served < operations) troubles.push(`only ${history.served} linearizable operations were answered`);
  if (healedMs === undefined) troubles.push('the replicas did not converge');
  const terms = (await leaderOf(lab))?.term ?? 0;
  const tally = tallyOf(history.records);
  if (faults.length > 0 && !wasTrying(tally, terms)) troubles.push('the faults disturbed nobody: this proves nothing');
  return {
    history,
    tally,
    troubles,
    facts: {
      seconds: Math.round(tookMs / 1_000),
      'linearizable operations': history.served,
      faults: faults.length,
      'terms of leaders': terms,
      'converged after ms': Math.round(healedMs ?? Number.POSITIVE_INFINITY),
    },
  };
}

function endWhen(
  isEnough: () => boolean,
  history: History,
  { giveUpMs, progress }: RegisterProofOptions,
  ending: AbortController,
): NodeJS.Timeout {
  const deadlineMs = performance.now() + giveUpMs;
  return setInterval(() => {
    progress?.(history.served);
    if (isEnough() || performance.now() > deadlineMs) ending.abort();
  }, LOOK_MS);
}

function contended(operations: number): {
  sequences: [string, ...string[]];
  locks: [string, ...string[]];
  claims: [string, ...string[]];
} {
  const claims = Array.from({ length: Math.max(1, Math.floor(operations / 100)) }, (_, i) => `name-${i}`);
  return { sequences: ['orders', 'invoices'], locks: ['a', 'b', 'c'], claims: claims as [string, ...string[]] };
}

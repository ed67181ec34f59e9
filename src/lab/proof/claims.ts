/**
 * Races for claims: some owners want the same name at the same moment, at different replicas, and do not give up before
 * they know. One of them has it in the end, and every replica names the same one.
 */
import type { HistoryRecord } from '../../check/history/record.js';
import type { Lab } from '../cluster.js';
import { jsonOf, sendCall } from '../http-call.js';
import { leaderOf } from '../workload/control.js';
import { Draw } from '../workload/draw.js';
import { History, tallyOf } from '../workload/history.js';
import { type NemesisOptions, torment } from '../workload/nemesis.js';
import { claimNow, claimPath } from '../workload/object-client.js';
import { RecordedClient } from '../workload/recorded-client.js';
import { RequestPool } from '../workload/requests.js';
import type { Run } from './outcome.js';
import { convergenceMs, untilLinearizable } from './quiet.js';

export interface ClaimProofOptions {
  readonly lab: Lab;
  readonly seed: number;
  readonly races: number;
  /** Owners in each race. */
  readonly racers: number;
  /** Races at the same time. */
  readonly lanes: number;
  readonly timeoutMs: number;
  /** Of each owner, before he is counted as one who never knew. */
  readonly attempts: number;
  readonly nemesis: Pick<NemesisOptions, 'faults' | 'lastsMs' | 'restMs' | 'report'>;
  readonly progress?: (races: number) => void;
}

const ANSWER_GRACE_MS = 2_000;
const NOBODY = 'nobody';

export async function proveClaims(options: ClaimProofOptions): Promise<Run> {
  const { lab, seed, races, racers, lanes, timeoutMs } = options;
  await untilLinearizable(lab);
  const history = new History();
  const pool = new RequestPool({ connections: racers * lanes, answerTimeoutMs: timeoutMs + ANSWER_GRACE_MS });
  const ending = new AbortController();
  const nemesis = torment({ ...options.nemesis, lab, seed, signal: ending.signal });
  // A replica that does not start again ends the run; it is awaited, and heard, below.
  nemesis.catch(() => ending.abort());
  const startedMs = performance.now();
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < races && !ending.signal.aborted) {
      const race = begun;
      begun += 1;
      await Promise.all(Array.from({ length: racers }, (_, owner) => runRacer(options, pool, history, race, owner)));
      options.progress?.(race);
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    ending.abort();
  }
  const tookMs = performance.now() - startedMs;
  const faults = await nemesis;
  await pool.close();
  const troubles = (await convergenceMs(lab)) === undefined ? ['the replicas did not converge'] : [];
  const shown = await Promise.all(lab.replicas.map(({ url }) => ownersAt(url, races)));
  const told = ownersTold(history.records);
  for (let race = 0; race < races; race += 1) {
    const owners = shown.map((byRace) => byRace[race] ?? NOBODY);
    const trouble = troubleOf(nameOf(race), told.get(nameOf(race)), owners);
    if (trouble !== undefined) troubles.push(trouble);
  }
  return {
    history,
    tally: tallyOf(history.records),
    troubles,
    facts: {
      seconds: Math.round(tookMs / 1_000),
      races,
      'owners in each': racers,
      faults: faults.length,
      'terms of leaders': (await leaderOf(lab))?.term ?? 0,
    },
  };
}

async function runRacer(
  { lab, seed, timeoutMs, attempts }: ClaimProofOptions,
  requests: RequestPool,
  history: History,
  race: number,
  owner: number,
): Promise<void> {
  const draw = new Draw(seed * 1_009 + race * 31 + owner);
  const client = new RecordedClient({ requests, targets: () => lab.replicas, history, draw, timeoutMs });
  for (let left = attempts; left > 0; left -= 1) {
    const { status } = await claimNow(client, nameOf(race), `owner-${owner}`);
    if (status === 'ok') return;
  }
}

function nameOf(race: number): string {
  return `name-${race}`;
}

async function ownersAt(url: string, races: number): Promise<readonly string[]> {
  const owners: string[] = [];
  for (let race = 0; race < races; race += 1) {
    // Of this replica alone: nobody else is asked at this level.
    const headers = { 'Consistency-Level': 'eventual' };
    const call = { method: 'GET', origin: url, path: claimPath(nameOf(race)), headers } as const;
    const { owner } = jsonOf(await sendCall(call, { timeoutMs: ANSWER_GRACE_MS })) as { readonly owner?: string };
    owners.push(owner ?? NOBODY);
  }
  return owners;
}

/** Who had each name by what the racers were told. */
function ownersTold(records: readonly HistoryRecord[]): ReadonlyMap<string, ReadonlySet<string>> {
  const told = new Map<string, Set<string>>();
  for (const record of records) {
    if (record.op !== 'claim' || record.status !== 'ok' || record.output === undefined) continue;
    const owners = told.get(record.key);
    if (owners === undefined) told.set(record.key, new Set([record.output]));
    else owners.add(record.output);
  }
  return told;
}

/** What is wrong with one race, in a sentence. */
function troubleOf(name: string, told: ReadonlySet<string> | undefined, shown: readonly string[]): string | undefined {
  const owners = new Set([...(told ?? []), ...shown]);
  if (owners.size === 1 && !owners.has(NOBODY)) return undefined;
  return `${name} has not one owner everywhere, but ${[...owners].join(', ')}`;
}

/** A comparison from beginning to end: phase after phase on a running lab, then everything is judged. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CausewayError } from '../../base/errors.js';
import type { Lab } from '../cluster.js';
import { tellEvery } from '../faults-call.js';
import { convergenceMs, recordFinals, untilLinearizable } from '../proof/quiet.js';
import { stretchLinks } from '../wan/links.js';
import { type WanPreset, wanPreset } from '../wan/presets.js';
import { leaderOf } from '../workload/control.js';
import { RequestPool } from '../workload/requests.js';
import { Arrivals } from './arrivals.js';
import { catchUpMs } from './catch-up.js';
import { NS_PER_MS } from './measured.js';
import { LEVELS, type PhasePlan, type Plan } from './plan.js';
import { Recorder } from './recorder.js';
import type { PhaseRun } from './results.js';
import { type Struck, strike } from './troubles.js';

export interface CompareOptions {
  readonly lab: Lab;
  readonly plan: Plan;
  readonly began?: (phase: Begun) => void;
  readonly ended?: (phase: PhaseRun, recorder: Recorder) => void;
}

/** A phase under way. */
export interface Begun {
  readonly phase: PhasePlan;
  /** What was done to the network, in words. */
  readonly what: string;
  /** On the clock of the history. */
  readonly startMs: number;
  /** Goes on growing. */
  readonly recorder: Recorder;
}

/** What was recorded; `summary.ts` makes results of it. */
export interface Recorded {
  readonly recorder: Recorder;
  readonly phases: readonly PhaseRun[];
  readonly clients: number;
  /** `null` if it took too long. */
  readonly convergenceAtEndMs: number | null;
}

/** How much longer than its timeout a request may take before its answer is given up. */
const ANSWER_GRACE_MS = 2_000;
const WARM_UP_MS = 1_000;
const LEADER_POLL_MS = 20;
const LEADER_TIMEOUT_MS = 20_000;

export async function compare(options: CompareOptions): Promise<Recorded> {
  const { lab, plan } = options;
  const preset = wanPreset(plan.wan);
  await untilLinearizable(lab);
  await leadFromFirst(lab);
  if (preset !== undefined) await stretchLinks(lab.replicas, preset);
  const recorder = new Recorder();
  const requests = new RequestPool({ connections: null, answerTimeoutMs: plan.load.timeoutMs + ANSWER_GRACE_MS });
  const ground = { load: plan.load, targets: lab.replicas, requests };
  try {
    // Code that runs for the first time is slow, and nobody wants to know that.
    await new Arrivals({ ...ground, recorder: new Recorder(), seed: plan.seed + 1, prefix: 'warm' }).run(WARM_UP_MS);
    const arrivals = new Arrivals({ ...ground, recorder, seed: plan.seed, prefix: 'k' });
    const phases = await goThrough(options, preset, recorder, arrivals);
    const convergence = await convergenceMs(lab);
    await recordFinals(lab, finalKeys(plan), recorder.history);
    return { recorder, phases, clients: arrivals.clients, convergenceAtEndMs: convergence ?? null };
  } finally {
    await requests.close();
  }
}

async function goThrough(
  { lab, plan, began, ended }: CompareOptions,
  preset: WanPreset | undefined,
  recorder: Recorder,
  arrivals: Arrivals,
): Promise<readonly PhaseRun[]> {
  const nowMs = (): number => recorder.history.nowNs() / NS_PER_MS;
  const phases: PhaseRun[] = [];
  let catchingUp: Promise<void> | undefined;
  for (const phase of plan.phases) {
    // What did not arrive yet would be cut off once more.
    if (phase.trouble.kind !== 'none') await catchingUp;
    const struck = await strike(lab, phase.trouble, preset);
    const startMs = nowMs();
    began?.({ phase, what: struck.what, startMs, recorder });
    await arrivals.run(phase.durationMs, struck.slowLink);
    const run = describe(phase, struck, startMs, nowMs());
    const at = phases.push(run) - 1;
    ended?.(run, recorder);
    await struck.heal();
    if (phase.trouble.kind === 'none') continue;
    catchingUp = catchUpMs(lab).then((convergence) => {
      phases[at] = { ...run, convergenceMs: convergence };
    });
  }
  await catchingUp;
  return phases;
}

function describe({ name, trouble, durationMs }: PhasePlan, struck: Struck, startMs: number, nextMs: number): PhaseRun {
  const { sides, what } = struck;
  return { name, kind: trouble.kind, what, startMs, endMs: startMs + durationMs, nextMs, sides };
}

/** The same replica leads at the beginning of every run, so that runs can be compared. */
async function leadFromFirst(lab: Lab): Promise<void> {
  const [first] = lab.replicas;
  const current = await leaderOf(lab);
  if (first === undefined || current?.replica === first) return;
  const asked = current?.replica ?? first;
  await tellEvery([asked], 'POST', `/v1/members/${first.id}/lead`);
  const deadlineMs = performance.now() + LEADER_TIMEOUT_MS;
  while ((await leaderOf(lab))?.replica !== first) {
    if (performance.now() > deadlineMs) throw new CausewayError('no-quorum', `${first.id} did not become leader`);
    await sleep(LEADER_POLL_MS);
  }
}

function finalKeys({ load }: Plan): readonly string[] {
  return LEVELS.flatMap((level) => Array.from({ length: load.keys }, (_, i) => `k-${level}-${i}`));
}

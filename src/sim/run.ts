/** One run of the simulator: a seed, a cluster, clients and trouble; then calm, and judgement. */
import { LIMITS } from '../base/limits.js';
import { judge } from '../check/judge.js';
import { Acknowledgements } from './clients/acknowledgements.js';
import { Client } from './clients/client.js';
import { CoordinationWork } from './clients/coordination-work.js';
import { OrderedWork } from './clients/ordered-work.js';
import { Recorder } from './clients/recorder.js';
import { UniqueWork } from './clients/unique-work.js';
import { weakWork } from './clients/weak-work.js';
import { checkConverged, whyNotConverged, whyNotEqual } from './convergence.js';
import type { Counts } from './counts.js';
import { MembershipOffice } from './faults/membership-office.js';
import { Nemesis } from './faults/nemesis.js';
import { SimRandom } from './random.js';
import type { Scenario } from './scenario.js';
import { type Finding, SimCluster } from './world/cluster.js';

/** `broken`: a promise; `stuck`: no harm was done, but the cluster did not recover; `unknown`: a checker gave up. */
export type Verdict = 'held' | 'broken' | 'stuck' | 'unknown';

export interface RunResult {
  readonly scenario: Scenario;
  readonly verdict: Verdict;
  readonly findings: readonly Finding[];
  /** Two runs with the same digest did the same. */
  readonly digest: string;
  /** The transcript, if it was asked for. */
  readonly text: string;
  readonly simulatedMs: number;
  readonly events: number;
  readonly counts: Readonly<Counts>;
}

export interface RunOptions {
  readonly keepsText?: boolean;
}

/** Why a healed cluster is not what it should be. */
interface Shortcoming {
  readonly verdict: 'stuck' | 'broken';
  readonly why: string;
}

/** How long a healed cluster may take to be at rest and equal. */
const RECOVERY_MS = 60_000;
const POLL_MS = 100;
const DRAIN_MS = 20_000;

export async function runScenario(scenario: Scenario, { keepsText = false }: RunOptions = {}): Promise<RunResult> {
  const run = new Run(scenario, keepsText);
  const strays: unknown[] = [];
  const onStray = (reason: unknown) => void strays.push(reason);
  // A promise that nobody looks after would end a process of production.
  process.on('unhandledRejection', onStray);
  try {
    const verdict = await run.go(strays);
    return run.result(verdict);
  } finally {
    process.off('unhandledRejection', onStray);
  }
}

class Run {
  readonly #cluster: SimCluster;
  readonly #office: MembershipOffice;
  readonly #nemesis: Nemesis;
  readonly #recorder: Recorder;
  readonly #acknowledged: Acknowledgements;
  #isOver = false;
  #busyClients = 0;

  constructor(scenario: Scenario, keepsText: boolean) {
    this.#cluster = new SimCluster(scenario, keepsText);
    this.#office = new MembershipOffice(this.#cluster);
    this.#nemesis = new Nemesis(this.#cluster, this.#office);
    this.#recorder = new Recorder(this.#cluster.clock);
    this.#acknowledged = new Acknowledgements(this.#cluster);
  }

  async go(strays: unknown[]): Promise<Verdict> {
    const { clock, findings, scenario } = this.#cluster;
    const isBroken = () => {
      for (const reason of strays.splice(0)) {
        const told = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
        this.#cluster.fail('no-replica-falls-over', `a promise was rejected and nobody cared: ${told}`);
      }
      return findings.length > 0;
    };
    this.#cluster.start();
    this.#nemesis.schedule();
    for (let i = 1; i <= scenario.clients; i += 1) void this.#live(i);
    await clock.run(scenario.ticks * LIMITS.tickMs, isBroken);
    if (findings.length > 0) return 'broken';
    this.#isOver = true;
    this.#cluster.note('everything is healed');
    this.#nemesis.healAll();
    await clock.run(clock.nowMs + DRAIN_MS, () => isBroken() || this.#busyClients === 0);
    const why = findings.length > 0 ? undefined : await this.#recover(isBroken);
    if (findings.length > 0) return 'broken';
    return why === undefined ? this.#judge() : this.#blame(why);
  }

  result(verdict: Verdict): RunResult {
    const { scenario, findings, transcript, clock, counts, hosts, logs } = this.#cluster;
    counts.elections = logs.elections;
    counts.entries = logs.maxCommit;
    for (const { replica } of hosts) {
      const installed = replica?.metrics().find(({ name }) => name === 'plane_snapshots_installed_total');
      counts.snapshots += installed?.value ?? 0;
    }
    const { digest, text } = transcript;
    return { scenario, verdict, findings, digest, text, simulatedMs: clock.nowMs, events: clock.events, counts };
  }

  /** A client works until the time for faults is over. */
  async #live(number: number): Promise<void> {
    const { scenario, clock } = this.#cluster;
    const random = new SimRandom(scenario.seed).stream(`client ${number}`);
    const client = new Client({
      name: `c${number}`,
      cluster: this.#cluster,
      random,
      recorder: this.#recorder,
      acknowledgements: this.#acknowledged,
    });
    const keys = Array.from({ length: scenario.keys }, (_, i) => `k${i}`);
    const ordered = new OrderedWork(client, { keys, prefix: 'k', newValue: () => client.newValue() });
    const unique = new UniqueWork(client);
    const coordination = new CoordinationWork(client);
    const weights = { eventual: 2, causal: 4, linearizable: 4, coordination: 1, unique: 0.7 };
    this.#busyClients += 1;
    while (!this.#isOver) {
      await clock.sleep(random.exponential(scenario.thinkMs));
      const kind = random.weighted(weights);
      if (kind === 'linearizable') await ordered.next();
      else if (kind === 'coordination') await coordination.next();
      else if (kind === 'unique') await unique.next();
      else await weakWork(client, keys, kind);
    }
    this.#busyClients -= 1;
  }

  /** Returns what is wrong if the cluster does not come to rest in time. */
  async #recover(isBroken: () => boolean): Promise<Shortcoming | undefined> {
    const { clock } = this.#cluster;
    const deadlineMs = clock.nowMs + RECOVERY_MS;
    for (;;) {
      if (isBroken()) return undefined;
      const why = this.#shortcoming();
      if (why === undefined || clock.nowMs >= deadlineMs) return why;
      this.#nemesis.revive();
      await clock.run(clock.nowMs + POLL_MS, isBroken);
    }
  }

  #shortcoming(): Shortcoming | undefined {
    if (this.#busyClients > 0) return { verdict: 'stuck', why: 'clients wait for answers' };
    const restless = whyNotConverged(this.#cluster, this.#office);
    if (restless !== undefined) return { verdict: 'stuck', why: restless };
    const unequal = whyNotEqual(this.#cluster, this.#office);
    return unequal === undefined ? undefined : { verdict: 'broken', why: unequal };
  }

  #blame({ verdict, why }: Shortcoming): Verdict {
    const rule = verdict === 'stuck' ? 'a-healed-cluster-recovers' : 'replicas-converge';
    this.#cluster.fail(rule, `${RECOVERY_MS / 1000} s after everything was healed ${why}`);
    return verdict;
  }

  #judge(): Verdict {
    checkConverged(this.#cluster, this.#office, this.#acknowledged);
    const undecided: string[] = [];
    for (const { model, verdict } of judge(this.#recorder.records)) {
      if (verdict.kind === 'unknown') undecided.push(`${model}: ${verdict.reason}`);
      if (verdict.kind !== 'violated') continue;
      for (const { rule, sentence } of verdict.violations) this.#cluster.fail(rule, sentence);
    }
    if (this.#cluster.findings.length > 0) return 'broken';
    if (undecided.length > 0) {
      this.#cluster.fail('judged-in-time', undecided.join('; '));
      return 'unknown';
    }
    return 'held';
  }
}

/**
 * A client of the simulated cluster: one session, one request at a time, at a replica it mostly stays with. It believes no
 * more than a client over HTTP could: what it was answered, and when.
 */
import { CausewayError } from '../../base/errors.js';
import type { HistoryRecord, Level, Status } from '../../check/history/record.js';
import type { Dot } from '../../clocks/dot.js';
import { VersionVector } from '../../clocks/version-vector.js';
import type { Fence } from '../../keyspace/ordered/coordinator.js';
import type { Replica } from '../../replica/handle.js';
import type { Durability, Timing } from '../../replica/request-types.js';
import type { SimRandom } from '../random.js';
import { SessionPast } from '../watch/sessions.js';
import type { SimCluster } from '../world/cluster.js';
import { NoAnswer, type SimHost } from '../world/host.js';
import type { Acknowledgements } from './acknowledgements.js';
import type { Recorder } from './recorder.js';

export interface ClientOptions {
  readonly name: string;
  readonly cluster: SimCluster;
  readonly random: SimRandom;
  readonly recorder: Recorder;
  readonly acknowledgements: Acknowledgements;
}

export interface Ask<T> {
  /** For the transcript. */
  readonly what: string;
  readonly level: Level;
  /** How often it may be sent; more than once only under an idempotency key. */
  readonly tries?: number;
  /** What was answered, for the transcript. */
  readonly describe?: (result: T) => string;
  /** Of a write that was acknowledged. */
  readonly acknowledged?: (result: T) => { readonly dot: Dot; readonly durability: Durability };
  readonly send: (
    replica: Replica,
    context: { readonly timeoutMs: number; readonly token: VersionVector },
  ) => Promise<T>;
}

interface Times {
  readonly invoke: number;
  readonly complete: number | null;
  readonly invokedMs: number;
  readonly answeredMs: number;
  readonly replica: string;
}

/** What became of a request. `fail` = certainly not applied, `info` = perhaps. */
export type Told<T> =
  | (Times & { readonly status: 'ok'; readonly result: T })
  | (Times & { readonly status: Exclude<Status, 'ok'>; readonly error: Error });

/** Fields of a record that say when and by whom. */
type Stem = Pick<HistoryRecord, 'process' | 'replica' | 'level' | 'invoke' | 'complete' | 'status'> & {
  readonly session?: string;
};

const TIMEOUTS_MS = [300, 1_500, 5_000] as const;
/** A client waits this much longer than it told the replica that it would. */
const PATIENCE_MS = 2_500;

export class Client {
  readonly name: string;
  readonly random: SimRandom;
  readonly cluster: SimCluster;
  readonly #options: ClientOptions;
  readonly #past: SessionPast;
  #token = VersionVector.EMPTY;
  #at: number;
  #process: number;
  #written = 0;
  /** The lock that it holds, or held and may not know to be lost. */
  fence: Fence | undefined;

  constructor(options: ClientOptions) {
    const { name, cluster, random, recorder } = options;
    this.#options = options;
    this.name = name;
    this.random = random;
    this.cluster = cluster;
    this.#past = new SessionPast(cluster.ledger, name);
    this.#at = random.int(cluster.scenario.replicas);
    this.#process = recorder.newProcess();
  }

  get past(): SessionPast {
    return this.#past;
  }

  /** What a write carries to be refused if the lock has moved on: mostly nothing. */
  drawFences(): readonly Fence[] {
    return this.fence !== undefined && this.random.chance(0.3) ? [this.fence] : [];
  }

  /** A value that nobody else writes. */
  newValue(): string {
    this.#written += 1;
    return `${this.name}-${this.#written}`;
  }

  async ask<T extends { readonly token: VersionVector; readonly timing: Timing }>(ask: Ask<T>): Promise<Told<T>> {
    const { recorder, cluster } = this.#options;
    const invoke = recorder.now();
    const invokedMs = cluster.nowMs;
    let tries = ask.tries ?? 1;
    let mayBeApplied = false;
    for (;;) {
      tries -= 1;
      const { host, outcome } = await this.#try(ask);
      const told = { invoke, invokedMs, complete: recorder.now(), answeredMs: cluster.nowMs, replica: host.id };
      if (outcome.kind === 'answered') {
        if (ask.level !== 'eventual') this.#token = this.#token.join(outcome.result.token);
        if (outcome.result.timing.waitMs > 0) cluster.counts.waits += 1;
        return { ...told, status: 'ok', result: outcome.result };
      }
      mayBeApplied ||= outcome.mayBeApplied;
      this.#lookElsewhere();
      if (tries > 0) {
        cluster.counts.retries += 1;
        await cluster.clock.sleep(this.random.exponential(200));
        continue;
      }
      const { error } = outcome;
      return mayBeApplied ? { ...told, complete: null, status: 'info', error } : { ...told, status: 'fail', error };
    }
  }

  /** Write down what came of a request. */
  record(level: Level, told: Told<unknown>, fields: Record<string, unknown>): void {
    const { recorder } = this.#options;
    const { invoke, complete, replica, status } = told;
    const session = level === 'eventual' ? {} : { session: this.name };
    const stem: Stem = { process: this.#process, ...session, replica, level, invoke, complete, status };
    recorder.records.push({ ...stem, ...fields } as HistoryRecord);
  }

  /** All about the last request is written down. Who does not know what became of it goes on as somebody else. */
  concluded(told: Told<unknown>): void {
    if (told.status === 'info') this.#process = this.#options.recorder.newProcess();
  }

  async #try<T extends { readonly token: VersionVector }>(ask: Ask<T>) {
    const { cluster } = this.#options;
    const { clock, counts } = cluster;
    const host = this.#chooseHost();
    const timeoutMs = this.random.pick(TIMEOUTS_MS);
    const token = ask.level === 'eventual' ? VersionVector.EMPTY : this.#token;
    counts.requests += 1;
    if (ask.level === 'linearizable') counts.linearizable += 1;
    await clock.sleep(this.random.exponential(0.3));
    const answer = host
      .request((replica) => ask.send(replica, { timeoutMs, token }))
      .then((result) => {
        const acknowledged = ask.acknowledged?.(result);
        if (acknowledged !== undefined) this.#options.acknowledgements.note(host, acknowledged);
        return result;
      });
    const outcome = await this.#await(answer, timeoutMs);
    await clock.sleep(this.random.exponential(0.3));
    cluster.note(`${this.name} ${host.id} ${ask.level} ${ask.what}: ${describeOutcome(ask, outcome)}`);
    if (outcome.kind === 'answered') counts.acknowledged += 1;
    else if (outcome.mayBeApplied) counts.unknown += 1;
    else counts.refused += 1;
    return { host, outcome };
  }

  async #await<T>(answer: Promise<T>, timeoutMs: number): Promise<Outcome<T>> {
    const { clock } = this.#options.cluster;
    let cancel = () => {};
    const gaveUp = new Promise<never>((_, reject) => {
      cancel = clock.after(timeoutMs + PATIENCE_MS, () => reject(new NoAnswer(true)));
    });
    try {
      return { kind: 'answered', result: await Promise.race([answer, gaveUp]) };
    } catch (error) {
      return { kind: 'failed', ...this.#judge(error) };
    } finally {
      cancel();
    }
  }

  #judge(error: unknown): { readonly mayBeApplied: boolean; readonly error: Error } {
    if (error instanceof NoAnswer) return { mayBeApplied: error.wasSent, error };
    if (error instanceof CausewayError) return { mayBeApplied: error.entry.outcome === 'unknown', error };
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#options.cluster.fail('no-request-falls-over', `${this.name} was told ${told}`);
    return { mayBeApplied: true, error: error instanceof Error ? error : new Error(told) };
  }

  #chooseHost(): SimHost {
    const { cluster } = this.#options;
    if (this.random.chance(0.1)) this.#lookElsewhere();
    return cluster.host(this.#at);
  }

  /** Next time perhaps at another replica. */
  #lookElsewhere(): void {
    if (this.random.chance(0.5)) this.#at = this.random.int(this.#options.cluster.hosts.length);
  }
}

/** What a request was refused with, if it was. */
export function refusalOf(told: Told<unknown>): CausewayError | undefined {
  return told.status !== 'ok' && told.error instanceof CausewayError ? told.error : undefined;
}

type Outcome<T> =
  | { readonly kind: 'answered'; readonly result: T }
  | { readonly kind: 'failed'; readonly mayBeApplied: boolean; readonly error: Error };

function describeOutcome<T>({ describe }: Ask<T>, outcome: Outcome<T>): string {
  if (outcome.kind === 'answered') return describe?.(outcome.result) ?? 'done';
  return `${outcome.mayBeApplied ? 'perhaps done' : 'not done'}: ${outcome.error.message}`;
}

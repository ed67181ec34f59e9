/**
 * One client of a workload: it asks one thing after the other, at replicas it goes between, and what it was told becomes
 * records of a history. What it cannot know it does not claim: without a definite answer an operation is `info`, and the
 * client goes on under another process number.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Durability, HistoryRecord, Level, Status, WriteRecord } from '../../check/history/record.js';
import type { Draw } from './draw.js';
import type { History } from './history.js';
import type { Answered, Requests, Sent, Target } from './requests.js';

/** What all records of a workload have in common. */
export type Told = Pick<
  WriteRecord,
  | 'process'
  | 'session'
  | 'replica'
  | 'level'
  | 'durability'
  | 'invoke'
  | 'complete'
  | 'status'
  | 'tokenIn'
  | 'tokenOut'
  | 'dot'
>;

/** An operation about to be asked for. */
export interface Step {
  readonly sent: Sent;
  readonly level: Level;
  /** Of weaker writes: what is asked for. */
  readonly durability?: Durability;
  /** Sends it again under one `Idempotency-Key`, up to this often, for as long as its outcome is unknown. */
  readonly retries?: number;
  /** Status of an answer that is a result although it is no 2xx; undefined = what `Answered` says. */
  readonly statusOf?: (answer: Answered) => Status | undefined;
  readonly recordOf: (told: Told, answer: Answered) => HistoryRecord;
}

export interface ClientOptions {
  readonly requests: Requests;
  /** Where requests may go at this moment. */
  readonly targets: () => readonly Target[];
  readonly draw: Draw;
  readonly timeoutMs: number;
  /** Carries its causal token from operation to operation under this name; without one it shows no token. */
  readonly session?: string;
  readonly history: History;
}

export interface Performed {
  readonly status: Status;
  readonly answer: Answered;
}

/** How often a satisfied client goes to another replica all the same. */
const WANDER = 0.02;
/** A client that was refused waits a moment, so that a cut-off side is not asked thousands of times a second. */
const REFUSED_PAUSE_MS = 25;

export class RecordedClient {
  readonly #options: ClientOptions;
  #process: number;
  #target: Target | undefined;
  #token: string | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#process = options.history.nextProcess();
  }

  /** Asks, tries again where the step says so, records, and chooses where to ask next. */
  async perform(step: Step): Promise<Performed> {
    const { history, draw, session } = this.#options;
    const invoke = history.nowNs();
    const hasSession = session !== undefined && step.level !== 'eventual';
    const tokenIn = hasSession ? this.#token : undefined;
    const { answer, status, replica } = await this.#ask(step, tokenIn, invoke);
    const isAnswered = answer.code !== 0 || status === 'fail';
    const tokenOut = hasSession && status === 'ok' ? answer.headers['causal-token'] : undefined;
    const durability = answer.headers['durability'] ?? step.durability;
    const told: Told = {
      process: this.#process,
      replica,
      level: step.level,
      invoke,
      complete: isAnswered ? history.nowNs() : null,
      status,
      ...(hasSession ? { session } : {}),
      ...(isDurability(durability) ? { durability } : {}),
      ...(tokenIn === undefined ? {} : { tokenIn }),
      ...(tokenOut === undefined ? {} : { tokenOut }),
      ...dotOf(status, answer),
    };
    history.add(step.recordOf(told, answer));
    if (tokenOut !== undefined) this.#token = tokenOut;
    if (status === 'info') this.#process = history.nextProcess();
    const isRefused = status !== 'ok' && answer.code !== 412 && answer.code !== 409;
    if (isRefused || draw.float() < WANDER) this.#target = undefined;
    if (isRefused) await sleep(REFUSED_PAUSE_MS);
    return { status, answer };
  }

  /**
   * Under an `Idempotency-Key` the outcome of a request is the same however often it is sent: a result, or a refusal for
   * good, holds for what was sent before as well. A refusal that may pass says nothing of that.
   */
  async #ask(step: Step, token: string | undefined, invoke: number): Promise<Performed & { readonly replica: string }> {
    const sent = this.#withHeaders(step, token, `${this.#process}.${invoke}`);
    let isUnknown = false;
    for (let left = step.retries ?? 0; ; left -= 1) {
      const target = this.#chooseTarget();
      const answer = await this.#options.requests.send(target, sent);
      const status = step.statusOf?.(answer) ?? answer.status;
      if (status === 'info') isUnknown = true;
      const isDecided = status === 'ok' || (status === 'fail' && answer.isForGood);
      if (isDecided) return { answer, status, replica: target.id };
      if (!isUnknown || left === 0) return { answer, status: isUnknown ? 'info' : status, replica: target.id };
      this.#target = undefined;
      await sleep(REFUSED_PAUSE_MS);
    }
  }

  #withHeaders({ sent, level, durability, retries }: Step, token: string | undefined, name: string): Sent {
    const headers: Record<string, string> = {
      ...sent.headers,
      'consistency-level': `${level};timeout=${this.#options.timeoutMs}`,
    };
    if (durability !== undefined) headers['durability'] = durability;
    if (token !== undefined) headers['causal-token'] = token;
    if (retries !== undefined) headers['idempotency-key'] = name;
    return { ...sent, headers };
  }

  #chooseTarget(): Target {
    const { targets, draw } = this.#options;
    const all = targets();
    // One that left the cluster is not asked again.
    const kept = all.find(({ id }) => id === this.#target?.id);
    const chosen = kept ?? all[draw.below(all.length)];
    if (chosen === undefined) throw new RangeError('there is no replica to ask');
    this.#target = chosen;
    return chosen;
  }
}

/** An entity tag is the name of a version in quotes. */
function dotOf(status: Status, { headers }: Answered): Pick<Told, 'dot'> {
  const etag = headers['etag'];
  return status === 'ok' && etag !== undefined ? { dot: etag.slice(1, -1) } : {};
}

function isDurability(text: string | undefined): text is Durability {
  return text === 'local' || text === 'majority' || text === 'all';
}

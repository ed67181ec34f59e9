/**
 * One client of a comparison at one replica and one level. It does one thing after the other and keeps its session; what it
 * was told becomes records. No retries: a refusal is a result.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Level, Value } from '../../check/history/record.js';
import type { Answered, Requests, Sent, Target } from '../workload/requests.js';
import { type Measured, NS_PER_MS, type Purpose } from './measured.js';
import type { Recorder } from './recorder.js';

export interface VisitorOptions {
  readonly name: string;
  readonly level: Level;
  readonly target: Target;
  readonly requests: Requests;
  readonly recorder: Recorder;
  readonly timeoutMs: number;
  readonly valueSize: number;
}

/** What the whole request is for, and since when its client waits. */
interface Errand {
  readonly intended: number;
  readonly purpose: Purpose;
}

interface Asking extends Errand {
  readonly sent: Sent;
  /** The operation of the history, without what all have in common. */
  readonly recordOf: (told: Told, answer: Answered) => Measured['record'];
  readonly basedOn?: string | null;
}

type Told = Omit<Measured['record'] & { readonly op: 'write' }, 'op' | 'key' | 'value'>;

interface Seen {
  readonly isOk: boolean;
  readonly value: string | null;
  readonly etag: string | undefined;
}

const NOT_FOUND = 404;
const WATCH_MS = 2_000;
const LOOK_MS = 100;

export class Visitor {
  readonly #options: VisitorOptions;
  #process: number;
  #token: string | undefined;
  #written = 0;

  constructor(options: VisitorOptions) {
    this.#options = options;
    this.#process = options.recorder.history.nextProcess();
  }

  async read(key: string, intended: number): Promise<void> {
    await this.#read(key, { intended, purpose: 'read' });
  }

  async write(key: string, intended: number): Promise<void> {
    await this.#write(key, { intended, purpose: 'write' });
  }

  /** What is written depends on what was read: of two that read the same, one must not succeed. */
  async update(key: string, intended: number): Promise<void> {
    const purpose = 'update';
    const { isOk, value, etag } = await this.#read(key, { intended, purpose });
    if (!isOk) return;
    const errand = { intended: this.#nowNs(), purpose } as const;
    if (this.#options.level !== 'linearizable') await this.#write(key, errand, value);
    else if (value === null || etag === undefined) await this.#create(key, errand);
    else await this.#swap(key, { value, etag }, errand);
  }

  /** A name that only one may have. */
  async claim(key: string, intended: number): Promise<void> {
    const purpose = 'claim';
    if (this.#options.level === 'linearizable') {
      await this.#create(key, { intended, purpose });
      return;
    }
    const { isOk, value } = await this.#read(key, { intended, purpose });
    if (isOk && value === null) await this.#write(key, { intended: this.#nowNs(), purpose });
  }

  async ask(question: string): Promise<void> {
    await this.#write(question, { intended: this.#nowNs(), purpose: 'talk' });
  }

  /** The answer is caused by the question: nobody should see it without. */
  async answer(question: string, answer: string): Promise<void> {
    if (await this.#watch(question)) await this.#write(answer, { intended: this.#nowNs(), purpose: 'talk' });
  }

  /** Who sees the answer, and then looks for the question, notices if that is missing. */
  async listen(question: string, answer: string): Promise<void> {
    if (await this.#watch(answer)) await this.#read(question, { intended: this.#nowNs(), purpose: 'talk' });
  }

  /** Looks again and again, for a while; whether the key showed something. */
  async #watch(key: string): Promise<boolean> {
    const endNs = this.#nowNs() + WATCH_MS * NS_PER_MS;
    while (this.#nowNs() < endNs) {
      const { isOk, value } = await this.#read(key, { intended: this.#nowNs(), purpose: 'talk' });
      if (isOk && value !== null) return true;
      await sleep(LOOK_MS);
    }
    return false;
  }

  async #read(key: string, errand: Errand): Promise<Seen> {
    const { answer, isOk } = await this.#ask({
      ...errand,
      sent: { method: 'GET', path: keyPath(key) },
      recordOf: (told, { code, text }) => {
        const output: { output?: Value } = told.status === 'ok' ? { output: code === NOT_FOUND ? null : text } : {};
        return { ...told, op: 'read', key, ...output };
      },
    });
    const value = isOk && answer.code !== NOT_FOUND ? answer.text : null;
    return { isOk, value, etag: answer.headers['etag'] };
  }

  async #write(key: string, errand: Errand, basedOn?: string | null): Promise<void> {
    // What is said in a conversation may be shown in a diagram: it is short.
    const value = errand.purpose === 'talk' ? this.#nextName() : this.#nextValue();
    await this.#ask({
      ...errand,
      sent: { method: 'PUT', path: keyPath(key), body: value },
      recordOf: (told) => ({ ...told, op: 'write', key, value }),
      ...(basedOn === undefined ? {} : { basedOn }),
    });
  }

  async #create(key: string, errand: Errand): Promise<void> {
    const value = this.#nextValue();
    await this.#ask({
      ...errand,
      sent: { method: 'PUT', path: keyPath(key), headers: { 'if-none-match': '*' }, body: value },
      recordOf: (told) => ({ ...told, op: 'create', key, value }),
      ...(errand.purpose === 'update' ? { basedOn: null } : {}),
    });
  }

  async #swap(key: string, seen: { readonly value: string; readonly etag: string }, errand: Errand): Promise<void> {
    const value = this.#nextValue();
    await this.#ask({
      ...errand,
      sent: { method: 'PUT', path: keyPath(key), headers: { 'if-match': seen.etag }, body: value },
      recordOf: (told) => ({ ...told, op: 'cas', key, expect: seen.value, value }),
      basedOn: seen.value,
    });
  }

  async #ask(asking: Asking): Promise<{ readonly answer: Answered; readonly isOk: boolean }> {
    const { recorder, level, target, requests, name } = this.#options;
    const { intended, purpose, basedOn } = asking;
    const hasSession = level !== 'eventual';
    const tokenIn = hasSession ? this.#token : undefined;
    const invoke = this.#nowNs();
    const answer = await requests.send(target, this.#withHeaders(asking.sent, tokenIn));
    const complete = this.#nowNs();
    const { code, headers } = answer;
    const status = code === NOT_FOUND && asking.sent.method === 'GET' ? 'ok' : answer.status;
    const tokenOut = hasSession && status === 'ok' ? headers['causal-token'] : undefined;
    const durability = level === 'linearizable' || asking.sent.method === 'GET' ? {} : { durability: 'local' as const };
    const told: Told = {
      process: this.#process,
      replica: target.id,
      level,
      invoke,
      complete: code === 0 && status === 'info' ? null : complete,
      status,
      ...durability,
      ...(hasSession ? { session: name } : {}),
      ...(tokenIn === undefined ? {} : { tokenIn }),
      ...(tokenOut === undefined ? {} : { tokenOut }),
      ...(status === 'ok' && headers['etag'] !== undefined ? { dot: headers['etag'].slice(1, -1) } : {}),
    };
    const conflicts = Number(headers['conflicts'] ?? 0);
    recorder.add({
      record: asking.recordOf(told, answer),
      intended,
      purpose,
      code,
      ...(conflicts > 0 ? { conflicts } : {}),
      ...(basedOn === undefined ? {} : { basedOn }),
    });
    if (tokenOut !== undefined) this.#token = tokenOut;
    // Nobody knows what the old process is still about to do.
    if (status === 'info') this.#process = recorder.history.nextProcess();
    return { answer, isOk: status === 'ok' };
  }

  #withHeaders(sent: Sent, token: string | undefined): Sent {
    const { level, timeoutMs } = this.#options;
    const headers: Record<string, string> = { ...sent.headers, 'consistency-level': `${level};timeout=${timeoutMs}` };
    if (token !== undefined) headers['causal-token'] = token;
    return { ...sent, headers };
  }

  #nextValue(): string {
    return this.#nextName().padEnd(this.#options.valueSize, '.');
  }

  /** No other client has it, and this one but once. */
  #nextName(): string {
    this.#written += 1;
    return `${this.#options.name}-${this.#written}`;
  }

  #nowNs(): number {
    return this.#options.recorder.history.nowNs();
  }
}

function keyPath(key: string): string {
  return `/v1/kv/${encodeURIComponent(key)}`;
}

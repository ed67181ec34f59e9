/**
 * A client that reads and writes a few keys at all levels. Every value is written once, so that a read tells which write
 * it saw, and a condition on an entity tag is one on the value the tag came with.
 */
import type { Level, TxnCheck, TxnStep, Value } from '../../check/history/record.js';
import type { Draw } from './draw.js';
import type { Performed, RecordedClient, Step } from './recorded-client.js';
import { type Answered, parsed, type Sent } from './requests.js';

/** What a client may do; conditions and transactions are linearizable by their nature, batches are atomic at every level. */
export type RegisterAction = OnKeyAction | { readonly kind: 'batch'; readonly level: Level } | { readonly kind: 'txn' };

type OnKeyAction =
  | { readonly kind: 'read' | 'write' | 'delete'; readonly level: Level }
  | { readonly kind: 'cas' | 'create' };

export type RegisterMix = readonly (readonly [weight: number, action: RegisterAction])[];

/** Everything there is to do at linearizable, and weaker operations on the same keys. */
export const ALL_KINDS: RegisterMix = [
  [30, { kind: 'read', level: 'linearizable' }],
  [16, { kind: 'write', level: 'linearizable' }],
  [12, { kind: 'cas' }],
  [6, { kind: 'create' }],
  [6, { kind: 'delete', level: 'linearizable' }],
  [10, { kind: 'txn' }],
  [4, { kind: 'write', level: 'causal' }],
  [3, { kind: 'write', level: 'eventual' }],
  [1, { kind: 'delete', level: 'causal' }],
  [1, { kind: 'batch', level: 'causal' }],
  [4, { kind: 'read', level: 'causal' }],
  [2, { kind: 'read', level: 'eventual' }],
];

export interface RegisterClientOptions {
  readonly client: RecordedClient;
  readonly draw: Draw;
  /** Transactions and batches touch the keys of one group only, so that groups can be judged apart. */
  readonly groups: readonly [KeyGroup, ...KeyGroup[]];
  readonly mix: RegisterMix;
  /** Begins every value this client writes; no other client has it. */
  readonly name: string;
}

export type KeyGroup = readonly [string, ...string[]];

interface Seen {
  readonly value: string;
  readonly etag: string;
}

/** An unknown outcome at linearizable is asked for again this often, by a part of the clients' writes. */
const RETRIES = 3;
const RETRIED_SHARE = 0.5;
const JSON_BODY = { 'content-type': 'application/json' };

export class RegisterClient {
  readonly #options: RegisterClientOptions;
  /** The last version seen of a key that showed one. */
  readonly #seen = new Map<string, Seen>();
  #written = 0;

  constructor(options: RegisterClientOptions) {
    this.#options = options;
  }

  /** One operation, or a read and a condition on what it showed. */
  step(): Promise<Performed> {
    const { draw, groups, mix } = this.#options;
    const group = draw.one(groups);
    const action = draw.weighted(mix);
    switch (action.kind) {
      case 'txn':
        return this.#transact(group);
      case 'batch':
        return this.#writeBatch(group, action.level);
      default:
        return this.#onKey(draw.one(group), action);
    }
  }

  #onKey(key: string, action: OnKeyAction): Promise<Performed> {
    const path = keyPath(key);
    switch (action.kind) {
      case 'read':
        return this.#read(key, path, action.level);
      case 'write':
        return this.#write(key, path, action.level);
      case 'delete':
        return this.#delete(key, path, action.level);
      case 'create':
        return this.#create(key, path);
      case 'cas':
        return this.#swap(key, path);
    }
  }

  async #read(key: string, path: string, level: Level): Promise<Performed> {
    const { client } = this.#options;
    const done = await client.perform({
      sent: { method: 'GET', path },
      level,
      statusOf: ({ code }) => (code === 404 ? 'ok' : undefined),
      recordOf: (told, { code, text }) => {
        const shown = told.status === 'ok' ? { output: code === 404 ? null : text } : {};
        return { ...told, op: 'read', key, ...shown };
      },
    });
    const { status, answer } = done;
    if (status === 'ok') this.#remember(key, answer.code === 404 ? undefined : answer.text, answer);
    return done;
  }

  /** What a weaker write's session was shown before, the write can never lose arbitration to; so it looks first. */
  async #write(key: string, path: string, level: Level): Promise<Performed> {
    if (level === 'causal') await this.#read(key, path, level);
    const value = this.#nextValue();
    const done = await this.#options.client.perform({
      ...this.#asked({ method: 'PUT', path, body: value }, level),
      recordOf: (told) => ({ ...told, op: 'write', key, value }),
    });
    this.#remember(key, done.status === 'ok' ? value : undefined, done.answer);
    return done;
  }

  async #delete(key: string, path: string, level: Level): Promise<Performed> {
    const done = await this.#options.client.perform({
      ...this.#asked({ method: 'DELETE', path }, level),
      recordOf: (told) => ({ ...told, op: 'delete', key }),
    });
    this.#seen.delete(key);
    return done;
  }

  async #create(key: string, path: string): Promise<Performed> {
    const value = this.#nextValue();
    const headers = { 'if-none-match': '*' };
    const done = await this.#options.client.perform({
      ...this.#asked({ method: 'PUT', path, headers, body: value }, 'linearizable'),
      recordOf: (told) => ({ ...told, op: 'create', key, value }),
    });
    this.#remember(key, done.status === 'ok' ? value : undefined, done.answer);
    return done;
  }

  /** Changes what it reads, unless somebody else has changed it meanwhile. */
  async #swap(key: string, path: string): Promise<Performed> {
    const read = await this.#read(key, path, 'linearizable');
    const seen = this.#seen.get(key);
    if (seen === undefined) return read;
    const { value: expect, etag } = seen;
    const value = this.#nextValue();
    const headers = { 'if-match': etag };
    const done = await this.#options.client.perform({
      ...this.#asked({ method: 'PUT', path, headers, body: value }, 'linearizable'),
      recordOf: (told) => ({ ...told, op: 'cas', key, expect, value }),
    });
    this.#remember(key, done.status === 'ok' ? value : undefined, done.answer);
    return done;
  }

  /** Swaps what was seen of one or two keys if they still show it, and reads both; otherwise reads them. */
  async #transact(group: KeyGroup): Promise<Performed> {
    const { draw, client } = this.#options;
    const [first, second] = draw.shuffled(group) as [string, string?];
    const keys = second === undefined ? [first] : [first, second];
    if (draw.float() < 0.5) await this.#read(first, keyPath(first), 'linearizable');
    const checked = keys.slice(0, 1 + draw.below(keys.length));
    const checks = checked.map((key): TxnCheck => ({ key, value: this.#seen.get(key)?.value ?? null }));
    const writes: TxnStep =
      draw.float() < 0.8 ? { kind: 'put', key: first, value: this.#nextValue() } : { kind: 'delete', key: first };
    const others = keys
      .slice(1)
      .map(
        (key): TxnStep => (draw.float() < 0.5 ? { kind: 'get', key } : { kind: 'put', key, value: this.#nextValue() }),
      );
    const onSuccess = [writes, ...others];
    const onFailure = keys.map((key): TxnStep => ({ kind: 'get', key }));
    const branches = [
      ['if', checks.map((check) => this.#condition(check))],
      ['then', onSuccess.map(operationOf)],
      ['else', onFailure.map(operationOf)],
    ];
    const body = JSON.stringify(Object.fromEntries(branches));
    const done = await client.perform({
      ...this.#asked({ method: 'POST', path: '/v1/txn', headers: JSON_BODY, body }, 'linearizable'),
      recordOf: (told, answer) => {
        const output = told.status === 'ok' ? { output: txnOutput(answer) } : {};
        return { ...told, op: 'txn', checks, onSuccess, onFailure, ...output };
      },
    });
    for (const key of keys) this.#seen.delete(key);
    return done;
  }

  async #writeBatch(group: KeyGroup, level: Level): Promise<Performed> {
    const onSuccess = group.slice(0, 2).map((key): TxnStep => ({ kind: 'put', key, value: this.#nextValue() }));
    const body = JSON.stringify({ ops: onSuccess.map(operationOf) });
    const done = await this.#options.client.perform({
      ...this.#asked({ method: 'POST', path: '/v1/batch', headers: JSON_BODY, body }, level),
      recordOf: (told) => ({ ...told, op: 'txn', checks: [], onSuccess, onFailure: [] }),
    });
    for (const { key } of onSuccess) this.#seen.delete(key);
    return done;
  }

  /** How a write is asked for: part of them with a key to repeat them by, part of the weaker ones for a majority. */
  #asked(sent: Sent, level: Level): Pick<Step, 'sent' | 'level' | 'durability' | 'retries'> {
    const { draw } = this.#options;
    if (level !== 'linearizable') return { sent, level, durability: draw.one(['local', 'majority']) };
    return draw.float() < RETRIED_SHARE ? { sent, level, retries: RETRIES } : { sent, level };
  }

  /** By value or by entity tag, which mean the same where every value is written once. */
  #condition({ key, value }: TxnCheck): object {
    const seen = this.#seen.get(key);
    if (value === null || seen === undefined) return { key, etag: null };
    return this.#options.draw.float() < 0.5 ? { key, etag: seen.etag } : { key, value };
  }

  #remember(key: string, value: string | undefined, { headers }: Answered): void {
    const etag = headers['etag'];
    if (value === undefined || etag === undefined) this.#seen.delete(key);
    else this.#seen.set(key, { value, etag });
  }

  #nextValue(): string {
    this.#written += 1;
    return `${this.#options.name}-${this.#written}`;
  }
}

function keyPath(key: string): string {
  return `/v1/kv/${encodeURIComponent(key)}`;
}

function operationOf(step: TxnStep): object {
  switch (step.kind) {
    case 'put':
      return { put: step.key, value: step.value };
    case 'delete':
      return { delete: step.key };
    case 'get':
      return { get: step.key };
  }
}

function txnOutput({ text }: Answered): { readonly succeeded: boolean; readonly results: readonly Value[] } {
  const { succeeded, results } = parsed(text) as {
    readonly succeeded: boolean;
    readonly results: readonly { readonly value?: Value }[];
  };
  return { succeeded, results: results.map(({ value }) => value ?? null) };
}

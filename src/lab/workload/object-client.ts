/** A client that draws numbers from sequences, takes and gives back locks, and claims names, all contended. */
import type { Draw } from './draw.js';
import type { Performed, RecordedClient } from './recorded-client.js';
import { type Answered, parsed } from './requests.js';

export interface ObjectClientOptions {
  readonly client: RecordedClient;
  readonly draw: Draw;
  readonly sequences: readonly [string, ...string[]];
  readonly locks: readonly [string, ...string[]];
  /** Names that may be claimed; when all are taken, claims find out who has them. */
  readonly claims: readonly [string, ...string[]];
  /** No other client has it. */
  readonly name: string;
  /** A holder that neither renews nor releases loses its lock after this. */
  readonly ttlMs: number;
  /** How long one in three acquires stands in line for a lock that is held. */
  readonly waitMs: number;
}

interface Held {
  readonly lock: string;
  readonly fencingToken: number;
}

const KINDS = [
  [5, 'next'],
  [4, 'lock'],
  [2, 'claim'],
] as const;
/** How often a lock is given back; otherwise its lease ends by itself. */
const RELEASED_SHARE = 0.8;
const RETRIES = 3;
const RETRIED_SHARE = 0.5;
const JSON_BODY = { 'content-type': 'application/json' };

export class ObjectClient {
  readonly #options: ObjectClientOptions;
  #held: Held | undefined;

  constructor(options: ObjectClientOptions) {
    this.#options = options;
  }

  /** One operation. What is held is given back by the next one, or forgotten. */
  step(): Promise<Performed> {
    const { draw, sequences, locks, claims } = this.#options;
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined && draw.float() < RELEASED_SHARE) return this.#release(held);
    switch (draw.weighted(KINDS)) {
      case 'next':
        return this.#next(draw.one(sequences));
      case 'lock':
        return this.#acquire(draw.one(locks));
      case 'claim':
        return claimNow(this.#options.client, draw.one(claims), this.#options.name, this.#repeated().retries);
    }
  }

  #next(key: string): Promise<Performed> {
    return this.#options.client.perform({
      sent: { method: 'POST', path: `/v1/sequences/${encodeURIComponent(key)}/next` },
      ...this.#repeated(),
      recordOf: (told, answer) => {
        const output = told.status === 'ok' ? { output: memberOf(answer, 'value') as number } : {};
        return { ...told, op: 'next', key, ...output };
      },
    });
  }

  async #acquire(key: string): Promise<Performed> {
    const { client, draw, name, ttlMs } = this.#options;
    const waitMs = draw.one([0, 0, this.#options.waitMs]);
    const done = await client.perform({
      sent: {
        method: 'POST',
        path: `/v1/locks/${encodeURIComponent(key)}/acquire`,
        headers: JSON_BODY,
        body: JSON.stringify({ owner: name, ttlMs, waitMs }),
      },
      ...this.#repeated(),
      recordOf: (told, answer) => {
        const output = told.status === 'ok' ? { output: memberOf(answer, 'fencingToken') as number } : {};
        return { ...told, op: 'acquire', key, value: name, ...output };
      },
    });
    if (done.status === 'ok') this.#held = { lock: key, fencingToken: memberOf(done.answer, 'fencingToken') as number };
    return done;
  }

  #release({ lock, fencingToken }: Held): Promise<Performed> {
    const { client, name } = this.#options;
    return client.perform({
      sent: {
        method: 'POST',
        path: `/v1/locks/${encodeURIComponent(lock)}/release`,
        headers: JSON_BODY,
        body: JSON.stringify({ fencingToken }),
      },
      level: 'linearizable',
      recordOf: (told) => ({ ...told, op: 'release', key: lock, value: name, expect: fencingToken }),
    });
  }

  #repeated(): { readonly level: 'linearizable'; readonly retries?: number } {
    const isRepeated = this.#options.draw.float() < RETRIED_SHARE;
    return { level: 'linearizable', ...(isRepeated ? { retries: RETRIES } : {}) };
  }
}

/** Being told that another has it is a result as well. */
export function claimNow(client: RecordedClient, key: string, owner: string, retries?: number): Promise<Performed> {
  return client.perform({
    sent: { method: 'PUT', path: claimPath(key), headers: JSON_BODY, body: JSON.stringify({ owner }) },
    level: 'linearizable',
    ...(retries === undefined ? {} : { retries }),
    statusOf: (answer) => (isTaken(answer) ? 'ok' : undefined),
    recordOf: (told, answer) => {
      const output = told.status === 'ok' ? { output: memberOf(answer, 'owner') as string } : {};
      return { ...told, op: 'claim', key, value: owner, ...output };
    },
  });
}

/** Claims of a workload are in one namespace. */
export function claimPath(value: string): string {
  return `/v1/claims/names/${encodeURIComponent(value)}`;
}

/** The name is somebody else's: the answer says whose. */
function isTaken({ code, text }: Answered): boolean {
  const problem = parsed(text);
  return code === 409 && typeof problem === 'object' && problem !== null && 'owner' in problem;
}

/** A member of an answer whose shape the API promises. */
function memberOf({ text }: Answered, name: string): unknown {
  return (parsed(text) as Readonly<Record<string, unknown>>)[name];
}

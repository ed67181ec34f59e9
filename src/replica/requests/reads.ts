/** The read paths of the two weaker levels, over one storage snapshot each. */
import { utf8Encode } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import { isLive, type KeyRecord, pastOf } from '../../keyspace/key-record.js';
import type { Storage } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import type { CausalDriver } from '../causal/causal-driver.js';
import { readRecord } from '../causal/keyspace-turn.js';
import type {
  KeyState,
  ListRequest,
  ListResult,
  MultiReadResult,
  ReadResult,
  RequestContext,
} from '../request-types.js';
import type { Admission } from './admission.js';
import { type ListSource, mergedKeys, storedKeys } from './list-source.js';

export class Reads {
  readonly #storage: Storage;
  readonly #time: Time;
  readonly #driver: CausalDriver;
  readonly #admission: Admission;

  constructor(storage: Storage, time: Time, driver: CausalDriver, admission: Admission) {
    this.#storage = storage;
    this.#time = time;
    this.#driver = driver;
    this.#admission = admission;
  }

  async read(key: string, context: RequestContext): Promise<ReadResult> {
    return this.#read(key, context, await this.#admit(context));
  }

  /** As `read`; undefined if the request has to wait. */
  readNow(key: string, context: RequestContext): ReadResult | undefined {
    this.#admission.admit();
    if (context.level === 'causal' && !this.#admission.isCovered(context)) return undefined;
    return this.#read(key, context, 0);
  }

  #read(key: string, context: RequestContext, waitMs: number): ReadResult {
    const startedMs = this.#time.monotonicMs();
    const stored = readRecord(this.#storage, utf8Encode(key));
    const versions = context.level === 'eventual' ? this.#driver.eventual.over(key, stored) : stored;
    const token = pastOf(versions, context.token);
    return { state: { key, versions }, token, timing: { waitMs, storeMs: this.#time.monotonicMs() - startedMs } };
  }

  async readMany(keys: readonly string[], context: RequestContext): Promise<MultiReadResult> {
    const waitMs = await this.#admit(context);
    const startedMs = this.#time.monotonicMs();
    const snapshot = this.#storage.snapshot();
    try {
      const states = keys.map((key) => this.#state(key, readRecord(snapshot, utf8Encode(key)), context));
      return this.#answer(states, context, waitMs, startedMs);
    } finally {
      snapshot.close();
    }
  }

  async list(request: ListRequest, context: RequestContext): Promise<ListResult> {
    const waitMs = await this.#admit(context);
    const startedMs = this.#time.monotonicMs();
    const snapshot = this.#storage.snapshot();
    try {
      const stored = storedKeys(snapshot, request.prefix, request.after);
      const source = context.level === 'eventual' ? mergedKeys(stored, this.#driver.eventual, request) : stored;
      const page = takePage(source, request.limit);
      const answer = this.#answer(page.states, context, waitMs, startedMs);
      return { ...answer, next: page.next };
    } finally {
      snapshot.close();
    }
  }

  async #admit(context: RequestContext): Promise<number> {
    this.#admission.admit();
    if (context.level === 'eventual') return 0;
    return this.#admission.covered(context);
  }

  #state(key: string, record: KeyRecord, context: RequestContext): KeyState {
    return { key, versions: context.level === 'eventual' ? this.#driver.eventual.over(key, record) : record };
  }

  #answer(states: readonly KeyState[], context: RequestContext, waitMs: number, startedMs: number): MultiReadResult {
    const token = states.reduce((past, state) => pastOf(state.versions, past), context.token);
    return { states, token, timing: { waitMs, storeMs: this.#time.monotonicMs() - startedMs } };
  }
}

/** Live keys of `source` up to the limit; a page also ends when it is large or has passed many deleted keys. */
export function takePage(source: ListSource, limit: number): { states: KeyState[]; next: string | undefined } {
  const states: KeyState[] = [];
  let bytes = 0;
  let scanned = 0;
  let last: string | undefined;
  for (const { key, record } of source) {
    const live = isLive(record);
    const full = states.length >= limit || bytes >= LIMITS.listPageMaxBytes;
    if ((full && live) || scanned >= LIMITS.listScanMaxKeys) return { states, next: last };
    scanned += 1;
    last = key;
    if (!live || full) continue;
    states.push({ key, versions: record });
    for (const version of record) bytes += version.kind === 'value' ? version.bytes.length : 0;
  }
  return { states, next: undefined };
}

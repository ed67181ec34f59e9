/** The key-value operations, the same inside and outside of sessions: requests built, replies read. */
import { readBatch, readEntry, readGet, readKeyReceipt, readMany, readPage, readTxn } from './answers.js';
import type { ApiRequest, Reply } from './attempt.js';
import { perform } from './call.js';
import { bodyOf, jsonBody, wireOp } from './content.js';
import type { ClientCore, TokenMemory } from './core.js';
import { InvalidArgumentError, ProtocolError } from './errors.js';
import { keysQuery, keyTarget, queryOf } from './keys.js';
import type {
  BatchOp,
  BatchReceipt,
  CallOptions,
  ConditionalWriteOptions,
  Entry,
  EntryResult,
  GetResult,
  KeyReceipt,
  ListOptions,
  ManyResult,
  Page,
  PutOptions,
  ScanOptions,
  Txn,
  TxnReceipt,
  Value,
  WriteOptions,
} from './types.js';

export class Operations {
  readonly #core: ClientCore;
  readonly #memory: TokenMemory;

  constructor(core: ClientCore, memory: TokenMemory) {
    this.#core = core;
    this.#memory = memory;
  }

  /** The value of a key, or that there is none. */
  async get(key: string, options: CallOptions = {}): Promise<GetResult> {
    return readGet(await this.#read(keyTarget(key), options, true), key);
  }

  /** Like `get`, with the concurrent siblings of the value. */
  async entry(key: string, options: CallOptions = {}): Promise<EntryResult> {
    return readEntry(await this.#read(keyTarget(key, 'entry'), options, true), key);
  }

  /** Several keys of one storage snapshot: a batch is never seen in half. */
  async getMany(keys: readonly string[], options: CallOptions = {}): Promise<ManyResult> {
    return readMany(await this.#read(`/v1/kv${keysQuery(keys)}`, options));
  }

  /** One page of keys in byte order. */
  async list(options: ListOptions = {}): Promise<Page> {
    const { prefix, after, limit } = options;
    const query = queryOf([
      ['prefix', prefix],
      ['after', after],
      ['limit', limit],
    ]);
    return readPage(await this.#read(`/v1/kv${query}`, options));
  }

  /** All keys with a prefix, page by page: each page is one snapshot, the whole scan is not. */
  async *scan(prefix: string, options: ScanOptions = {}): AsyncGenerator<Entry, void, undefined> {
    let after = options.after;
    for (;;) {
      const page: Page = await this.list({ ...options, prefix, after, limit: options.pageSize });
      yield* page.items;
      if (page.next === undefined) return;
      if (page.next === after) {
        throw new ProtocolError(`the scan stands still at ${JSON.stringify(after)}`, {
          outcome: 'not-applied',
          retryable: false,
        });
      }
      after = page.next;
    }
  }

  async put(key: string, value: Value, options: PutOptions = {}): Promise<KeyReceipt> {
    const body = bodyOf(value, options.contentType);
    return readKeyReceipt(await this.#write('PUT', keyTarget(key), options, body), key);
  }

  /** Deleting what does not exist succeeds as well. */
  async delete(key: string, options: ConditionalWriteOptions = {}): Promise<KeyReceipt> {
    return readKeyReceipt(await this.#write('DELETE', keyTarget(key), options), key);
  }

  /** Up to 128 writes that take effect together, at every level. */
  async batch(ops: readonly BatchOp[], options: WriteOptions = {}): Promise<BatchReceipt> {
    return readBatch(await this.#write('POST', '/v1/batch', options, jsonBody({ ops: ops.map(wireOp) })));
  }

  /** Conditions and the writes and reads that depend on them, as one step. Always linearizable. */
  async txn(txn: Txn, options: Omit<WriteOptions, 'level'> = {}): Promise<TxnReceipt> {
    const { compare, success, failure = [] } = txn;
    const members = [
      ['if', compare],
      ['then', success.map(wireOp)],
      ['else', failure.map(wireOp)],
    ];
    const body = jsonBody(Object.fromEntries(members));
    return readTxn(await this.#write('POST', '/v1/txn', { ...options, level: 'linearizable' }, body));
  }

  #read(path: string, options: CallOptions, mayBeAbsent = false): Promise<Reply> {
    const level = options.level ?? this.#core.level;
    return perform(this.#core, { method: 'GET', path, effect: 'read', level, mayBeAbsent }, options, this.#memory);
  }

  #write(
    method: 'PUT' | 'POST' | 'DELETE',
    path: string,
    options: PutOptions,
    body?: ApiRequest['body'],
  ): Promise<Reply> {
    const { runtime, idempotency, level } = this.#core;
    const request: ApiRequest = {
      method,
      path,
      body,
      effect: 'write',
      level: options.level ?? level,
      idempotencyKey: options.idempotencyKey ?? (idempotency === 'auto' ? runtime.uniqueKey() : undefined),
      headers: {
        Durability: options.durability,
        'Fencing-Token': options.fencingToken,
        'If-Match': options.ifMatch === undefined ? undefined : quotedEtag(options.ifMatch),
        'If-None-Match': options.ifNoneMatch,
      },
    };
    return perform(this.#core, request, options, this.#memory);
  }
}

/** Etags are strings in double quotes; people who copy one tend to lose them. */
function quotedEtag(etag: string): string {
  if (etag === '') throw new InvalidArgumentError('an empty string is not an etag');
  return etag === '*' || /^(W\/)?".*"$/.test(etag) ? etag : `"${etag}"`;
}

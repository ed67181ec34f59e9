/** The key-value operations, the same inside and outside of sessions: requests built, replies read. */
import { readBatch, readEntry, readGet, readKeyReceipt, readMany, readPage } from './answers.js';
import { quotedEtag } from './arguments.js';
import type { ApiRequest, Reply } from './attempt.js';
import { Caller } from './caller.js';
import { Claims } from './claims.js';
import { Constraints } from './constraints.js';
import { bodyOf, jsonBody, wireOp } from './content.js';
import type { ClientCore, TokenMemory } from './core.js';
import { Elections } from './elections.js';
import { ProtocolError } from './errors.js';
import { fencingHeader } from './fencing.js';
import { keysQuery, keyTarget, queryOf } from './keys.js';
import { Locks } from './locks.js';
import { Sequences } from './sequences.js';
import { readTxn, txnBody } from './txn.js';
import type { Txn, TxnReceipt } from './txn-types.js';
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
  Value,
  WriteOptions,
} from './types.js';

export class Operations {
  readonly sequences: Sequences;
  readonly claims: Claims;
  readonly constraints: Constraints;
  readonly locks: Locks;
  readonly elections: Elections;
  readonly #caller: Caller;

  constructor(core: ClientCore, memory: TokenMemory) {
    const caller = new Caller(core, memory);
    this.#caller = caller;
    this.sequences = new Sequences(caller);
    this.claims = new Claims(caller);
    this.constraints = new Constraints(caller);
    this.locks = new Locks(caller);
    this.elections = new Elections(caller);
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
    const reply = await this.#write('POST', '/v1/txn', { ...options, level: 'linearizable' }, txnBody(txn));
    return readTxn(reply, txn);
  }

  #read(path: string, options: CallOptions, mayBeAbsent = false): Promise<Reply> {
    return this.#caller.read(path, options, { mayBeAbsent });
  }

  #write(
    method: 'PUT' | 'POST' | 'DELETE',
    path: string,
    options: PutOptions,
    body?: ApiRequest['body'],
  ): Promise<Reply> {
    const { durability, fences, ifMatch, ifNoneMatch, level = this.#caller.core.level } = options;
    const headers = {
      Durability: durability,
      'Fencing-Token': fences && fencingHeader(fences),
      'If-Match': ifMatch === undefined ? undefined : quotedEtag(ifMatch),
      'If-None-Match': ifNoneMatch,
    };
    return this.#caller.write({ method, path, body, level, headers }, options);
  }
}

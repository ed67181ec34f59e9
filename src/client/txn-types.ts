/** Transactions: conditions, what follows if they hold or do not, and what came of it. */
import type { Answer, BatchOp, Content, Value } from './types.js';

export type TxnOp = BatchOp | { readonly get: string };

/**
 * `etag: null` holds if the key does not exist. `value` holds if the key has exactly these bytes, whatever their content
 * type; what is neither text nor bytes is compared as its JSON text.
 */
export type TxnCondition =
  | { readonly key: string; readonly etag: string | null }
  | { readonly key: string; readonly value: Exclude<Value, null> };

/** Named as in etcd: an object with a member `then`, as the HTTP contract has it, is taken for a promise by tools. */
export interface Txn {
  readonly compare: readonly TxnCondition[];
  /** Runs if all conditions hold. */
  readonly success: readonly TxnOp[];
  readonly failure?: readonly TxnOp[] | undefined;
}

/** What one operation did or found. */
export type TxnResult =
  /** Of a put or delete; `etag` is that of the new version. */
  | { readonly kind: 'written'; readonly key: string; readonly etag: string | undefined }
  | ({ readonly kind: 'found'; readonly key: string; readonly etag: string } & Content)
  | { readonly kind: 'absent'; readonly key: string };

export interface TxnReceipt extends Answer {
  /** Which branch ran: `success` if all conditions held. */
  readonly succeeded: boolean;
  /** One result for each op of the branch that ran, in order. */
  readonly results: readonly TxnResult[];
}

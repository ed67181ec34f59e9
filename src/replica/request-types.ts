/** Requests to a replica and their results, as validated values: what all levels share. */
import type { Hlc } from '../clocks/hybrid-logical-clock.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { Fence } from '../keyspace/ordered/coordinator.js';
import type { Version } from '../keyspace/version.js';

/** The levels that are answered without the log. */
export type WeakLevel = 'eventual' | 'causal';
export type Durability = 'local' | 'majority' | 'all';

/** What every request says of its consistency. */
export interface RequestContext {
  readonly level: WeakLevel;
  readonly timeoutMs: number;
  /** What the `Causal-Token` names; EMPTY without one. Eventual requests do not wait for it. */
  readonly token: VersionVector;
  /** The caller went away: stop waiting. What was already issued stays. */
  readonly signal?: CallerSignal;
}

/**
 * Tells that the caller went away. Any `AbortSignal` will do; its events cost more than many a wait, so whoever makes one
 * for every request may make something lighter.
 */
export interface CallerSignal {
  readonly aborted: boolean;
  /** Each listener is for one request and is called once. */
  addEventListener(type: 'abort', listener: () => void, options: { readonly once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Milliseconds spent, for `Server-Timing`. */
export interface Timing {
  readonly waitMs: number;
  /** From proposal to application; only where the total order had a part. */
  readonly logMs?: number;
  readonly storeMs: number;
}

/** A key as one view shows it: the arbitration winner first; a winning tombstone means the key is absent. */
export interface KeyState {
  readonly key: string;
  /** Winner first, siblings after it in arbitration order; empty if nothing is known of the key. */
  readonly versions: readonly Version[];
}

export interface ReadResult {
  readonly state: KeyState;
  /** Request token joined with the returned version's dot and deps. */
  readonly token: VersionVector;
  readonly timing: Timing;
}

export interface MultiReadResult {
  readonly states: readonly KeyState[];
  readonly token: VersionVector;
  readonly timing: Timing;
}

export interface ListRequest {
  readonly prefix: string;
  /** Exclusive; '' = from the start. */
  readonly after: string;
  readonly limit: number;
}

export interface ListResult extends MultiReadResult {
  /** Pass as `after` for the next page; undefined at the end. */
  readonly next: string | undefined;
}

export type WriteOp =
  | { readonly kind: 'put'; readonly key: string; readonly contentType: string; readonly bytes: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string };

export interface WriteRequest {
  /** One op, or the ops of a batch; keys are distinct. */
  readonly ops: readonly WriteOp[];
  readonly durability: Durability;
  /** Held against the locks as this replica knows them. */
  readonly fences?: readonly Fence[];
  readonly idempotencyKey?: string;
}

export interface WriteResult {
  /** Entity tag of what was written; every key of a batch has the same. */
  readonly etag: string;
  readonly hlc: Hlc;
  readonly durability: Durability;
  readonly token: VersionVector;
  /** True when this is the stored outcome of an earlier request with the same Idempotency-Key. */
  readonly replayed: boolean;
  readonly timing: Timing;
}

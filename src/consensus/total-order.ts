/**
 * The port to a total order: a log that all members agree on, whoever carries it. Everything linearizable is a
 * deterministic state machine over it. An implementation is handed the consumer of its entries when it is opened.
 */

/** Why a command certainly went nowhere. */
export type NotAppended = 'no-leader' | 'overloaded' | 'transferring' | 'closed';

/** What became of an append. Only the entry that is delivered at `index` tells whether it is this one. */
export type AppendResult =
  /** In the log at `index`, if the entry delivered there is of `term`; not committed yet. */
  | { readonly kind: 'appended'; readonly index: number; readonly term: number }
  | { readonly kind: 'not-appended'; readonly reason: NotAppended }
  /** It may appear in the log, as an entry of `term` if that is known and of no other, or may not appear. */
  | { readonly kind: 'unknown'; readonly term: number | undefined };

export type ReadIndexResult =
  /** Whoever has applied `index` reads no older state than was current when it asked. */
  { readonly kind: 'index'; readonly index: number } | { readonly kind: 'unavailable'; readonly reason: NotAppended };

/** A committed entry. `bytes` is undefined for what the order itself put there: a term that begins, a change of members. */
export interface DeliveredEntry {
  readonly index: number;
  readonly term: number;
  readonly bytes: Uint8Array | undefined;
}

export interface TotalOrder {
  /**
   * Append `command`; `settle` is called once, later or at once. Commands of one turn of the event loop travel together.
   * Bytes handed over are the order's: it may write the leader's time into them.
   */
  append(command: Uint8Array, settle: (result: AppendResult) => void): void;
  /** Calls that wait at the same time share one round. `settle` is called once. */
  readIndex(settle: (result: ReadIndexResult) => void): void;
  /** A leader is known, as far as this member can tell: an append has a chance. */
  readonly hasLeader: boolean;
  /** Whether this member leads: housekeeping that one member must do falls to it. */
  readonly isLeader: boolean;
}

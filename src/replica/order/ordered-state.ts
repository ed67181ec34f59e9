/**
 * What an order needs of the state machine that it feeds: a place for committed entries, copies of the state for members
 * that are too far behind, and a way to take over such a copy.
 */
import type { DeliveredEntry } from '../../consensus/total-order.js';
import type { StorageWrite } from '../../ports/storage.js';

/** The durable state after one index, as a stream of at least one byte that reads the same every time. */
export interface StateCopy {
  /** The last entry it contains. */
  readonly index: number;
  /** Pieces in order, each produced when it is asked for. A piece may be of any size up to about 1 MiB. */
  pieces(): Iterator<Uint8Array>;
  close(): void;
}

export interface OrderedState {
  /** Index of the last entry that is durably part of the state; 0 = none. */
  readonly durableApplied: number;
  /** Committed entries, in order and without holes after those delivered before. They are taken over at once. */
  deliver(entries: readonly DeliveredEntry[]): void;
  /** A copy of the durable state. The caller closes it soon. */
  copy(): StateCopy;
  /** Throw away what was staged, and begin to stage a copy. */
  beginInstall(): void;
  /** The next bytes of the copy, cut anywhere. Staging does not change what anybody reads. */
  stage(bytes: Uint8Array): void;
  discardInstall(): void;
  /**
   * The staged bytes are whole. Resolves, when they are all in storage, with the writes that make them the state at
   * `index`: for one transaction with the order's own. Rejects with a `DecodeError` if they are no state of that index:
   * `discardInstall` follows, and the state goes on as it was.
   */
  finishInstall(index: number): Promise<readonly StorageWrite[]>;
  /** The transaction of `finishInstall` is durable: go on from its state. Entries up to `index` are delivered no more. */
  installed(index: number): void;
}

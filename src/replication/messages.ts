/** What replicas say to each other on the causal plane. The wire codec of `replica/` gives these their bytes. */
import type { Origin, ReplicaId } from '../base/ids.js';
import type { MissingRange, VersionVector } from '../clocks/version-vector.js';
import type { WriteGroup } from './write-group.js';

/** Freshly durable groups of the sender's own origin, in counter order. `vector` is the sender's durable vector. */
export interface GroupsMessage {
  readonly kind: 'groups';
  readonly vector: VersionVector;
  /** A client waits for more than local durability: answer with a `report` as soon as these are durable. */
  readonly wantReport: boolean;
  readonly groups: readonly WriteGroup[];
}

/** The sender's durable vector, said because somebody waits for it. */
export interface ReportMessage {
  readonly kind: 'report';
  readonly vector: VersionVector;
}

/** Anti-entropy: what the sender has, on a timer, after a reconnect and on request. */
export interface DigestMessage {
  readonly kind: 'digest';
  readonly vector: VersionVector;
  /** Operations at or below this are no longer in the sender's operation log. */
  readonly floor: VersionVector;
  /** The stable cut up to which the sender has dropped tombstones. */
  readonly forgotten: VersionVector;
  /** Origins of which the sender has received something that is not in `vector`, sorted. It may still become durable. */
  readonly holding: readonly Origin[];
  /** The incarnation under which the sender knows each of the others, sorted; those it has not heard are left out. */
  readonly heard: readonly Origin[];
  /** The incarnations that the sender takes for members by agreement, sorted; empty before there is one. */
  readonly members: readonly Origin[];
  /** The sender has everything that was forgotten without it. */
  readonly joined: boolean;
  readonly wantReply: boolean;
}

/** Ask for operations, `have + 1` to `need` of each origin. */
export interface FetchMessage {
  readonly kind: 'fetch';
  readonly request: number;
  readonly ranges: readonly MissingRange[];
}

/** A part of what was asked, in counter order for each origin. */
export interface FetchedMessage {
  readonly kind: 'fetched';
  readonly request: number;
  readonly vector: VersionVector;
  readonly floor: VersionVector;
  /** The ranges start below the sender's floor: only a snapshot can help. */
  readonly behind: boolean;
  readonly groups: readonly WriteGroup[];
}

/** Where a snapshot transfer stands: the table and the last key that was sent. */
export interface SnapshotCursor {
  readonly table: 'keyspace' | 'retries';
  /** Exclusive; undefined = from the first key. */
  readonly after: Uint8Array | undefined;
}

/** Ask for the next page of the snapshot `session`; the first ask of a session opens it. */
export interface SnapshotFetchMessage {
  readonly kind: 'snapshot-fetch';
  readonly session: number;
  readonly cursor: SnapshotCursor;
}

/** One page of one consistent snapshot: every entry of `cursor.table` after `cursor.after` up to and including `next`'s. */
export interface SnapshotPageMessage {
  readonly kind: 'snapshot-page';
  readonly session: number;
  readonly cursor: SnapshotCursor;
  /** The same in every page of a session: the state the snapshot was taken at. */
  readonly vector: VersionVector;
  readonly forgotten: VersionVector;
  readonly entries: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[];
  /** Undefined when this was the last page. */
  readonly next: SnapshotCursor | undefined;
}

/** The sender no longer holds the snapshot `session` open; start again. */
export interface SnapshotGoneMessage {
  readonly kind: 'snapshot-gone';
  readonly session: number;
}

export type PlaneMessage =
  | GroupsMessage
  | ReportMessage
  | DigestMessage
  | FetchMessage
  | FetchedMessage
  | SnapshotFetchMessage
  | SnapshotPageMessage
  | SnapshotGoneMessage;

/** It puts something into the causal view of who takes it. */
export function bringsState({ kind }: PlaneMessage): boolean {
  return kind === 'groups' || kind === 'fetched' || kind === 'snapshot-page';
}

/** A message on its way out. It says only what is durable, so it may leave at once. */
export interface Outgoing {
  readonly to: ReplicaId | 'all';
  readonly message: PlaneMessage;
}

/**
 * What goes into the causal plane and what comes out of it, as types: the contract between `CausalPlane` and its driver.
 * The driver owns storage, transport and time; the plane owns every decision.
 */
import type { Origin, ReplicaId } from '../base/ids.js';
import type { Hlc } from '../clocks/hybrid-logical-clock.js';
import type { MissingRange, VersionVector } from '../clocks/version-vector.js';
import type { Outgoing, SnapshotCursor, SnapshotPageMessage } from './messages.js';
import type { WriteGroup } from './write-group.js';

export interface PlaneOptions {
  /** The origin of this incarnation. */
  readonly self: Origin;
  /** Every replica of the cluster, this one included, as it was configured. Counts until there is an agreement. */
  readonly members: readonly ReplicaId[];
  /**
   * The driver follows the total order itself: it brings the groups of the log by `offerLog`, and what may be forgotten
   * by `agree`. Otherwise there is no log, or its groups come from peers like any other.
   */
  readonly ordered?: boolean;
  /** The last agreement that was durable here. */
  readonly agreement?: Agreement | undefined;
  /** Uniform in [0, 1); injected, so that one seed is the whole run. */
  readonly random: () => number;
}

/**
 * Who the members are by the total order. Replicas take it over at different moments, so each says in its digests
 * whom it goes by, and nothing is forgotten while they differ.
 */
export interface Agreement {
  /** Incarnations, sorted. */
  readonly members: readonly Origin[];
  /** It is the first one: nothing can have been forgotten without any of these. */
  readonly founding: boolean;
  /** Incarnations that were members once. What they wrote stays; they are not listened to any more. */
  readonly former: readonly Origin[];
}

/** What storage holds when the replica starts; all empty and zero for a new incarnation. */
export interface PlaneRecovered {
  readonly vector: VersionVector;
  readonly floor: VersionVector;
  readonly forgotten: VersionVector;
  readonly hlc: Hlc;
  /** The process died in the middle of a snapshot install. */
  readonly installing: boolean;
  /**
   * The join of the vectors of all snapshot pages merged by the interrupted install: storage already holds versions of
   * up to here, so only a snapshot that covers it makes the state whole again. Absent = not known.
   */
  readonly installTarget?: VersionVector | undefined;
}

/** The sender of a message, as its envelope says. */
export interface Peer {
  readonly replica: ReplicaId;
  readonly origin: Origin;
}

export interface Now {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Storage reads the driver does for a peer; it answers with `fetched` or `snapshot-page` itself. */
export type ServeRequest =
  | {
      readonly kind: 'serve-fetch';
      readonly to: ReplicaId;
      readonly request: number;
      readonly ranges: readonly MissingRange[];
      /** The ranges start below our floor: answer without groups. */
      readonly behind: boolean;
    }
  | {
      readonly kind: 'serve-snapshot';
      readonly to: ReplicaId;
      readonly session: number;
      readonly cursor: SnapshotCursor;
    };

/** One snapshot page to merge into storage. */
export interface InstallStep {
  readonly page: SnapshotPageMessage;
  /** Our applied vector when the install began: what tells "never had it" from "had it and superseded it". */
  readonly own: VersionVector;
  readonly first: boolean;
  readonly last: boolean;
}

/**
 * What is to be made durable in one storage transaction: deliveries first, then the page. A batch with a page carries no
 * deliveries but our own. The batch with the last page also carries the trim that goes with the snapshot.
 */
export interface PersistBatch {
  /** In causal order, own issued ones included. */
  readonly deliveries: readonly WriteGroup[];
  readonly install: InstallStep | undefined;
  /** Drop operations up to `floor` and stable tombstones up to `forgotten`, and remember both. */
  readonly trim: { readonly floor: VersionVector; readonly forgotten: VersionVector } | undefined;
  /** The vector after this batch. */
  readonly vector: VersionVector;
  readonly hlc: Hlc;
}

/** Messages and storage reads that may leave now. */
export interface PlaneOutbox {
  readonly sends: readonly Outgoing[];
  readonly serves: readonly ServeRequest[];
}

export interface PeerStatus {
  readonly replica: ReplicaId;
  /** Undefined until the peer was heard from. */
  readonly origin: Origin | undefined;
  readonly vector: VersionVector;
  readonly reachable: boolean;
  /** Dots that are durable here and missing in the last vector the peer told. */
  readonly lagOps: number;
  /** How long ago the peer was last heard. */
  readonly lastContactMs: number | undefined;
}

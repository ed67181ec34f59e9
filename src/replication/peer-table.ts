/**
 * What this replica knows of the others: which incarnation of each is alive, what it last said it has, and when. It
 * only remembers; what follows from it is decided elsewhere.
 */
import { LOG_ORIGIN, type Origin, type ReplicaId, replicaOf } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Dot } from '../clocks/dot.js';
import { VersionVector } from '../clocks/version-vector.js';
import type { DigestMessage } from './messages.js';
import type { Peer, PeerStatus } from './plane-types.js';

/** Who speaks: the incarnation we know, one we did not know, a former one, or nobody of this cluster. */
export type Standing = 'known' | 'new' | 'retired' | 'foreign';

export interface PeerRecord {
  readonly replica: ReplicaId;
  /** Undefined until it was heard from. */
  origin: Origin | undefined;
  /** When it was first heard under this origin. */
  sinceMs: number;
  contactMs: number;
  digestMs: number;
  /** Everything it has said it has; grows while the incarnation lives. */
  vector: VersionVector;
  floor: VersionVector;
  settled: boolean;
  /** Former incarnations, oldest first. */
  readonly retired: Origin[];
}

export class PeerTable {
  readonly #self: Origin;
  readonly #selfReplica: ReplicaId | undefined;
  /** In order of replica id. */
  readonly #peers: ReadonlyMap<ReplicaId, PeerRecord>;
  #startedMs: number | undefined;

  constructor(self: Origin, members: readonly ReplicaId[]) {
    this.#self = self;
    this.#selfReplica = replicaOf(self);
    const others = [...new Set(members)].filter((replica) => replica !== this.#selfReplica).sort();
    this.#peers = new Map(others.map((replica) => [replica, unheard(replica)]));
  }

  all(): PeerRecord[] {
    return [...this.#peers.values()];
  }

  get(replica: ReplicaId): PeerRecord | undefined {
    return this.#peers.get(replica);
  }

  isMember(replica: ReplicaId): boolean {
    return replica === this.#selfReplica || this.#peers.has(replica);
  }

  /** Whether groups of this origin are of this cluster. */
  admits(origin: Origin): boolean {
    const replica = replicaOf(origin);
    return replica === undefined ? origin === LOG_ORIGIN : this.isMember(replica);
  }

  /** Time passes; the first call starts the clock of our own incarnation. */
  observe(nowMs: number): void {
    this.#startedMs ??= nowMs;
  }

  /**
   * A message came from `from`. An incarnation not heard before replaces the last one, about which nothing is known any
   * more. A former one is not listened to, unless the current one has been silent for so long that it must have been
   * the other way round: after our own restart a late message can make the dead look like the living.
   */
  hear(from: Peer, nowMs: number): Standing {
    const peer = this.#peers.get(from.replica);
    if (peer === undefined || replicaOf(from.origin) !== from.replica) return 'foreign';
    if (peer.origin === from.origin) {
      peer.contactMs = nowMs;
      return 'known';
    }
    if (peer.retired.includes(from.origin) && this.isReachable(peer, nowMs)) return 'retired';
    succeed(peer, from.origin, nowMs);
    return 'new';
  }

  learn(replica: ReplicaId, vector: VersionVector): void {
    const peer = this.#peers.get(replica);
    if (peer !== undefined) peer.vector = peer.vector.join(vector);
  }

  learnFloor(replica: ReplicaId, floor: VersionVector): void {
    const peer = this.#peers.get(replica);
    if (peer !== undefined) peer.floor = peer.floor.join(floor);
  }

  learnDigest(replica: ReplicaId, digest: DigestMessage, nowMs: number): void {
    const peer = this.#peers.get(replica);
    if (peer === undefined) return;
    peer.digestMs = nowMs;
    peer.settled = digest.settled;
  }

  isReachable(peer: PeerRecord, nowMs: number): boolean {
    return peer.origin !== undefined && nowMs - peer.contactMs < LIMITS.peerTimeoutMs;
  }

  reachable(nowMs: number): PeerRecord[] {
    return this.all().filter((peer) => this.isReachable(peer, nowMs));
  }

  /** A former incarnation of a member that lives under another origin now. False while that is not known. */
  isRetired(origin: Origin): boolean {
    return this.#retiredSince(origin) !== undefined;
  }

  /** The origin is certainly still writing: it is ours, the log, or that of a peer heard lately. */
  isAlive(origin: Origin, nowMs: number): boolean {
    if (origin === this.#self || origin === LOG_ORIGIN) return true;
    const peer = this.#peers.get(replicaOf(origin) ?? ('' as ReplicaId));
    return peer !== undefined && peer.origin === origin && this.isReachable(peer, nowMs);
  }

  /**
   * The origin is retired, and every other member has sent a digest long enough after that was learned for whatever
   * was under way then to have arrived.
   */
  isQuiet(origin: Origin): boolean {
    const since = this.#retiredSince(origin);
    if (since === undefined) return false;
    return this.all().every((peer) => peer.origin !== undefined && peer.digestMs >= since + LIMITS.peerTimeoutMs);
  }

  /** Members other than this replica that are known to have `dot` durable, in order. */
  holders(dot: Dot): ReplicaId[] {
    return this.all()
      .filter((peer) => peer.vector.covers(dot))
      .map((peer) => peer.replica);
  }

  statuses(durable: VersionVector, nowMs: number): PeerStatus[] {
    return this.all().map((peer) => ({
      replica: peer.replica,
      origin: peer.origin,
      vector: peer.vector,
      reachable: this.isReachable(peer, nowMs),
      lagOps: peer.vector.missing(durable).reduce((sum, { have, need }) => sum + need - have, 0),
      lastContactMs: peer.origin === undefined ? undefined : nowMs - peer.contactMs,
    }));
  }

  #retiredSince(origin: Origin): number | undefined {
    const replica = replicaOf(origin);
    if (replica === undefined) return undefined;
    if (replica === this.#selfReplica) return origin === this.#self ? undefined : this.#startedMs;
    const peer = this.#peers.get(replica);
    return peer?.origin === undefined || peer.origin === origin ? undefined : peer.sinceMs;
  }
}

function unheard(replica: ReplicaId): PeerRecord {
  return {
    replica,
    origin: undefined,
    sinceMs: 0,
    contactMs: 0,
    digestMs: Number.NEGATIVE_INFINITY,
    vector: VersionVector.EMPTY,
    floor: VersionVector.EMPTY,
    settled: false,
    retired: [],
  };
}

function succeed(peer: PeerRecord, origin: Origin, nowMs: number): void {
  const before = peer.retired.indexOf(origin);
  if (before >= 0) peer.retired.splice(before, 1);
  if (peer.origin !== undefined) peer.retired.push(peer.origin);
  if (peer.retired.length > LIMITS.retiredIncarnationsMax) peer.retired.shift();
  peer.origin = origin;
  peer.sinceMs = nowMs;
  peer.contactMs = nowMs;
  peer.digestMs = Number.NEGATIVE_INFINITY;
  peer.vector = VersionVector.EMPTY;
  peer.floor = VersionVector.EMPTY;
  peer.settled = false;
}

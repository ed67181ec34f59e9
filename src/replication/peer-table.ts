/**
 * What this replica knows of the others: which incarnation of each is alive, what it last said it has, and when. It
 * only remembers; what follows from it is decided elsewhere.
 */
import { LOG_ORIGIN, type Origin, type ReplicaId, replicaOf } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Dot } from '../clocks/dot.js';
import { VersionVector } from '../clocks/version-vector.js';
import type { DigestMessage } from './messages.js';
import type { Agreement, Peer, PeerStatus } from './plane-types.js';

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
  /** Origins of which it had more than `vector` says when it sent its last digest. */
  holding: readonly Origin[];
  /** Whom it takes for members, as its last digest said, and since when as far as was heard. */
  members: readonly Origin[] | undefined;
  membersSinceMs: number;
  /** Former incarnations, oldest first. */
  readonly retired: Origin[];
}

export class PeerTable {
  readonly #self: Origin;
  readonly #selfReplica: ReplicaId | undefined;
  /** In order of replica id. */
  #peers: ReadonlyMap<ReplicaId, PeerRecord> = new Map();
  #agreement: Agreement | undefined;
  #startedMs: number | undefined;
  /** Since when the present members count; undefined = since the start. */
  #membersSinceMs: number | undefined;

  constructor(self: Origin, members: readonly ReplicaId[], agreement?: Agreement) {
    this.#self = self;
    this.#selfReplica = replicaOf(self);
    this.#agreement = agreement;
    this.#setReplicas(agreement === undefined ? members : replicasOf(agreement));
  }

  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  /** The incarnations that are members by agreement; nobody before there is one. */
  get members(): readonly Origin[] {
    return this.#agreement?.members ?? NOBODY;
  }

  /** From now on these are the members. Returns the replicas that are none any more. */
  agree(agreement: Agreement, nowMs: number): readonly ReplicaId[] {
    const before = this.replicas;
    this.#agreement = agreement;
    this.#membersSinceMs = nowMs;
    this.#setReplicas(replicasOf(agreement));
    return before.filter((replica) => !this.#peers.has(replica));
  }

  /** The other members. */
  get replicas(): readonly ReplicaId[] {
    return [...this.#peers.keys()];
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

  /**
   * Whether groups of this origin are of this cluster. Once members come and go, so is whatever one of them passes on: it
   * may be of a member that was removed before we came, or was added a moment ago.
   */
  admits(origin: Origin): boolean {
    const replica = replicaOf(origin);
    if (replica === undefined) return origin === LOG_ORIGIN;
    return this.#agreement !== undefined || this.isMember(replica);
  }

  /** The incarnation under which each of the others is known; those not heard yet are left out. */
  get heard(): readonly Origin[] {
    return this.all().flatMap(({ origin }) => origin ?? []);
  }

  /**
   * What its sender says that it has counts towards what may be forgotten: it waits for the same incarnations as we do.
   * One that it knows and we do not may have begun with what the sender had before, and write what competes with the
   * rest; see `Joining`.
   */
  goesByOurMembers({ members, heard }: DigestMessage): boolean {
    return sameOrigins(members, this.members) && heard.every((origin) => this.#isCurrent(origin));
  }

  /**
   * Every member goes by the members that we go by, and all have spoken so long after the last change among them that
   * whatever was under way then has arrived. While they differ one of them may still take writes of a replica that
   * another no longer waits for. A member heard for the first time is a change as well, and so is our own start: either
   * may follow an incarnation that ended while its last writes were under way, and nobody need know of it.
   */
  get isOfOneMind(): boolean {
    const own = this.members;
    const peers = this.all();
    const begunMs = this.#membersSinceMs ?? this.#startedMs ?? 0;
    const sinceMs = peers.reduce((latest, peer) => Math.max(latest, peer.membersSinceMs), begunMs);
    return peers.every(({ members, digestMs }) => {
      return members !== undefined && sameOrigins(members, own) && digestMs >= sinceMs + LIMITS.peerTimeoutMs;
    });
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
    if (replicaOf(from.origin) !== from.replica) return 'foreign';
    if (this.#agreement?.former.includes(from.origin) === true) return this.#standingOfFormer(nowMs);
    const peer = this.#peers.get(from.replica);
    if (peer === undefined) return 'foreign';
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
    if (peer.members === undefined || !sameOrigins(peer.members, digest.members)) peer.membersSinceMs = nowMs;
    peer.members = digest.members;
    peer.digestMs = nowMs;
    peer.holding = digest.holding;
  }

  isReachable(peer: PeerRecord, nowMs: number): boolean {
    return peer.origin !== undefined && nowMs - peer.contactMs < LIMITS.peerTimeoutMs;
  }

  reachable(nowMs: number): PeerRecord[] {
    return this.all().filter((peer) => this.isReachable(peer, nowMs));
  }

  /** An incarnation of a replica that lives under another origin now, or is no member. False while that is not known. */
  isRetired(origin: Origin): boolean {
    return this.#retiredSince(origin) !== undefined;
  }

  /** The origin is certainly still writing: it is ours, the log, or that of a member heard lately. */
  isAlive(origin: Origin, nowMs: number): boolean {
    if (origin === this.#self || origin === LOG_ORIGIN) return true;
    if (this.#agreement?.members.includes(origin) === false) return false;
    const peer = this.all().find((one) => one.origin === origin);
    return peer !== undefined && this.isReachable(peer, nowMs);
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
    if (peer === undefined && this.#agreement !== undefined) return this.#membersSinceMs ?? this.#startedMs;
    return peer?.origin === undefined || peer.origin === origin ? undefined : peer.sinceMs;
  }

  /**
   * What a member wrote just before it was removed is welcome for a moment. Nothing is forgotten that early, because all
   * must have been of one mind for longer.
   */
  #standingOfFormer(nowMs: number): Standing {
    return this.#membersSinceMs !== undefined && nowMs - this.#membersSinceMs < LIMITS.farewellMs
      ? 'retired'
      : 'foreign';
  }

  #isCurrent(origin: Origin): boolean {
    return origin === this.#self || this.all().some((peer) => peer.origin === origin);
  }

  #setReplicas(replicas: readonly ReplicaId[]): void {
    const others = [...new Set(replicas)].filter((replica) => replica !== this.#selfReplica).sort();
    this.#peers = new Map(others.map((replica) => [replica, this.#peers.get(replica) ?? unheard(replica)]));
  }
}

const NOBODY: readonly Origin[] = [];

/** The replicas whose incarnations are agreed on. */
function replicasOf({ members }: Agreement): ReplicaId[] {
  return members.flatMap((origin) => replicaOf(origin) ?? []);
}

function sameOrigins(a: readonly Origin[], b: readonly Origin[]): boolean {
  return a.length === b.length && a.every((origin, i) => origin === b[i]);
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
    holding: NOBODY,
    members: undefined,
    membersSinceMs: Number.NEGATIVE_INFINITY,
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
  peer.holding = NOBODY;
  peer.members = undefined;
  peer.membersSinceMs = nowMs;
}

/**
 * Anti-entropy: which groups are missing here, and whom to ask for them. Each peer has at most one fetch under way and
 * no group is asked of two at a time. A hole is given a moment before it is fetched, because most close by themselves.
 */
import { LOG_ORIGIN, type Origin, type ReplicaId, replicaOf } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { CausalBuffer } from './causal-buffer.js';
import { FetchLines, type FetchOutcome } from './fetch-lines.js';
import { FetchRanges, subtractGaps } from './fetch-ranges.js';
import { HoleTable } from './hole-table.js';
import { LogHole } from './log-hole.js';
import type { FetchedMessage, Outgoing } from './messages.js';
import type { PeerRecord, PeerTable } from './peer-table.js';

/** Delivery that lags by this much is not given more to do. */
const READY_ENOUGH = LIMITS.turnMaxGroups * 4;

/** A peer that may be asked now, and what it is going to be asked for. */
interface Candidate {
  readonly peer: PeerRecord;
  readonly request: FetchRanges;
}

export class AntiEntropy {
  readonly #random: () => number;
  readonly #lines = new FetchLines();
  readonly #holes = new HoleTable();
  readonly #logHole: LogHole | undefined;
  #lastRequest: number;

  constructor(random: () => number, ordered = false) {
    this.#random = random;
    this.#logHole = ordered ? new LogHole() : undefined;
    this.#lastRequest = Math.floor(random() * 2 ** 31);
  }

  /** Our own log has brought all of its groups up to `index` that it ever will. */
  logThrough(index: number, nowMs: number): void {
    this.#logHole?.reached(index, nowMs);
  }

  /** The fetches to send now. */
  plan(buffer: CausalBuffer, peers: PeerTable, nowMs: number): Outgoing[] {
    this.#lines.expire(nowMs);
    if (buffer.ready > READY_ENOUGH) return [];
    const reachable = peers.reachable(nowMs);
    if (this.#isWhole(buffer, reachable)) return [];
    const candidates = reachable
      .filter((peer) => this.#lines.isFree(peer.replica, nowMs))
      .map((peer) => ({ peer, request: new FetchRanges() }));
    if (candidates.length === 0) return [];
    for (const origin of this.#order(buffer, peers, reachable)) {
      const offered = reachable.reduce((most, peer) => Math.max(most, peer.vector.get(origin)), 0);
      const known = origin === LOG_ORIGIN ? this.#missingLog(buffer, offered, nowMs) : offered;
      const due = this.#holes.due(origin, buffer.firstAbsent(origin), known, nowMs);
      // The rest of a stream that stands still for another origin would only fill the buffer.
      const isUseless = buffer.isHalfFull && buffer.isHeadBlocked(origin);
      if (due === 0 || isUseless || !this.#assign(origin, due, buffer, candidates)) continue;
      this.#holes.asked(origin, due, nowMs);
    }
    return this.#send(candidates, nowMs);
  }

  /** An answer came; `fresh` of its groups were new. */
  answered(from: ReplicaId, message: FetchedMessage, fresh: number, nowMs: number): FetchOutcome {
    return this.#lines.answered(from, message.request, message.behind, fresh, nowMs);
  }

  /** The peer has a new incarnation: what was asked of the last one will not be answered. */
  forget(replica: ReplicaId): void {
    this.#lines.forget(replica);
  }

  /** What was asked is lost, and what was noticed is old. */
  restart(): void {
    this.#lines.clear();
    this.#holes.clear();
  }

  /** Nothing that a peer has is absent, and nothing was. So it is nearly always, and then that is all there is to see. */
  #isWhole(buffer: CausalBuffer, reachable: readonly PeerRecord[]): boolean {
    const isWhole =
      this.#holes.isEmpty && reachable.length > 0 && reachable.every(({ vector }) => hasAll(buffer, vector));
    if (isWhole) this.#logHole?.closed();
    return isWhole;
  }

  /** How much of the log must come from peers, who have it up to `offered`. */
  #missingLog(buffer: CausalBuffer, offered: number, nowMs: number): number {
    if (this.#logHole === undefined) return offered;
    if (buffer.isHeadBlocked(LOG_ORIGIN)) return 0;
    return this.#logHole.missing(buffer.firstAbsent(LOG_ORIGIN), offered, nowMs);
  }

  /** Origins that others wait for come first; within each half the order rotates, so that none is starved. */
  #order(buffer: CausalBuffer, peers: PeerTable, reachable: readonly PeerRecord[]): Origin[] {
    const offered = new Set(reachable.flatMap((peer) => peer.vector.entries().map(([origin]) => origin)));
    const origins = [...offered].filter((origin) => peers.admits(origin)).sort();
    const turn = origins.length === 0 ? 0 : this.#lastRequest % origins.length;
    const rotated = [...origins.slice(turn), ...origins.slice(0, turn)];
    const wanted = new Set(buffer.blocked().map(({ missing }) => missing.origin));
    return [...rotated.filter((origin) => wanted.has(origin)), ...rotated.filter((origin) => !wanted.has(origin))];
  }

  /** Add what is absent of `origin` up to `due` to the request to one peer. False if nobody can be asked for it now. */
  #assign(origin: Origin, due: number, buffer: CausalBuffer, candidates: readonly Candidate[]): boolean {
    const gaps = buffer.gaps(origin, due, LIMITS.vectorMaxEntries, LIMITS.fetchBridgeGroups);
    const free = subtractGaps(gaps, this.#lines.underWay(origin));
    const first = free[0];
    if (first === undefined) return true;
    const chosen = this.#choose(origin, first.have + 1, candidates);
    chosen?.request.add(origin, free, chosen.peer.vector.get(origin));
    return chosen !== undefined;
  }

  /**
   * The origin's own replica if it can, else any that has the group; one that has dropped it from its operation log,
   * or left a fetch unanswered, only if there is no better.
   */
  #choose(origin: Origin, counter: number, candidates: readonly Candidate[]): Candidate | undefined {
    const able = candidates.filter(({ peer, request }) => !request.isFull && peer.vector.get(origin) >= counter);
    const rank = ({ peer }: Candidate) =>
      this.#lines.failures(peer.replica) * 4 +
      (peer.floor.get(origin) < counter ? 0 : 2) +
      (peer.replica === replicaOf(origin) ? 0 : 1);
    const best = able.reduce((least, candidate) => Math.min(least, rank(candidate)), Number.POSITIVE_INFINITY);
    const equals = able.filter((candidate) => rank(candidate) === best);
    return equals.length < 2 ? equals[0] : equals[Math.floor(this.#random() * equals.length)];
  }

  #send(candidates: readonly Candidate[], nowMs: number): Outgoing[] {
    const asked = candidates.filter(({ request }) => request.ranges.length > 0);
    return asked.map(({ peer, request: { ranges } }) => {
      this.#lastRequest += 1;
      this.#lines.open(peer.replica, this.#lastRequest, ranges, nowMs);
      return { to: peer.replica, message: { kind: 'fetch', request: this.#lastRequest, ranges } };
    });
  }
}

/** What the vector names is here, delivered or not. */
function hasAll(buffer: CausalBuffer, vector: VersionVector): boolean {
  let isAbsent = false;
  vector.forEach((origin, counter) => {
    isAbsent ||= buffer.firstAbsent(origin) <= counter;
  });
  return !isAbsent;
}

/**
 * Catching up by snapshot, the receiver's side: pages are asked for one at a time, each only after the last is durable,
 * and all pages of a session show one state. While this goes on storage is a mixture of two states, so it goes on, with
 * another session or another peer if need be, until one session has come to its end.
 */
import { equalBytes } from '../base/bytes.js';
import type { ReplicaId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { Outgoing, SnapshotCursor, SnapshotPageMessage } from './messages.js';
import type { PeerRecord, PeerTable } from './peer-table.js';
import type { InstallStep } from './plane-types.js';

const START: SnapshotCursor = { table: 'keyspace', after: undefined };
/** Unanswered asks before another peer is tried. */
const ASKS_MAX = 3;

interface Session {
  readonly number: number;
  readonly peer: ReplicaId;
  cursor: SnapshotCursor;
  /** The state all pages show; set by the first. */
  state: { readonly vector: VersionVector; readonly forgotten: VersionVector } | undefined;
  askedMs: number;
  asks: number;
  /** Arrived and not durable yet. */
  page: SnapshotPageMessage | undefined;
}

/** An install that a crash broke off, and how far its pages reached, if that is known. */
export interface Interrupted {
  readonly target: VersionVector | undefined;
}

export class SnapshotInstall {
  readonly #random: () => number;
  /** Our applied vector when this began. */
  readonly #own: VersionVector;
  /** What the pages handed out so far show: storage must end no lower, or effects would be left without causes. */
  #target: VersionVector;
  /** A page was handed out, now or before a crash. */
  #merging: boolean;
  #session: Session | undefined;
  /** Asked first, if it can. */
  #preferred: ReplicaId | undefined;
  /** Failed last, asked only if there is no other. */
  #avoided: ReplicaId | undefined;
  /** Until then only snapshots that reach `#target` will do. */
  #patientUntilMs: number | undefined;

  constructor(
    own: VersionVector,
    interrupted: Interrupted | undefined,
    preferred: ReplicaId | undefined,
    random: () => number,
  ) {
    this.#own = own;
    this.#target = interrupted?.target === undefined ? own : own.join(interrupted.target);
    this.#merging = interrupted !== undefined;
    this.#preferred = preferred;
    this.#random = random;
  }

  /** No session is open, and storage is still what it was: the install can be given up. */
  get isIdle(): boolean {
    return this.#session === undefined && !this.#merging;
  }

  /** A page was handed out, now or before a crash: storage may be a mixture. */
  get isMerging(): boolean {
    return this.#merging;
  }

  /** Ask, ask again, or ask somebody else: what there is to send now. */
  tick(peers: PeerTable, nowMs: number): Outgoing[] {
    this.#patientUntilMs ??= nowMs + LIMITS.snapshotIdleMs;
    const session = this.#session;
    if (session === undefined) return this.#open(peers, nowMs);
    if (session.page !== undefined || nowMs - session.askedMs < LIMITS.fetchTimeoutMs) return [];
    if (session.asks < ASKS_MAX) return [this.#ask(session, nowMs)];
    this.#abandon(session);
    return this.#open(peers, nowMs);
  }

  /** The transport is back: ask at once for what was perhaps lost. */
  reconnected(nowMs: number): Outgoing[] {
    const session = this.#session;
    return session === undefined || session.page !== undefined ? [] : [this.#ask(session, nowMs)];
  }

  /** A page came. False if it is not the one that was asked for. */
  receive(from: ReplicaId, page: SnapshotPageMessage, nowMs: number): boolean {
    const session = this.#session;
    if (session === undefined || session.peer !== from || session.number !== page.session) return false;
    if (session.page !== undefined || !equalCursors(session.cursor, page.cursor)) return false;
    session.state ??= { vector: page.vector, forgotten: page.forgotten };
    const { vector, forgotten } = session.state;
    const isOneState = vector.equals(page.vector) && forgotten.equals(page.forgotten);
    if (!isOneState || !this.#reaches(page.vector, nowMs)) {
      this.#abandon(session);
      return true;
    }
    session.page = page;
    return true;
  }

  /** The peer no longer has the session. If a page of it is at hand, the ask for the next one will tell. */
  gone(from: ReplicaId, number: number): void {
    const session = this.#session;
    if (session?.peer !== from || session.number !== number || session.page !== undefined) return;
    this.#abandon(session);
  }

  /** The page to merge next, if one is here. From now on storage may show its state. */
  step(): InstallStep | undefined {
    const session = this.#session;
    const page = session?.page;
    if (session === undefined || page === undefined) return undefined;
    this.#target = this.#target.join(page.vector);
    this.#merging = true;
    return { page, own: this.#own, first: isStart(page.cursor), last: page.next === undefined };
  }

  /** The page is durable and not the last: ask for the next one. */
  stepPersisted(nowMs: number): Outgoing[] {
    const session = this.#session;
    const next = session?.page?.next;
    if (session === undefined || next === undefined) return [];
    this.#patientUntilMs = nowMs + LIMITS.snapshotIdleMs;
    session.page = undefined;
    session.cursor = next;
    session.asks = 0;
    return [this.#ask(session, nowMs)];
  }

  #open(peers: PeerTable, nowMs: number): Outgoing[] {
    const able = peers.reachable(nowMs).filter((peer) => this.#canServe(peer, nowMs));
    const others = able.filter((peer) => peer.replica !== this.#avoided);
    const choice = others.length > 0 ? others : able;
    const peer =
      choice.find(({ replica }) => replica === this.#preferred) ?? choice[Math.floor(this.#random() * choice.length)];
    if (peer === undefined) return [];
    const number = Math.floor(this.#random() * 2 ** 48);
    this.#session = {
      number,
      peer: peer.replica,
      cursor: START,
      state: undefined,
      askedMs: nowMs,
      asks: 0,
      page: undefined,
    };
    return [this.#ask(this.#session, nowMs)];
  }

  #canServe(peer: PeerRecord, nowMs: number): boolean {
    return !this.#own.includes(peer.vector) && this.#reaches(peer.vector, nowMs);
  }

  #reaches(vector: VersionVector, nowMs: number): boolean {
    return vector.join(this.#own).includes(this.#target) || nowMs >= (this.#patientUntilMs ?? nowMs);
  }

  #ask(session: Session, nowMs: number): Outgoing {
    session.askedMs = nowMs;
    session.asks += 1;
    const { peer: to, number, cursor } = session;
    return { to, message: { kind: 'snapshot-fetch', session: number, cursor } };
  }

  #abandon(session: Session): void {
    this.#session = undefined;
    this.#preferred = undefined;
    this.#avoided = session.peer;
  }
}

/** It asks for the first page, and so opens a session. */
export function isStart(cursor: SnapshotCursor): boolean {
  return equalCursors(cursor, START);
}

function equalCursors(a: SnapshotCursor, b: SnapshotCursor): boolean {
  if (a.table !== b.table) return false;
  return a.after === undefined || b.after === undefined ? a.after === b.after : equalBytes(a.after, b.after);
}

/**
 * Everything by which a replica gets what it missed: fetches, snapshots, and giving up on what is lost with the replica
 * that wrote it. Fetching and installing exclude each other, for a snapshot brings what would be fetched.
 */
import type { ReplicaId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { AntiEntropy } from './anti-entropy.js';
import type { Delivery } from './delivery.js';
import type { FetchedMessage, Outgoing, SnapshotPageMessage } from './messages.js';
import type { PeerTable } from './peer-table.js';
import type { PlaneCounter } from './plane-counters.js';
import type { InstallStep } from './plane-types.js';
import type { StoredView } from './serving.js';
import { type Interrupted, SnapshotInstall } from './snapshot-install.js';

export class CatchUp {
  readonly #delivery: Delivery;
  readonly #peers: PeerTable;
  readonly #counters: Record<PlaneCounter, number>;
  readonly #random: () => number;
  readonly #antiEntropy: AntiEntropy;
  #install: SnapshotInstall | undefined;

  constructor(
    delivery: Delivery,
    peers: PeerTable,
    counters: Record<PlaneCounter, number>,
    random: () => number,
    ordered: boolean,
  ) {
    this.#delivery = delivery;
    this.#peers = peers;
    this.#counters = counters;
    this.#random = random;
    this.#antiEntropy = new AntiEntropy(random, ordered);
  }

  get installing(): boolean {
    return this.#install !== undefined;
  }

  /** Whether storage shows one state. */
  get view(): StoredView {
    if (this.#install === undefined) return 'whole';
    return this.#install.isMerging ? 'mixed' : 'awaiting';
  }

  /** A crash broke an install off: another one must end it before anything else is delivered. */
  resume(interrupted: Interrupted): void {
    this.#begin(undefined, interrupted);
  }

  /** Our own log has brought all of its groups up to `index` that it ever will. */
  logThrough(index: number, nowMs: number): void {
    this.#antiEntropy.logThrough(index, nowMs);
  }

  /** What there is to ask for now. */
  tick(nowMs: number): readonly Outgoing[] {
    this.#dropLostIncarnations();
    return this.#ask(nowMs);
  }

  /** The transport is back: what was asked is perhaps lost. */
  reconnected(nowMs: number): readonly Outgoing[] {
    this.#antiEntropy.restart();
    return this.#install?.reconnected(nowMs) ?? [];
  }

  /** The peer has a new incarnation, which knows nothing of what we asked the last. */
  forget(replica: ReplicaId): void {
    this.#antiEntropy.forget(replica);
  }

  /** An answer to a fetch, `fresh` of whose groups were new. Catching up goes on with the next question at once. */
  fetched(from: ReplicaId, message: FetchedMessage, fresh: number, nowMs: number): readonly Outgoing[] {
    const outcome = this.#antiEntropy.answered(from, message, fresh, nowMs);
    if (outcome === 'unasked') return [];
    const isBehind = outcome === 'behind' && !this.#delivery.applied.includes(message.floor);
    if (isBehind && !this.installing) this.#begin(from, undefined);
    return this.#ask(nowMs);
  }

  /** False if the page is of no use. */
  page(from: ReplicaId, page: SnapshotPageMessage, nowMs: number): boolean {
    const entries = this.#delivery.applied.join(page.vector).size;
    return entries <= LIMITS.vectorMaxEntries && (this.#install?.receive(from, page, nowMs) ?? false);
  }

  gone(from: ReplicaId, session: number): void {
    this.#install?.gone(from, session);
  }

  /** The page to merge with the next transaction. */
  step(): InstallStep | undefined {
    return this.#install?.step();
  }

  /** The page is durable; what there is to ask for next. */
  stepPersisted(step: InstallStep, nowMs: number): readonly Outgoing[] {
    if (!step.last) return this.#install?.stepPersisted(nowMs) ?? [];
    this.#install = undefined;
    this.#counters.snapshotsInstalled += 1;
    this.#counters.duplicates += this.#delivery.buffer.jump(step.page.vector);
    this.#antiEntropy.restart();
    return [];
  }

  #begin(preferred: ReplicaId | undefined, interrupted: Interrupted | undefined): void {
    this.#install = new SnapshotInstall(this.#delivery.applied, interrupted, preferred, this.#random);
  }

  #ask(nowMs: number): readonly Outgoing[] {
    const asks = this.#install?.tick(this.#peers, nowMs) ?? [];
    // Nobody serves it, and nothing was merged: perhaps it can be fetched after all.
    if (this.#install?.isIdle === true) this.#install = undefined;
    if (this.#install !== undefined) return asks;
    const fetches = this.#antiEntropy.plan(this.#delivery.buffer, this.#peers, nowMs);
    this.#counters.fetches += fetches.length;
    return fetches;
  }

  /** What waits for a group that was lost with a former incarnation will never be delivered anywhere. */
  #dropLostIncarnations(): void {
    const { buffer } = this.#delivery;
    for (const { origin, missing } of buffer.blocked()) {
      if (!this.#peers.isQuiet(origin) || buffer.holds(missing)) continue;
      if (this.#peers.holders(missing).length > 0) continue;
      this.#counters.lostIncarnationGroups += buffer.dropHeld(origin);
    }
  }
}

/**
 * Groups on their way in: which are let in at all, what their stamps do to our clock, and what they give away about
 * ourselves.
 */
import { LOG_ORIGIN, type Origin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { type Hlc, mergeHlc, tickHlc } from '../clocks/hybrid-logical-clock.js';
import type { CausalBuffer } from './causal-buffer.js';
import type { PeerTable } from './peer-table.js';
import type { PlaneCounter } from './plane-counters.js';
import type { WriteGroup } from './write-group.js';

export class Intake {
  readonly #self: Origin;
  readonly #buffer: CausalBuffer;
  readonly #peers: PeerTable;
  readonly #counters: Record<PlaneCounter, number>;
  #hlc: Hlc;
  #restored: number | undefined;

  constructor(self: Origin, buffer: CausalBuffer, peers: PeerTable, counters: Record<PlaneCounter, number>, hlc: Hlc) {
    this.#self = self;
    this.#buffer = buffer;
    this.#peers = peers;
    this.#counters = counters;
    this.#hlc = hlc;
  }

  /** Not below any stamp that was issued or followed. */
  get hlc(): Hlc {
    return this.#hlc;
  }

  /** The highest counter of our own origin that a peer has and we never made durable. */
  get restored(): number | undefined {
    return this.#restored;
  }

  /** The stamp of a local write. */
  stamp(wallMs: number): Hlc {
    this.#hlc = tickHlc(this.#hlc, wallMs);
    return this.#hlc;
  }

  /** Groups from anywhere; returns how many were new. `ownDurable` is how far our own origin is durable. */
  absorb(groups: readonly WriteGroup[], ownDurable: number, wallMs: number): number {
    let fresh = 0;
    for (const group of groups) {
      const offer = this.admits(group, ownDurable) ? this.#buffer.offer(group) : 'refused';
      if (offer === 'refused') this.#counters.refused += 1;
      else if (offer === 'duplicate') this.#counters.duplicates += 1;
      else {
        this.#follow(group.hlc, wallMs);
        if (offer === 'full') this.#counters.bufferDropped += 1;
        else fresh += 1;
      }
    }
    return fresh;
  }

  /** Groups of the log would not only fill the buffer. */
  get takesLog(): boolean {
    return !this.#buffer.isHalfFull || !this.#buffer.isHeadBlocked(LOG_ORIGIN);
  }

  /** Groups of the log made here, in order; returns how many were taken before there was no room. */
  absorbLog(groups: readonly WriteGroup[], wallMs: number): number {
    let taken = 0;
    for (const group of groups) {
      if (!this.takesLog || this.#buffer.offer(group) === 'full') break;
      this.#follow(group.hlc, wallMs);
      taken += 1;
    }
    return taken;
  }

  /** Of a member or the log, and with a past it can have. Of our own origin nobody can know more than we do. */
  admits({ dot, deps }: WriteGroup, ownDurable: number): boolean {
    if (dot.origin === this.#self) this.suspect(dot.counter, ownDurable);
    if (this.#restored !== undefined || dot.counter <= 0) return false;
    return deps.get(dot.origin) < dot.counter && this.#peers.admits(dot.origin);
  }

  /** A peer has our own origin up to `counter`. It can only have what was published, and that was durable here. */
  suspect(counter: number, ownDurable: number): void {
    if (counter > ownDurable) this.#restored = Math.max(counter, this.#restored ?? 0);
  }

  /** A stamp too far ahead is not followed, but its group is taken all the same: stamps never decide causality. */
  #follow(hlc: Hlc, wallMs: number): void {
    const merge = mergeHlc(this.#hlc, hlc, wallMs, LIMITS.clockMaxAheadMs);
    if (merge.kind === 'merged') this.#hlc = merge.last;
    else this.#counters.stampsAhead += 1;
  }
}

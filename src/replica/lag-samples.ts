/** How far back in time a peer is: samples of our own vector, against the last one the peer is known to cover. */
import type { VersionVector } from '../clocks/version-vector.js';

const SAMPLES_MAX = 600;
const SAMPLE_INTERVAL_MS = 100;

export class LagSamples {
  readonly #samples: { readonly atMs: number; readonly vector: VersionVector }[] = [];

  /** Note our durable vector; call as often as you like. */
  note(vector: VersionVector, nowMs: number): void {
    const last = this.#samples[this.#samples.length - 1];
    if (last !== undefined && (nowMs - last.atMs < SAMPLE_INTERVAL_MS || last.vector.equals(vector))) return;
    this.#samples.push({ atMs: nowMs, vector });
    if (this.#samples.length > SAMPLES_MAX) this.#samples.shift();
  }

  /** Milliseconds since the oldest state the peer does not cover; 0 if it covers all. */
  lagMs(peer: VersionVector, nowMs: number): number {
    const oldest = this.#samples.find((sample) => !peer.includes(sample.vector));
    return oldest === undefined ? 0 : Math.max(0, Math.round(nowMs - oldest.atMs));
  }
}

/**
 * Tokens that were lately read or issued, with the vectors they name: a session sends back what it was given, and most
 * sessions that only read send the same token again and again. A text is kept only once it has been found right.
 */
import type { ClusterId } from '../base/ids.js';
import { decodeToken, encodeToken } from '../clocks/causal-token.js';
import type { VersionVector } from '../clocks/version-vector.js';

/** Of each of two generations: the older one goes when the younger is full. */
const GENERATION_MAX = 1_024;

export class TokenCache {
  readonly #cluster: ClusterId;
  #young = new Map<string, VersionVector>();
  #old = new Map<string, VersionVector>();

  constructor(cluster: ClusterId) {
    this.#cluster = cluster;
  }

  /** @throws CausewayError `invalid-causal-token` */
  decode(text: string): VersionVector {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const vector = this.#old.get(text) ?? decodeToken(this.#cluster, text);
    this.#keep(text, vector);
    return vector;
  }

  /** `vector` fits into a token. */
  encode(vector: VersionVector): string {
    const text = encodeToken(this.#cluster, vector);
    this.#keep(text, vector);
    return text;
  }

  #keep(text: string, vector: VersionVector): void {
    if (this.#young.size >= GENERATION_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, vector);
  }
}

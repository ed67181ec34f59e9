/** Idempotency keys of requests in progress at this replica, each with a fingerprint of what was asked. */
import { CausewayError } from '../../base/errors.js';

const NOTHING_CLAIMED = (): void => {};

export class InProgress {
  readonly #fingerprints = new Map<string, string>();

  /**
   * Claim the key until the returned function is called; without a key there is nothing to claim.
   * @throws CausewayError `idempotency-in-progress`, or `idempotency-key-reused` if the other request asks for other things
   */
  claim(key: string | undefined, fingerprint: string): () => void {
    if (key === undefined) return NOTHING_CLAIMED;
    const running = this.#fingerprints.get(key);
    if (running !== undefined && running !== fingerprint) throw reusedKey();
    if (running !== undefined) {
      throw new CausewayError('idempotency-in-progress', 'a request with this Idempotency-Key is still in progress');
    }
    this.#fingerprints.set(key, fingerprint);
    return () => this.#fingerprints.delete(key);
  }
}

export function reusedKey(): CausewayError {
  return new CausewayError('idempotency-key-reused', 'this Idempotency-Key was used for a request with another body');
}

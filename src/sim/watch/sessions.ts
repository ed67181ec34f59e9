/** What each session has behind it, by what was shown and acknowledged to it: a second opinion that knows nothing of tokens. */
import type { Dot } from '../../clocks/dot.js';
import { VersionVector } from '../../clocks/version-vector.js';
import type { Ledger, Shown } from './ledger.js';

export class SessionPast {
  readonly #ledger: Ledger;
  readonly #name: string;
  #vector = VersionVector.EMPTY;

  constructor(ledger: Ledger, name: string) {
    this.#ledger = ledger;
    this.#name = name;
  }

  /** A read that promises the session's past was answered with one state of these keys. */
  read(shown: readonly Shown[], past: VersionVector, what: string): void {
    const where = `${this.#name}: ${what}`;
    const seen = this.#ledger.pastOf(shown, past);
    for (const one of shown) {
      this.#ledger.checkShown(one, where);
      this.#ledger.checkPast(one, seen, where);
    }
    this.#vector = this.#vector.join(seen);
  }

  /** The same of a list, which may leave keys out. */
  listed(shown: readonly Shown[], keys: readonly string[], past: VersionVector, what: string): void {
    this.read(shown, past, what);
    const missing = keys.filter((key) => !shown.some((one) => one.key === key));
    for (const key of missing) this.#ledger.noteAbsent(key, past, `${this.#name}: ${what}`);
  }

  wrote(dot: Dot): void {
    const noted = this.#ledger.find(dot);
    this.#vector = this.#vector.with(dot).join(noted?.group.deps ?? VersionVector.EMPTY);
  }

  /** What the next request will have behind it. */
  get vector(): VersionVector {
    return this.#vector;
  }
}

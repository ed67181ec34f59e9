/** What the answers about locks, sequences and claims must have in common, whoever they were given to. */

interface Span {
  readonly invokedMs: number;
  readonly answeredMs: number;
}

interface Drawn extends Span {
  readonly value: number;
}

interface Lease {
  readonly token: number;
  readonly owner: string;
  /** Until then its holder counts on it: counted from before it asked. */
  untilMs: number;
}

export class CoordinationWatch {
  readonly #fail: (rule: string, sentence: string) => void;
  readonly #drawn = new Map<string, Drawn[]>();
  readonly #leases = new Map<string, Lease>();
  readonly #tokens = new Set<string>();
  readonly #owners = new Map<string, string>();

  constructor(fail: (rule: string, sentence: string) => void) {
    this.#fail = fail;
  }

  /** A number of a sequence: never one that was given out, and greater than all given out before it was asked for. */
  drew(sequence: string, value: number, span: Span): void {
    const drawn = this.#drawn.get(sequence) ?? [];
    this.#drawn.set(sequence, drawn);
    for (const other of drawn) {
      if (other.value === value) this.#fail('sequence-gives-once', `${sequence} gave ${value} twice`);
      if (other.answeredMs < span.invokedMs && other.value > value) {
        this.#fail('sequence-only-grows', `${sequence} gave ${value} after ${other.value}`);
      }
    }
    drawn.push({ value, ...span });
  }

  acquired(lock: string, token: number, owner: string, ttlMs: number, span: Span): void {
    const name = `${lock} ${token}`;
    if (this.#tokens.has(name)) this.#fail('one-holder-a-token', `${lock} was given twice under token ${token}`);
    this.#tokens.add(name);
    const before = this.#leases.get(lock);
    if (before !== undefined && before.token > token) {
      // Whoever learns late that he had it may have lost it meanwhile.
      return;
    }
    if (before !== undefined && before.untilMs > span.answeredMs) {
      const sentence = `${owner} holds ${lock} under ${token} while ${before.owner} still counts on ${before.token}`;
      this.#fail('one-holder-at-a-time', sentence);
    }
    this.#leases.set(lock, { token, owner, untilMs: span.invokedMs + ttlMs });
  }

  renewed(lock: string, token: number, ttlMs: number, invokedMs: number): void {
    const lease = this.#leases.get(lock);
    if (lease?.token === token) lease.untilMs = invokedMs + ttlMs;
  }

  /** The holder does not count on it from now on. */
  gaveUp(lock: string, token: number): void {
    const lease = this.#leases.get(lock);
    if (lease?.token === token) lease.untilMs = 0;
  }

  /** Claims of the simulated clients are never given back. */
  claimed(claim: string, owner: string): void {
    const known = this.#owners.get(claim) ?? owner;
    this.#owners.set(claim, known);
    if (known !== owner) this.#fail('one-owner-a-claim', `${claim} belongs to ${known} and to ${owner}`);
  }
}

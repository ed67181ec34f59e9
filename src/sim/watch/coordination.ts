/** What the answers about locks, fences, sequences and claims must have in common, whoever they were given to. */

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

/** A write that was let pass with a token, by a state that had applied the log up to `judgedAt`. */
interface Passed {
  readonly token: number;
  readonly judgedAt: number;
}

export class CoordinationWatch {
  readonly #fail: (rule: string, sentence: string) => void;
  readonly #drawn = new Map<string, Drawn[]>();
  readonly #leases = new Map<string, Lease>();
  readonly #tokens = new Set<string>();
  readonly #owners = new Map<string, string>();
  /** By lock: the tokens of those who had it from the entry on which the token names, and the writes that were let pass. */
  readonly #taken = new Map<string, number[]>();
  readonly #passed = new Map<string, Passed[]>();

  constructor(fail: (rule: string, sentence: string) => void) {
    this.#fail = fail;
  }

  /** A number of a sequence: never one that was given out, and greater than all given out before it was asked for. */
  drew(sequence: string, value: number, span: Span): void {
    const drawn = listOf(this.#drawn, sequence);
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

  /** The lock was free at the entry which the token names, and is this caller's from there on. */
  took(lock: string, token: number): void {
    listOf(this.#taken, lock).push(token);
    for (const passed of listOf(this.#passed, lock)) this.#checkPassed(lock, passed, token);
  }

  /** A write with a fencing token was acknowledged. Nobody may have taken the lock between the token and the judgement. */
  passed(lock: string, token: number, judgedAt: number): void {
    const passed = { token, judgedAt };
    listOf(this.#passed, lock).push(passed);
    for (const later of listOf(this.#taken, lock)) this.#checkPassed(lock, passed, later);
  }

  /** A write was refused because of its fencing token. Whoever still counts on the lock may not be. */
  fenced(lock: string, token: number, answeredMs: number): void {
    const lease = this.#leases.get(lock);
    if (lease?.token !== token || lease.untilMs <= answeredMs) return;
    this.#fail('a-holder-is-not-fenced', `${lease.owner} still counts on ${lock} under ${token}, and was fenced off`);
  }

  #checkPassed(lock: string, { token, judgedAt }: Passed, later: number): void {
    if (token >= later || later > judgedAt) return;
    const sentence = `a write under token ${token} of ${lock} passed at entry ${judgedAt}, after ${later} had taken it`;
    this.#fail('a-later-holder-fences', sentence);
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

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const known = lists.get(name) ?? [];
  lists.set(name, known);
  return known;
}

/**
 * What a linearizable request waits for before it looks at anything: an index of the log, confirmed by a majority, that
 * this replica has applied; the writes that a majority of voters has durable; and what the request's token names.
 *
 * The log's own entries are waited for in the ordered view, where they are shown first, not in the causal view.
 */
import { CausewayError } from '../../base/errors.js';
import { LOG_ORIGIN } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { VersionVector } from '../../clocks/version-vector.js';
import type { TotalOrder } from '../../consensus/total-order.js';
import type { Time } from '../../ports/time.js';
import type { Coverage } from '../causal/coverage-waiters.js';
import { checkToken, type TokenKnowledge } from '../requests/token-check.js';
import type { AppliedState } from './applied-state.js';
import type { Deadline } from './deadline.js';
import { Gathering } from './gathering.js';
import { ReadIndexRounds } from './read-index-rounds.js';
import { withoutLog } from './uniform-dependencies.js';
import type { VectorRounds } from './vector-rounds.js';
import { Waiters } from './waiters.js';

export interface BarrierOptions {
  readonly time: Time;
  readonly order: TotalOrder;
  readonly applied: AppliedState;
  readonly rounds: VectorRounds;
  readonly coverage: () => Coverage;
  readonly tokens: () => TokenKnowledge;
  readonly hurry: () => void;
}

export class Barrier {
  readonly #options: BarrierOptions;
  readonly #indexes: ReadIndexRounds;
  readonly #reads: Gathering<[frontier: VersionVector, index: number]>;
  readonly #uncovered: Waiters;
  readonly #unapplied: Waiters;
  #wakes = false;

  constructor(options: BarrierOptions) {
    this.#options = options;
    this.#indexes = new ReadIndexRounds(options.time, options.order);
    this.#reads = new Gathering({
      time: options.time,
      roundsMax: LIMITS.readRoundsMax,
      // In this order, so that both questions leave together: the order sends at once what it has to, and all that waits.
      begin: () => Promise.all([options.rounds.ask(), this.#indexes.ask()]),
    });
    this.#uncovered = new Waiters(options.time);
    this.#unapplied = new Waiters(options.time);
    options.applied.onApplied(() => this.#wakeSoon());
    options.applied.onJumped(() => this.#wakeSoon());
  }

  get waiting(): number {
    return this.#uncovered.size + this.#unapplied.size;
  }

  /** Somebody waits for the causal view to grow. */
  get isAwaitingWrites(): boolean {
    return this.#uncovered.size > 0;
  }

  /** What the causal view has durably. */
  get known(): VersionVector {
    return this.#options.coverage().durable;
  }

  /** Whether the token alone could be served at `causal` now. */
  covers(token: VersionVector): boolean {
    const { durable, usable } = this.#options.coverage();
    return usable && durable.includes(token);
  }

  /**
   * Before a read: afterwards the ordered view is no older than anything acknowledged before the request came, and the
   * causal view holds every weaker write that a majority had.
   * @throws CausewayError `no-quorum`, `causal-wait-timeout`, `invalid-causal-token`, `overloaded`, `shutting-down`
   */
  async beforeRead(token: VersionVector, deadline: Deadline): Promise<void> {
    const asked = this.#reads.ask();
    const [frontier, index] = await deadline.race(asked, LIMITS.electionTimeoutMs, () => unanswered(deadline));
    checkLogIndex(token, index);
    await this.#covered(token, frontier, deadline);
    await this.#reached(Math.max(index, token.get(LOG_ORIGIN)), deadline);
    // Groups of the log may have come from peers before the log itself came here: what they superseded is not in the
    // causal view any more and not yet in the ordered one.
    while (this.#logDelivered > this.#options.applied.applied) await this.#reached(this.#logDelivered, deadline);
  }

  /** Afterwards the causal view holds the weaker writes in `past`, on which something in the log depends. */
  async beforeShowing(past: VersionVector, deadline: Deadline): Promise<void> {
    const need = withoutLog(past);
    if (!this.covers(need)) await this.#until(need, deadline);
  }

  /** Before a write: its conditions are judged when it is applied, so it needs no index. */
  async beforeWrite(token: VersionVector, deadline: Deadline): Promise<void> {
    const asked = this.#options.rounds.ask();
    const frontier = await deadline.race(asked, LIMITS.electionTimeoutMs, () => unanswered(deadline));
    await this.#covered(token, frontier, deadline);
    await this.#possible(token, deadline);
  }

  /** Before a command that looks at no key: only what the token names. */
  async beforeCommand(token: VersionVector, deadline: Deadline): Promise<void> {
    if (token.size === 0) return;
    await this.#covered(token, VersionVector.EMPTY, deadline);
    await this.#possible(token, deadline);
  }

  /** Call when the durable vector may have grown. */
  wake(): void {
    this.#uncovered.wake();
  }

  close(): void {
    const error = new CausewayError('shutting-down', 'this replica is shutting down');
    this.#indexes.close();
    this.#reads.close(error);
    this.#uncovered.failAll(error);
    this.#unapplied.failAll(error);
  }

  get #logDelivered(): number {
    return this.#options.coverage().durable.get(LOG_ORIGIN);
  }

  /** An entry of the log must not name one that does not exist: the token is believed once what it names is applied. */
  async #possible(token: VersionVector, deadline: Deadline): Promise<void> {
    const named = token.get(LOG_ORIGIN);
    if (named <= this.#options.applied.applied) return;
    const index = await deadline.race(this.#indexes.ask(), LIMITS.electionTimeoutMs, () => unanswered(deadline));
    checkLogIndex(token, index);
    await this.#reached(named, deadline);
  }

  async #covered(token: VersionVector, frontier: VersionVector, deadline: Deadline): Promise<void> {
    const named = withoutLog(token);
    const need = named.join(withoutLog(frontier));
    if (this.covers(need)) return;
    checkToken(named, this.#options.tokens());
    await this.#until(need, deadline);
  }

  async #until(need: VersionVector, deadline: Deadline): Promise<void> {
    this.#options.hurry();
    await this.#uncovered.wait(
      () => this.covers(need),
      deadline,
      () => this.#notCovered(need, deadline),
    );
  }

  #reached(index: number, deadline: Deadline): Promise<void> {
    const { applied } = this.#options;
    return this.#unapplied.wait(
      () => applied.applied >= index,
      deadline,
      () => {
        const missing = [{ origin: LOG_ORIGIN, have: applied.applied, need: index }];
        return waitedInVain(missing, deadline, `log ${applied.applied + 1}..${index}`);
      },
    );
  }

  #notCovered(need: VersionVector, deadline: Deadline): CausewayError {
    const { durable, usable } = this.#options.coverage();
    const missing = durable.missing(need);
    const what = missing.map(({ origin, have, need: to }) => `${origin} ${have + 1}..${to}`).join(', ');
    return waitedInVain(missing, deadline, usable ? what : 'this replica to catch up with the others');
  }

  /** Entries are applied by the hundred: those who wait are looked at once for all of them. */
  #wakeSoon(): void {
    if (this.#wakes || this.#unapplied.size === 0) return;
    this.#wakes = true;
    this.#options.time.soon(() => {
      this.#wakes = false;
      this.#unapplied.wake();
    });
  }
}

/** @throws CausewayError if the token names an entry of the log that nobody can have been told of. */
function checkLogIndex(token: VersionVector, index: number): void {
  const named = token.get(LOG_ORIGIN);
  if (named <= index) return;
  throw new CausewayError(
    'invalid-causal-token',
    `the token names the total order at ${named}, which ends at ${index}`,
  );
}

function unanswered({ timeoutMs }: Deadline): CausewayError {
  const detail = `no majority of voters answered within ${Math.min(timeoutMs, LIMITS.electionTimeoutMs)} ms`;
  return new CausewayError('no-quorum', detail, { retryAfterSeconds: 1 });
}

function waitedInVain(
  missing: NonNullable<CausewayError['facts']['missing']>,
  { timeoutMs }: Deadline,
  what: string,
): CausewayError {
  return new CausewayError('causal-wait-timeout', `waited ${timeoutMs} ms for ${what}`, {
    missing,
    retryAfterSeconds: 1,
  });
}

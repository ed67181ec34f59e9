/**
 * Ends leases that their holders no longer renew, and places in the queue that nobody waits at any more. Time enters the
 * ordered state in no other way: when by this replica's own monotonic clock a lease is over, an entry `expire if still at
 * renewal r` is proposed, and the log decides. The leader does so; the others step in when it has not for a while.
 *
 * A lease begins here when its entry is applied, so later than for its holder, who must count from when he *asked*. It
 * ends after `ttlMs`, a share of it for clocks of different rates (`leaseClockDriftPpm`), and a margin. So the assumption
 * is that two monotonic clocks differ in rate by no more than that; where one does, a lease may end while its holder still
 * counts on it, and fencing tokens keep him from doing harm. The wall clock is never read. After a restart, or a jump of
 * the state, every lease gets its full ttl from then on.
 *
 * Source: C. Gray and D. Cheriton, "Leases" (1989), section 5, for what clocks are asked to do.
 */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { TotalOrder } from '../../consensus/total-order.js';
import type { CoordinationCommand, LockName } from '../../coordination/command.js';
import type { LockHolder } from '../../coordination/lock-state.js';
import type { Time } from '../../ports/time.js';
import type { Trace } from '../../ports/trace.js';
import type { AppliedState } from './applied-state.js';
import { DeadlineQueue } from './deadline-queue.js';
import { proposeHousekeeping } from './housekeeping.js';
import { type LockChange, type LockFeed, lockId } from './lock-feed.js';
import type { Proposals } from './proposals.js';

export interface LeaseKeeperOptions {
  readonly time: Time;
  readonly trace: Trace;
  readonly feed: LockFeed;
  readonly state: AppliedState;
  readonly order: Pick<TotalOrder, 'isLeader' | 'hasLeader'>;
  readonly proposals: Proposals;
}

/** What is over some time after the entry at an index: the lease that it began, or the place in a queue that it took. */
interface Term {
  /** What ends it, unless something else has. */
  readonly command: Extract<CoordinationCommand, { readonly kind: 'expire' | 'abandon' }>;
  /** As its holder was promised, by this replica's monotonic clock. */
  readonly promisedMs: number;
  /** When it is over beyond doubt. */
  readonly overMs: number;
  /** It came due during a pause of this process, and was given a while more. */
  isSpared: boolean;
}

/** Terms of one lock by the index of the entry that began them: each entry begins one at most. */
type Terms = ReadonlyMap<number, Term>;

const NO_TERMS: Terms = new Map();

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #terms = new Map<string, Terms>();
  /** Terms that are not being ended at the moment. */
  readonly #due = new DeadlineQueue<Term>();
  #timer: { readonly dueMs: number; readonly cancel: () => void } | undefined;
  #inFlight = 0;
  /** After a failure nothing is proposed until then: what fails is the log, not the lease. */
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #restMs: number = LIMITS.leaseRetryMinMs;
  #isClosed = false;

  /** Begins to watch what is held already. */
  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    options.feed.follow({
      changed: (change) => {
        this.#learn(change);
        this.#arm();
      },
      reset: (locks) => this.#learnAnew(locks),
    });
  }

  /** Leases and places that are watched. */
  get watched(): number {
    let count = 0;
    for (const terms of this.#terms.values()) count += terms.size;
    return count;
  }

  /** What is left of the lease, at least as much as its holder may count on; 0 when it is over and not ended yet. */
  remainingMs(lock: LockName, { renewal, ttlMs }: LockHolder): number {
    const term = this.#terms.get(lockId(lock))?.get(renewal);
    return term === undefined ? ttlMs : Math.max(0, Math.ceil(term.promisedMs - this.#options.time.monotonicMs()));
  }

  close(): void {
    this.#isClosed = true;
    this.#disarm();
    this.#due.clear();
    this.#terms.clear();
  }

  #learnAnew(locks: readonly LockChange[]): void {
    const held = new Set(locks.map(lockId));
    for (const [id, terms] of this.#terms) {
      if (held.has(id)) continue;
      for (const term of terms.values()) this.#due.delete(term);
      this.#terms.delete(id);
    }
    for (const change of locks) this.#learn(change);
    this.#arm();
  }

  /** Begin what is new, forget what is gone. What goes on keeps its moment. */
  #learn(change: LockChange): void {
    if (this.#isClosed) return;
    const id = lockId(change);
    const before = this.#terms.get(id) ?? NO_TERMS;
    const after = new Map<number, Term>();
    for (const [index, command, ms, graceMs] of termsOf(change)) {
      const known = before.get(index);
      const term = known ?? this.#begin(command, ms, graceMs);
      after.set(index, term);
      if (known === undefined) this.#due.set(term, term.overMs);
    }
    for (const [index, term] of before) if (!after.has(index)) this.#due.delete(term);
    if (after.size > 0) this.#terms.set(id, after);
    else this.#terms.delete(id);
  }

  #begin(command: Term['command'], ms: number, graceMs: number): Term {
    const promisedMs = this.#options.time.monotonicMs() + ms;
    const driftMs = (ms * LIMITS.leaseClockDriftPpm) / 1_000_000;
    return { command, promisedMs, overMs: promisedMs + driftMs + graceMs, isSpared: false };
  }

  /** One timer for all. It may stand too early, when what it was for is renewed or gone: that costs nothing. */
  #arm(): void {
    const nextMs = this.#inFlight < LIMITS.leaseEndsInFlightMax ? this.#due.nextDueMs() : undefined;
    if (nextMs === undefined) {
      this.#disarm();
      return;
    }
    const { time } = this.#options;
    const dueMs = Math.max(nextMs, this.#restUntilMs, time.monotonicMs());
    if (this.#isClosed || (this.#timer !== undefined && this.#timer.dueMs <= dueMs)) return;
    this.#disarm();
    const cancel = time.after(dueMs - time.monotonicMs(), () => {
      this.#timer = undefined;
      this.#wake(time.monotonicMs() - dueMs);
    });
    this.#timer = { dueMs, cancel };
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #wake(lateMs: number): void {
    const nowMs = this.#options.time.monotonicMs();
    const { order } = this.#options;
    while (this.#inFlight < LIMITS.leaseEndsInFlightMax && nowMs >= this.#restUntilMs) {
      const term = this.#due.take(nowMs);
      if (term === undefined) break;
      const ourMs = order.isLeader ? term.overMs : term.overMs + LIMITS.leaseFollowerGraceMs;
      if (lateMs > LIMITS.leaseStallMs && !term.isSpared) {
        term.isSpared = true;
        this.#due.set(term, nowMs + LIMITS.leaseStallMs);
      } else if (nowMs < ourMs || !order.hasLeader) this.#due.set(term, nowMs + LIMITS.leaseCheckMs);
      else void this.#end(term);
    }
    this.#arm();
  }

  async #end(term: Term): Promise<void> {
    const { proposals, state, trace } = this.#options;
    this.#inFlight += 1;
    try {
      await proposeHousekeeping(proposals, state, term.command, LIMITS.timeoutDefaultMs);
      this.#restMs = LIMITS.leaseRetryMinMs;
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error;
      trace({ name: 'lock.end-failed', level: 'debug', facts: { ...term.command, code: error.code } });
      this.#rest();
    } finally {
      this.#inFlight -= 1;
    }
    if (this.#isWatched(term)) this.#due.set(term, this.#options.time.monotonicMs() + this.#restMs);
    this.#arm();
  }

  /** However many have failed at once: it is one failure. */
  #rest(): void {
    const nowMs = this.#options.time.monotonicMs();
    if (nowMs < this.#restUntilMs) return;
    this.#restUntilMs = nowMs + this.#restMs;
    this.#restMs = Math.min(2 * this.#restMs, LIMITS.leaseRetryMaxMs);
  }

  #isWatched(term: Term): boolean {
    const { command } = term;
    const index = command.kind === 'expire' ? command.renewal : command.ticket;
    return this.#terms.get(lockId(command))?.get(index) === term;
  }
}

/** The index that begins each term of the lock, what ends it, what it was promised to last, and how much it is spared. */
function* termsOf({ space, name, lock }: LockChange): Generator<readonly [number, Term['command'], number, number]> {
  if (lock === undefined) return;
  const { token, renewal, ttlMs } = lock.holder;
  yield [renewal, { kind: 'expire', space, name, token, renewal }, ttlMs, LIMITS.leaseMarginMs];
  for (const { ticket, waitMs } of lock.waiters) {
    yield [ticket, { kind: 'abandon', space, name, ticket }, waitMs, LIMITS.lockPlaceGraceMs];
  }
}

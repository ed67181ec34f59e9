/**
 * Puts entries into the total order and tells what became of them. An entry is known by its name, wherever in the log it
 * turns up; the index that the order answered with tells only where it cannot be any more, once another entry is there.
 *
 * An entry that certainly went nowhere is proposed again, under a new name. One that may have gone somewhere is proposed
 * again only if it is harmless to apply it twice: an adoption, or a request that carries an Idempotency-Key, under which
 * the state machine applies it once.
 *
 * What was sent to a leader that is lost can be in the log with that leader's term only. Terms never fall along the log: once
 * an entry of a later term is applied here, what was not applied before it went nowhere. So an election answers those who
 * wait.
 */
import { assert } from '../../base/assert.js';
import { CausewayError } from '../../base/errors.js';
import type { Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { compareHlc, HLC_ZERO, type Hlc, tickHlc } from '../../clocks/hybrid-logical-clock.js';
import type { AppendResult, TotalOrder } from '../../consensus/total-order.js';
import type { Applied } from '../../keyspace/ordered/apply.js';
import { encodeEntry } from '../../keyspace/ordered/entry.js';
import { isStored } from '../../keyspace/ordered/retries.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { CallerSignal } from '../request-types.js';
import type { AppliedState } from './applied-state.js';
import type { Proposals, ProposedEntry } from './proposals.js';

export interface ProposerOptions {
  readonly order: TotalOrder;
  readonly applied: AppliedState;
  readonly time: Time;
  readonly random: Random;
  readonly self: () => Origin;
  /** The greatest stamp this replica has seen. */
  readonly hlc: () => Hlc;
}

/** Where an attempt may be: on its way, at an index, anywhere, or in a part of the log that was jumped over. */
type Whereabouts =
  | { readonly kind: 'sent' }
  | { readonly kind: 'appended'; readonly index: number; readonly term: number }
  | { readonly kind: 'unknown'; readonly term: number | undefined }
  | { readonly kind: 'passed' };

interface Attempt {
  readonly proposal: Proposal;
  readonly origin: Origin;
  readonly number: number;
  /** Jumps before it was sent. */
  readonly jumps: number;
  at: Whereabouts;
}

/** One call of `propose`. */
interface Proposal {
  readonly entry: ProposedEntry;
  readonly sizeBytes: number;
  /** Applying it twice does no more than applying it once. */
  readonly isRepeatable: boolean;
  /** Those that may be in the log, or may yet come into it: mostly one. */
  attempts: readonly Attempt[];
  readonly resolve: (applied: Applied) => void;
  readonly reject: (error: CausewayError) => void;
  readonly stop: () => void;
  leaderlessSinceMs: number | undefined;
  cancelNext: (() => void) | undefined;
  ended: boolean;
}

const NO_ATTEMPTS: readonly Attempt[] = [];

export class Proposer implements Proposals {
  readonly #options: ProposerOptions;
  readonly #open = new Set<Proposal>();
  /** By number. */
  readonly #attempts = new Map<number, Attempt>();
  readonly #byIndex = new Map<number, readonly Attempt[]>();
  #bytes = 0;
  /** Numbers of one run of the process do not meet those of another: they begin at random. */
  #number: number;
  #lastHlc = HLC_ZERO;
  /** The last entry that was applied, and the last that may have been without our being told. */
  #applied: number;
  #jumped: number;
  #jumps = 0;
  /** Of the last entry that was applied. */
  #term = 0;
  #closed = false;

  constructor(options: ProposerOptions) {
    this.#options = options;
    this.#number = options.random.u32() * 2 ** 16;
    this.#applied = options.applied.applied;
    this.#jumped = options.applied.applied;
    options.applied.onApplied((applied, term) => this.#onApplied(applied, term));
    options.applied.onJumped((index) => this.#onJumped(index));
  }

  /** Proposals that wait for their outcome. */
  get inFlight(): number {
    return this.#open.size;
  }

  propose(entry: ProposedEntry, timeoutMs: number, signal?: CallerSignal): Promise<Applied> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw shuttingDown();
      if (signal?.aborted === true || timeoutMs <= 0) throw notApplied('the time of the request is over');
      const { bytes, number, origin } = this.#encode(entry);
      this.#checkLoad(bytes.length);
      const onAbort = () => this.#giveUp(proposal, 'the client stopped waiting');
      const cancelTimer = this.#options.time.after(timeoutMs, () => {
        this.#giveUp(proposal, `the entry was not seen in the log within ${timeoutMs} ms`);
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      const proposal: Proposal = {
        entry,
        sizeBytes: bytes.length,
        isRepeatable: entry.retry !== undefined || entry.command.kind === 'adopt',
        attempts: NO_ATTEMPTS,
        resolve,
        reject,
        stop: () => {
          cancelTimer();
          signal?.removeEventListener('abort', onAbort);
        },
        leaderlessSinceMs: undefined,
        cancelNext: undefined,
        ended: false,
      };
      this.#open.add(proposal);
      this.#bytes += proposal.sizeBytes;
      if (this.#options.order.hasLeader)
        this.#append({ proposal, origin, number, jumps: this.#jumps, at: { kind: 'sent' } }, bytes);
      else this.#leaderless(proposal);
    });
  }

  /** The order takes nothing any more. What may be in it has an unknown outcome. */
  close(): void {
    this.#closed = true;
    for (const proposal of [...this.#open]) {
      this.#fail(proposal, proposal.attempts.length === 0 ? shuttingDown() : unknown('this replica is shutting down'));
    }
  }

  #checkLoad(bytes: number): void {
    if (this.#open.size < LIMITS.proposalsMax && this.#bytes + bytes <= LIMITS.proposalsMaxBytes) return;
    throw new CausewayError('overloaded', `${this.#open.size} requests already wait for the log`);
  }

  #encode(entry: ProposedEntry): { readonly bytes: Uint8Array; readonly number: number; readonly origin: Origin } {
    const { hlc, time, self } = this.#options;
    const seen = hlc();
    this.#lastHlc = tickHlc(compareHlc(seen, this.#lastHlc) > 0 ? seen : this.#lastHlc, time.wallMs());
    this.#number += 1;
    const [number, origin] = [this.#number, self()];
    const { base, retry, deps, known, adopted, fences, command } = entry;
    const proposal = { origin, number };
    // Named one by one: spreading one object into another costs more than encoding it.
    const whole = { timeMs: 0, proposal, hlc: this.#lastHlc, base, retry, deps, known, adopted, fences, command };
    return { bytes: encodeEntry(whole), number, origin };
  }

  #append(attempt: Attempt, bytes: Uint8Array): void {
    attempt.proposal.attempts = withAlso(attempt.proposal.attempts, attempt);
    this.#attempts.set(attempt.number, attempt);
    this.#options.order.append(bytes, (result) => this.#appended(attempt, result));
  }

  #appended(attempt: Attempt, result: AppendResult): void {
    const { proposal } = attempt;
    if (proposal.ended || !proposal.attempts.includes(attempt)) return;
    switch (result.kind) {
      case 'appended':
        proposal.leaderlessSinceMs = undefined;
        this.#expect(attempt, result.index, result.term);
        return;
      case 'unknown':
        this.#lost(attempt, result.term);
        this.#next(proposal);
        return;
      case 'not-appended':
        this.#drop(attempt);
        if (result.reason === 'closed' || result.reason === 'overloaded') this.#refuse(proposal, result.reason);
        else this.#leaderless(proposal);
    }
  }

  /** Nobody will say where it is, if it is anywhere. */
  #lost(attempt: Attempt, term: number | undefined): void {
    if (attempt.jumps !== this.#jumps) attempt.at = { kind: 'passed' };
    else if (term !== undefined && term < this.#term) this.#drop(attempt);
    else attempt.at = { kind: 'unknown', term };
  }

  #expect(attempt: Attempt, index: number, term: number): void {
    if (index <= this.#jumped) attempt.at = { kind: 'passed' };
    else if (index <= this.#applied) this.#drop(attempt);
    else {
      attempt.at = { kind: 'appended', index, term };
      this.#byIndex.set(index, withAlso(this.#byIndex.get(index) ?? NO_ATTEMPTS, attempt));
      return;
    }
    this.#next(attempt.proposal);
  }

  #onApplied(applied: Applied, term: number): void {
    const { index, proposal: name } = applied;
    this.#applied = index;
    const named = name && this.#attempts.get(name.number);
    const ours = named?.origin === name?.origin ? named : undefined;
    const expected = this.#byIndex.get(index) ?? NO_ATTEMPTS;
    this.#byIndex.delete(index);
    if (ours !== undefined) this.#told(ours, applied);
    for (const attempt of expected) {
      if (attempt === ours || attempt.at.kind !== 'appended') continue;
      assert(attempt.at.term !== term, 'another entry is where ours was appended', { index, term });
      // A leader of another term put its own entry there: ours can never be committed.
      this.#drop(attempt);
      this.#next(attempt.proposal);
    }
    if (term > this.#term) this.#termBegan(term);
  }

  /** All entries of earlier terms are applied. */
  #termBegan(term: number): void {
    this.#term = term;
    for (const attempt of [...this.#attempts.values()]) {
      const { at } = attempt;
      if (at.kind !== 'unknown' || at.term === undefined || at.term >= term) continue;
      this.#drop(attempt);
      this.#next(attempt.proposal);
    }
  }

  #onJumped(index: number): void {
    this.#jumps += 1;
    this.#jumped = Math.max(this.#jumped, index);
    this.#applied = Math.max(this.#applied, index);
    for (const at of [...this.#byIndex.keys()]) if (at <= index) this.#byIndex.delete(at);
    for (const attempt of [...this.#attempts.values()]) {
      const isInside = attempt.at.kind === 'appended' && attempt.at.index <= index;
      if (!isInside && attempt.at.kind !== 'unknown') continue;
      attempt.at = { kind: 'passed' };
      this.#next(attempt.proposal);
    }
  }

  #told(attempt: Attempt, applied: Applied): void {
    const { proposal } = attempt;
    this.#drop(attempt);
    if (proposal.ended) return;
    const { outcome } = applied;
    // A refusal that is not remembered binds this attempt only: another that is still about may fare better.
    const mayChange = outcome.kind === 'refused' && !isStored(outcome) && proposal.attempts.length > 0;
    if (mayChange) return;
    this.#end(proposal);
    proposal.resolve(applied);
  }

  /** One of the attempts has come to nothing, or out of sight: what now? */
  #next(proposal: Proposal): void {
    if (proposal.ended || proposal.cancelNext !== undefined) return;
    const places = proposal.attempts.map(({ at }) => at.kind);
    if (places.includes('sent') || places.includes('appended')) return;
    if (places.length === 0 || proposal.isRepeatable) {
      this.#later(proposal);
    } else if (places.every((place) => place === 'passed')) {
      this.#fail(proposal, unknown('this replica has taken over the state of a peer that may contain it'));
    }
  }

  #later(proposal: Proposal): void {
    proposal.cancelNext ??= this.#options.time.after(LIMITS.tickMs, () => {
      proposal.cancelNext = undefined;
      if (proposal.ended) return;
      if (!this.#options.order.hasLeader) {
        this.#leaderless(proposal);
        return;
      }
      const { bytes, number, origin } = this.#encode(proposal.entry);
      this.#append({ proposal, origin, number, jumps: this.#jumps, at: { kind: 'sent' } }, bytes);
    });
  }

  #leaderless(proposal: Proposal): void {
    const nowMs = this.#options.time.monotonicMs();
    proposal.leaderlessSinceMs ??= nowMs;
    const isOver = nowMs - proposal.leaderlessSinceMs >= LIMITS.electionTimeoutMs;
    if (isOver && proposal.attempts.length === 0) {
      this.#fail(proposal, notApplied(`no leader took the request within ${LIMITS.electionTimeoutMs} ms`));
    } else this.#later(proposal);
  }

  #refuse(proposal: Proposal, reason: 'closed' | 'overloaded'): void {
    const detail = reason === 'closed' ? 'this replica is shutting down' : 'the total order has more to do than it can';
    if (proposal.attempts.length > 0) this.#fail(proposal, unknown(detail));
    else this.#fail(proposal, new CausewayError(reason === 'closed' ? 'shutting-down' : 'overloaded', detail));
  }

  #giveUp(proposal: Proposal, detail: string): void {
    this.#fail(proposal, proposal.attempts.length === 0 ? notApplied(detail) : unknown(detail));
  }

  #fail(proposal: Proposal, error: CausewayError): void {
    if (proposal.ended) return;
    this.#end(proposal);
    proposal.reject(error);
  }

  #end(proposal: Proposal): void {
    proposal.ended = true;
    proposal.stop();
    proposal.cancelNext?.();
    this.#open.delete(proposal);
    this.#bytes -= proposal.sizeBytes;
    for (const attempt of proposal.attempts) this.#drop(attempt);
  }

  #drop(attempt: Attempt): void {
    const { proposal } = attempt;
    proposal.attempts = without(proposal.attempts, attempt);
    this.#attempts.delete(attempt.number);
    if (attempt.at.kind !== 'appended') return;
    const { index } = attempt.at;
    const others = without(this.#byIndex.get(index) ?? NO_ATTEMPTS, attempt);
    if (others.length > 0) this.#byIndex.set(index, others);
    else this.#byIndex.delete(index);
  }
}

function withAlso(attempts: readonly Attempt[], attempt: Attempt): readonly Attempt[] {
  return attempts.length === 0 ? [attempt] : [...attempts, attempt];
}

function without(attempts: readonly Attempt[], attempt: Attempt): readonly Attempt[] {
  const others = attempts.filter((other) => other !== attempt);
  return others.length === 0 ? NO_ATTEMPTS : others;
}

function notApplied(detail: string): CausewayError {
  return new CausewayError('no-quorum', detail, { retryAfterSeconds: 1 });
}

function unknown(detail: string): CausewayError {
  return new CausewayError('outcome-unknown', detail);
}

function shuttingDown(): CausewayError {
  return new CausewayError('shutting-down', 'this replica is shutting down');
}

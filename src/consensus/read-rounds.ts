/**
 * How a leader confirms that it still leads before it tells a read index (dissertation, section 6.4). All requests that
 * wait when a round begins share it; none joins later, and a round's number is never used again in its term, so an answer
 * to a heartbeat of the round proves leadership after each of its requests was made.
 */
import type { Configuration, MemberId } from './configuration.js';
import { reachedByQuorum } from './quorum.js';

interface Round<R> {
  readonly number: number;
  /** What was committed when the round began. */
  readonly index: number;
  readonly readers: readonly R[];
  ageTicks: number;
  /** When it is asked of everybody; Infinity if it is already. */
  readonly patienceTicks: number;
}

export interface ConfirmedReads<R> {
  readonly index: number;
  readonly readers: readonly R[];
}

export class ReadRounds<R> {
  #waiting: R[] = [];
  #rounds: Round<R>[] = [];
  #newest = 0;
  readonly #answered = new Map<MemberId, number>();

  /** The newest round; 0 before the first. */
  get newest(): number {
    return this.#newest;
  }

  request(reader: R): void {
    this.#waiting.push(reader);
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Begin a round for all that wait. Duty: an entry of this term is committed. */
  begin(commit: number, patienceTicks: number): void {
    this.#newest += 1;
    this.#rounds.push({ number: this.#newest, index: commit, readers: this.#waiting, ageTicks: 0, patienceTicks });
    this.#waiting = [];
  }

  /** A tick has passed. True if it is time to ask everybody, because those who were asked keep silent. */
  tick(): boolean {
    for (const round of this.#rounds) round.ageTicks += 1;
    return this.#rounds.some(({ ageTicks, patienceTicks }) => ageTicks === patienceTicks);
  }

  answered(member: MemberId, round: number): void {
    this.#answered.set(member, Math.max(this.#answered.get(member) ?? 0, Math.min(round, this.#newest)));
  }

  /** Rounds that a quorum has answered; the leader itself always has. */
  takeConfirmed(configuration: Configuration, self: MemberId): readonly ConfirmedReads<R>[] {
    if (this.#rounds.length === 0) return [];
    const reached = reachedByQuorum(configuration, (member) =>
      member === self ? this.#newest : (this.#answered.get(member) ?? 0),
    );
    const open = this.#rounds.findIndex(({ number }) => number > reached);
    return this.#rounds.splice(0, open < 0 ? this.#rounds.length : open);
  }

  /** Everybody who still waits, in or for a round. */
  takeUnconfirmed(): readonly R[] {
    const readers = [...this.#rounds.flatMap((round) => round.readers), ...this.#waiting];
    this.#rounds = [];
    this.#waiting = [];
    return readers;
  }
}

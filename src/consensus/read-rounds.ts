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

  /** Begin a round for all that wait. Returns false if nobody does. Duty: an entry of this term is committed. */
  begin(commit: number): boolean {
    if (this.#waiting.length === 0) return false;
    this.#newest += 1;
    this.#rounds.push({ number: this.#newest, index: commit, readers: this.#waiting });
    this.#waiting = [];
    return true;
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

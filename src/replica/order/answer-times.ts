/**
 * How soon each member answers, so that a question which any majority can answer is put to those who answer soonest
 * and not to everybody. Moraru, Andersen and Kaminsky call that *thrifty* ("There Is More Consensus in Egalitarian
 * Parliaments", SOSP 2013, section 6.4).
 */
import type { Origin } from '../../base/ids.js';

/** The weight of the newest answer: a member that has become slow, or quick again, is known for it after a few. */
const NEWEST = 0.25;

export class AnswerTimes {
  readonly #smoothedMs = new Map<Origin, number>();

  /** How soon an answer of this member can be expected; Infinity of one that has never answered, or kept silent since. */
  ofMs(member: Origin): number {
    return this.#smoothedMs.get(member) ?? Number.POSITIVE_INFINITY;
  }

  answered(member: Origin, afterMs: number): void {
    const knownMs = this.#smoothedMs.get(member) ?? afterMs;
    this.#smoothedMs.set(member, knownMs + NEWEST * (afterMs - knownMs));
  }

  /** It was asked and has let pass the time that was given it. */
  keptSilent(member: Origin): void {
    this.#smoothedMs.delete(member);
  }
}

/**
 * Asks the voters which writes they have durable, on behalf of all requests that wait at the same time. The answer is the
 * join of the vectors of a majority, each told after the round began, hence after every request in it came: whatever was
 * durable on a majority before is in it.
 *
 * Rounds are numbered and named by the run of the process, and nobody joins one that has begun; an answer to a round
 * serves the rounds before it as well, never those after it. Source of the trap: etcd issue 20418, where an answer to an
 * old question confirmed a newer read.
 *
 * Any majority will do, so a round asks no more members than complete one, those who answer soonest (`AnswerTimes`). If they keep
 * silent for longer than they use to take, everybody is asked, and they are not asked alone again before they have
 * spoken. Now and then a round asks everybody to begin with: that is how a member that has come nearer is found.
 */
import { CausewayError } from '../../base/errors.js';
import type { Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import { type Configuration, isVoter } from '../../consensus/configuration.js';
import { soonestQuorum, tally } from '../../consensus/quorum.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { OrderMessage, VectorReply } from '../wire/order-codec.js';
import type { AnswerTimes } from './answer-times.js';
import { Gathering, newWaiting, type Waiting } from './gathering.js';

/** The leader is asked rather than one that answers this much sooner, or in half the time. */
const LEADER_AHEAD_MS = 2;

export interface VectorRoundsOptions {
  readonly time: Time;
  readonly random: Random;
  readonly self: () => Origin;
  readonly voters: () => Configuration;
  /** Who leads the total order. It is asked before others: what a request needs of it besides leaves in the same message. */
  readonly leader: () => Origin | undefined;
  /** This replica's own durable vector. */
  readonly durable: () => VersionVector;
  readonly times: AnswerTimes;
  readonly send: (to: readonly Origin[] | 'all', message: OrderMessage) => void;
}

interface Round {
  readonly number: number;
  readonly waiting: Waiting<VersionVector>;
  readonly answers: Map<Origin, VersionVector>;
  readonly begunMs: number;
  readonly asked: readonly Origin[] | 'all';
  /** When everybody is asked, again or after all. */
  dueMs: number;
}

export class VectorRounds {
  readonly #options: VectorRoundsOptions;
  readonly #run: number;
  readonly #gathering: Gathering<VersionVector>;
  /** Begun and not ended, oldest first. */
  #open: Round[] = [];
  #number = 0;
  /** The newest round that asked everybody, ended or not: those who were not needed tell by it how soon they answer. */
  #survey: Round | undefined;
  #cancelTimer: () => void = () => {};
  /** When the timer is due; Infinity without one. */
  #timerMs = Number.POSITIVE_INFINITY;

  constructor(options: VectorRoundsOptions) {
    this.#options = options;
    this.#run = options.random.u32();
    const { time } = options;
    // Rounds overlap, so that nobody waits for the answer to another's question; a full pipeline lets more gather.
    this.#gathering = new Gathering({ time, roundsMax: LIMITS.vectorRoundsMax, begin: () => this.#begin() });
  }

  /** @throws CausewayError `no-quorum` if no majority answers within an election timeout of the round's beginning */
  ask(): Promise<VersionVector> {
    return this.#gathering.ask();
  }

  /** The answer of the member incarnation `from`; whether its vote counts is judged by the voters of the moment. */
  receive(from: Origin, message: VectorReply): void {
    if (message.run !== this.#run) return;
    this.#noteTime(from, message.round);
    for (const round of this.#open) if (round.number <= message.round) round.answers.set(from, message.vector);
    this.#conclude();
  }

  close(): void {
    const error = new CausewayError('shutting-down', 'this replica is shutting down');
    for (const round of this.#open) round.waiting.reject(error);
    this.#settle([]);
    this.#gathering.close(error);
  }

  #begin(): Promise<VersionVector> {
    this.#number += 1;
    const { time, send, times } = this.#options;
    const begunMs = time.monotonicMs();
    const asked = this.#whomToAsk(begunMs);
    const dueMs = begunMs + (asked === 'all' ? LIMITS.vectorResendMs : patienceMs(asked.map((m) => times.ofMs(m))));
    const round: Round = { number: this.#number, waiting: newWaiting(), answers: new Map(), begunMs, asked, dueMs };
    this.#open.push(round);
    this.#conclude();
    if (this.#open.includes(round)) {
      send(asked, this.#question());
      if (asked === 'all') this.#survey = round;
      this.#watch();
    }
    return round.waiting.promise;
  }

  #question(): OrderMessage {
    return { kind: 'vector-request', run: this.#run, round: this.#number };
  }

  #whomToAsk(nowMs: number): Round['asked'] {
    const { self, voters, leader, times } = this.#options;
    const isSurveyed = this.#survey !== undefined && nowMs - this.#survey.begunMs < LIMITS.vectorSurveyMs;
    const configuration = voters();
    if (!isSurveyed || configuration.voters.length === 0) return 'all';
    const leading = leader();
    const answersAfterMs = (member: Origin) => {
      const usualMs = times.ofMs(member);
      return member === leading ? Math.max(usualMs / 2, usualMs - LEADER_AHEAD_MS) : usualMs;
    };
    return soonestQuorum(configuration, self(), answersAfterMs) ?? 'all';
  }

  #noteTime(from: Origin, number: number): void {
    const { time, times } = this.#options;
    const round = this.#survey?.number === number ? this.#survey : this.#open.find((one) => one.number === number);
    if (round === undefined || (round.asked !== 'all' && !round.asked.includes(from))) return;
    times.answered(from, time.monotonicMs() - round.begunMs);
  }

  /** One timer for all that is open. */
  #watch(): void {
    const { time } = this.#options;
    const dueMs = Math.min(...this.#open.map((round) => Math.min(round.dueMs, endMs(round))));
    if (dueMs >= this.#timerMs) return;
    this.#cancelTimer();
    this.#timerMs = dueMs;
    this.#cancelTimer = time.after(Math.max(0, dueMs - time.monotonicMs()), () => {
      this.#timerMs = Number.POSITIVE_INFINITY;
      this.#passed(time.monotonicMs());
      this.#watch();
    });
  }

  #passed(nowMs: number): void {
    const ended = this.#open.filter((round) => nowMs >= endMs(round));
    for (const round of ended) round.waiting.reject(this.#noMajority(round));
    if (ended.length > 0) this.#settle(this.#open.filter((round) => !ended.includes(round)));
    const late = this.#open.filter((round) => nowMs >= round.dueMs);
    if (late.length === 0) return;
    for (const { asked, answers } of late) {
      if (asked === 'all') continue;
      for (const member of asked) if (!answers.has(member)) this.#options.times.keptSilent(member);
    }
    // Messages get lost: the newest question is asked again, whose answers serve all that is open.
    this.#options.send('all', this.#question());
    for (const round of this.#open) round.dueMs = nowMs + LIMITS.vectorResendMs;
  }

  #conclude(): void {
    const { self, voters, durable } = this.#options;
    const configuration = voters();
    const own = self();
    const stillOpen: Round[] = [];
    for (const round of this.#open) {
      const answered = (voter: Origin) => voter === own || round.answers.has(voter);
      if (
        configuration.voters.length === 0 ||
        tally(configuration, (voter) => answered(voter) || undefined) !== 'won'
      ) {
        stillOpen.push(round);
        continue;
      }
      let join = durable();
      for (const [from, vector] of round.answers) if (isVoter(configuration, from)) join = join.join(vector);
      round.waiting.resolve(join);
    }
    this.#settle(stillOpen);
  }

  #noMajority({ answers }: Round): CausewayError {
    const { voters } = this.#options.voters();
    const counts = `${answers.size} others of ${voters.length} voters answered`;
    const detail = `${counts} within ${LIMITS.electionTimeoutMs} ms, which is no majority`;
    return new CausewayError('no-quorum', detail, { retryAfterSeconds: 1 });
  }

  #settle(stillOpen: Round[]): void {
    this.#open = stillOpen;
    if (stillOpen.length > 0) return;
    this.#cancelTimer();
    this.#timerMs = Number.POSITIVE_INFINITY;
  }
}

/** How long those who are asked alone may take who use to take so long. */
function patienceMs(usualMs: readonly number[]): number {
  const longestMs = Math.max(...usualMs);
  const generousMs = Math.min(longestMs * LIMITS.vectorPatience, longestMs + LIMITS.vectorResendMs);
  return Math.max(LIMITS.vectorPatienceMs, generousMs);
}

/** When nobody waits for the round any longer. */
function endMs({ begunMs }: Round): number {
  return begunMs + LIMITS.electionTimeoutMs;
}

/**
 * Asks the voters which writes they have durable, on behalf of all requests that wait at the same time. The answer is the
 * join of the vectors of a majority, each told after the round began, hence after every request in it came: whatever was
 * durable on a majority before is in it.
 *
 * Rounds are numbered and named by the run of the process, and nobody joins one that has begun; an answer to a round
 * serves the rounds before it as well, never those after it. Source of the trap: etcd issue 20418, where an answer to an
 * old question confirmed a newer read.
 */
import { CausewayError } from '../../base/errors.js';
import type { Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import { type Configuration, isVoter } from '../../consensus/configuration.js';
import { tally } from '../../consensus/quorum.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { OrderMessage } from '../wire/order-codec.js';
import { newWaiting, type Waiting } from './gathering.js';

export interface VectorRoundsOptions {
  readonly time: Time;
  readonly random: Random;
  readonly self: () => Origin;
  readonly voters: () => Configuration;
  /** This replica's own durable vector. */
  readonly durable: () => VersionVector;
  /** To all members. */
  readonly broadcast: (message: OrderMessage) => void;
}

interface Round {
  readonly number: number;
  readonly waiting: Waiting<VersionVector>;
  readonly answers: Map<Origin, VersionVector>;
  readonly cancelTimer: () => void;
}

export class VectorRounds {
  readonly #options: VectorRoundsOptions;
  readonly #run: number;
  /** Begun and not ended, oldest first. */
  #open: Round[] = [];
  #next: Waiting<VersionVector> | undefined;
  #number = 0;
  #cancelPacing: () => void = () => {};
  #cancelResend: () => void = () => {};

  constructor(options: VectorRoundsOptions) {
    this.#options = options;
    this.#run = options.random.u32();
  }

  /** @throws CausewayError `no-quorum` if no majority answers within an election timeout of the round's beginning */
  ask(): Promise<VersionVector> {
    if (this.#next === undefined) {
      this.#next = newWaiting();
      this.#pace();
    }
    return this.#next.promise;
  }

  /** The answer of the member incarnation `from`; whether its vote counts is judged by the voters of the moment. */
  receive(from: Origin, message: Extract<OrderMessage, { readonly kind: 'vector-reply' }>): void {
    if (message.run !== this.#run) return;
    for (const round of this.#open) if (round.number <= message.round) round.answers.set(from, message.vector);
    this.#conclude();
  }

  close(): void {
    this.#cancelPacing();
    this.#cancelResend();
    const error = new CausewayError('shutting-down', 'this replica is shutting down');
    for (const round of this.#open) {
      round.cancelTimer();
      round.waiting.reject(error);
    }
    this.#open = [];
    this.#next?.reject(error);
    this.#next = undefined;
  }

  /** Rounds overlap, so that nobody waits for the answer to another's question; a full pipeline lets more gather. */
  #pace(): void {
    const begin = () => this.#begin();
    if (this.#open.length < LIMITS.vectorRoundsMax) this.#options.time.soon(begin);
    else this.#cancelPacing = this.#options.time.after(LIMITS.tickMs, begin);
  }

  #begin(): void {
    this.#cancelPacing();
    const waiting = this.#next;
    if (waiting === undefined) return;
    this.#next = undefined;
    this.#number += 1;
    const number = this.#number;
    const cancelTimer = this.#options.time.after(LIMITS.electionTimeoutMs, () => this.#giveUp(number));
    this.#open.push({ number, waiting, answers: new Map(), cancelTimer });
    this.#conclude();
    if (this.#open.length > 0) this.#say();
  }

  /** Messages get lost: the newest question is asked again until nothing is open. */
  #say(): void {
    this.#cancelResend();
    this.#options.broadcast({ kind: 'vector-request', run: this.#run, round: this.#number });
    this.#cancelResend = this.#options.time.after(LIMITS.vectorResendMs, () => this.#say());
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
      round.cancelTimer();
      let join = durable();
      for (const [from, vector] of round.answers) if (isVoter(configuration, from)) join = join.join(vector);
      round.waiting.resolve(join);
    }
    this.#settle(stillOpen);
  }

  #giveUp(number: number): void {
    const round = this.#open.find((one) => one.number === number);
    if (round === undefined) return;
    const { voters } = this.#options.voters();
    const answers = `${round.answers.size} others of ${voters.length} voters answered`;
    const detail = `${answers} within ${LIMITS.electionTimeoutMs} ms, which is no majority`;
    round.waiting.reject(new CausewayError('no-quorum', detail, { retryAfterSeconds: 1 }));
    this.#settle(this.#open.filter((one) => one !== round));
  }

  #settle(stillOpen: Round[]): void {
    const hasRoom = stillOpen.length < this.#open.length;
    this.#open = stillOpen;
    if (stillOpen.length === 0) this.#cancelResend();
    if (hasRoom && this.#next !== undefined) this.#options.time.soon(() => this.#begin());
  }
}

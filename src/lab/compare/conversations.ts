/**
 * One asks, a second who was shown the question answers, a third who was shown the answer looks for the question: the
 * answer that comes before its question is what causal consistency is there to prevent. Each takes part at a replica of its
 * own. These requests count for anomalies only: clients that look until they see are no open loop.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from '../workload/draw.js';
import type { Visitor } from './visitor.js';

/** A link between two replicas. */
export interface Along {
  readonly from: string;
  readonly to: string;
}

type Cast = readonly [Place, Place, Place];

export interface Place {
  /** The replica. */
  readonly at: string;
  visit(errand: (visitor: Visitor) => Promise<void>): Promise<void>;
}

export class Conversations {
  /** Who asks, answers and listens: in every way that there is, before any of them comes again. */
  readonly #casts: readonly Cast[];
  readonly #name: string;
  readonly #perSecond: number;
  readonly #draw: Draw;
  #begun = 0;
  #waiting: Cast[] = [];

  constructor(places: readonly Place[], name: string, perSecond: number, draw: Draw) {
    this.#casts = castsOf(places);
    this.#name = name;
    this.#perSecond = perSecond;
    this.#draw = draw;
  }

  /**
   * Begins conversations for this long, then waits until all are over. `along` a link whoever asks is where it begins, and
   * whoever listens is where it ends: if it is slow, questions are overtaken there.
   */
  async run(durationMs: number, along: Along | undefined): Promise<void> {
    const casts = this.#casts.filter((cast) => along === undefined || leadsAlong(cast, along));
    if (casts.length === 0) throw new RangeError('a conversation takes three replicas');
    const count = Math.floor((durationMs / 1_000) * this.#perSecond);
    const under: Promise<void>[] = [];
    for (let i = 0; i < count; i += 1) {
      under.push(this.#hold(casts));
      await sleep(1_000 / this.#perSecond);
    }
    await Promise.all(under);
  }

  /** Each of them before any comes again. */
  #next(casts: readonly Cast[]): Cast {
    this.#waiting = this.#waiting.filter((cast) => casts.includes(cast));
    if (this.#waiting.length === 0) this.#waiting = this.#draw.shuffled(casts);
    return this.#waiting.pop() as Cast;
  }

  async #hold(casts: readonly Cast[]): Promise<void> {
    this.#begun += 1;
    const question = `${this.#name}-question-${this.#begun}`;
    const answer = `${this.#name}-answer-${this.#begun}`;
    const [first, second, third] = this.#next(casts);
    await Promise.all([
      first.visit((visitor) => visitor.ask(question)),
      second.visit((visitor) => visitor.answer(question, answer)),
      third.visit((visitor) => visitor.listen(question, answer)),
    ]);
  }
}

function leadsAlong([first, , third]: Cast, { from, to }: Along): boolean {
  return first.at === from && third.at === to;
}

function castsOf(places: readonly Place[]): readonly Cast[] {
  return places.flatMap((first) =>
    places.flatMap((second) => places.map((third) => [first, second, third] as const)).filter(isOfDifferent),
  );
}

function isOfDifferent(cast: Cast): boolean {
  return new Set(cast).size === cast.length;
}

/**
 * One asks, a second who was shown the question answers, a third who was shown the answer looks for the question: the
 * answer that comes before its question is what causal consistency is there to prevent. Each takes part at a replica of its
 * own. These requests count for anomalies only: clients that look until they see are no open loop.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from '../workload/draw.js';
import type { Visitor } from './visitor.js';

type Cast = readonly [Place, Place, Place];

interface Place {
  visit(errand: (visitor: Visitor) => Promise<void>): Promise<void>;
}

export class Conversations {
  /** Who asks, answers and listens: in every way that there is, before any of them comes again. */
  readonly #casts: readonly Cast[];
  #rounds: Cast[] = [];
  readonly #name: string;
  readonly #perSecond: number;
  readonly #draw: Draw;
  #begun = 0;

  constructor(places: readonly Place[], name: string, perSecond: number, draw: Draw) {
    this.#casts = castsOf(places);
    this.#name = name;
    this.#perSecond = perSecond;
    this.#draw = draw;
  }

  /** Begins conversations for this long, then waits until all are over. */
  async run(durationMs: number): Promise<void> {
    const count = Math.floor((durationMs / 1_000) * this.#perSecond);
    const under: Promise<void>[] = [];
    for (let i = 0; i < count; i += 1) {
      under.push(this.#hold());
      await sleep(1_000 / this.#perSecond);
    }
    await Promise.all(under);
  }

  async #hold(): Promise<void> {
    this.#begun += 1;
    const question = `${this.#name}-question-${this.#begun}`;
    const answer = `${this.#name}-answer-${this.#begun}`;
    if (this.#rounds.length === 0) this.#rounds = this.#draw.shuffled(this.#casts);
    const cast = this.#rounds.pop();
    if (cast === undefined) return;
    const [first, second, third] = cast;
    await Promise.all([
      first.visit((visitor) => visitor.ask(question)),
      second.visit((visitor) => visitor.answer(question, answer)),
      third.visit((visitor) => visitor.listen(question, answer)),
    ]);
  }
}

function castsOf(places: readonly Place[]): readonly Cast[] {
  return places.flatMap((first) =>
    places.flatMap((second) => places.map((third) => [first, second, third] as const)).filter(isOfDifferent),
  );
}

function isOfDifferent(cast: Cast): boolean {
  return new Set(cast).size === cast.length;
}

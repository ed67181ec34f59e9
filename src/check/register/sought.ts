/** What somebody looks for in one configuration, and who could help. */
import { type Cell, includes, shows, type Transition } from './operation.js';
import type { Family } from './schedule.js';

export class Sought {
  readonly families = new Set<Family>();
  readonly #state: readonly number[];
  readonly #cells: Cell[] = [];
  readonly #doubted = new Set<number>();

  constructor(state: readonly number[]) {
    this.#state = state;
  }

  /** One thing after the other: conditions that must fail are in the way only when all needs are met. */
  add(transitions: readonly Transition[]): void {
    for (const { needs, unless } of transitions) {
      const unmet = needs.find(({ key, value }) => !shows(this.#state[key] as number, value));
      if (unmet !== undefined) {
        this.#cells.push(unmet);
        continue;
      }
      this.#cells.push(...needs);
      const isBlocked = unless.every(({ key, value }) => shows(this.#state[key] as number, value));
      if (isBlocked) for (const { key } of unless) this.doubt(key);
    }
  }

  /** Somebody may be helped by whatever the key holds next. */
  doubt(key: number): void {
    this.#doubted.add(key);
  }

  meets(transitions: readonly Transition[]): boolean {
    return transitions.some(({ sets }) => sets.some((set) => this.#doubted.has(set.key) || includes(this.#cells, set)));
  }
}

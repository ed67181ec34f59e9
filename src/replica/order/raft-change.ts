/** Follows a change of membership from the entry that begins it to the one that completes it. */
import {
  type Configuration,
  isJoint,
  type Membership,
  makeConfiguration,
  sameConfiguration,
} from '../../consensus/configuration.js';
import type { Entry } from '../../consensus/entry.js';

/** `lost`: another leader's entry took its place. `unknown`: this member will not learn it. */
export type ChangeOutcome = 'committed' | 'lost' | 'unknown';

export class ChangeWatch {
  readonly #goal: Configuration;
  readonly #index: number;
  readonly #term: number;
  #settle: ((outcome: ChangeOutcome) => void) | undefined;
  readonly done: Promise<ChangeOutcome>;

  constructor(membership: Membership, index: number, term: number) {
    this.#goal = makeConfiguration(membership);
    this.#index = index;
    this.#term = term;
    this.done = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Committed entries, in order. Returns true once it is settled. */
  committed(entries: readonly Entry[]): boolean {
    for (const entry of entries) {
      if (entry.index < this.#index || this.#settle === undefined) continue;
      if (entry.index === this.#index && entry.term !== this.#term) this.settle('lost');
      else if (entry.kind === 'configuration' && !isJoint(entry.configuration)) this.#completed(entry.configuration);
    }
    return this.#settle === undefined;
  }

  /** A snapshot took the place of the entries up to `index`. Returns true once it is settled. */
  jumped(index: number, configuration: Configuration): boolean {
    if (index < this.#index || isJoint(configuration)) return false;
    this.settle(sameConfiguration(configuration, this.#goal) ? 'committed' : 'unknown');
    return true;
  }

  settle(outcome: ChangeOutcome): void {
    this.#settle?.(outcome);
    this.#settle = undefined;
  }

  #completed(configuration: Configuration): void {
    this.settle(sameConfiguration(configuration, this.#goal) ? 'committed' : 'lost');
  }
}

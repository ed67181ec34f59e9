/** What is still to come, at the present event of a search: values that will be looked for, and that will be written. */
import { type Cell, DELETED, INITIAL, type Transition, UNSEEN } from './operation.js';
import type { Event, Schedule } from './schedule.js';

export class Outlook {
  /** By key, then value: calls to come that need the value, and calls and offers to come that may set it. */
  readonly #seekers: readonly Map<number, number>[];
  readonly #setters: readonly Map<number, number>[];
  /** By key, then value: calls and offers to come that can tell the value from others. */
  readonly #tellers: readonly Map<number, number>[];
  /** Keys of which some operation may need that they show something else: a condition failed, a write was beaten. */
  readonly #doubted = new Set<number>();

  constructor(keys: number, { events }: Schedule) {
    this.#seekers = Array.from({ length: keys }, () => new Map());
    this.#setters = Array.from({ length: keys }, () => new Map());
    this.#tellers = Array.from({ length: keys }, () => new Map());
    for (const event of events) {
      this.#count(event, 1);
      for (const { unless } of transitionsOf(event)) for (const { key } of unless) this.#doubted.add(key);
      if (event.kind !== 'invoke' || event.call.operation.mayLoseExceptTo === undefined) continue;
      for (const key of event.call.keys) this.#doubted.add(key);
    }
  }

  /** The event is no longer to come. */
  pass(event: Event): void {
    this.#count(event, -1);
  }

  /** The event is to come again: the search has gone back before it. */
  takeBack(event: Event): void {
    this.#count(event, 1);
  }

  willBeTold({ key, value }: Cell): boolean {
    return (this.#tellers[key]?.get(shown(value)) ?? 0) > 0;
  }

  willBeSought({ key, value }: Cell): boolean {
    return value !== UNSEEN && (this.#seekers[key]?.get(shown(value)) ?? 0) > 0;
  }

  willBeSet({ key, value }: Cell): boolean {
    return (this.#setters[key]?.get(shown(value)) ?? 0) > 0;
  }

  isDoubted(key: number): boolean {
    return this.#doubted.has(key);
  }

  #count(event: Event, by: number): void {
    const transitions = transitionsOf(event);
    const [only] = transitions;
    if (event.kind === 'invoke' && transitions.length === 1 && only !== undefined) {
      for (const { key, value } of only.needs) change(this.#seekers[key], shown(value), by);
    }
    for (const { key, value } of toldBy(event)) change(this.#tellers[key], shown(value), by);
    for (const { sets } of transitions) for (const { key, value } of sets) change(this.#setters[key], shown(value), by);
  }
}

function toldBy(event: Event): readonly Cell[] {
  if (event.kind === 'invoke') return event.call.told;
  return event.kind === 'offer' ? event.family.told : [];
}

function transitionsOf(event: Event): readonly Transition[] {
  if (event.kind === 'invoke') return event.call.transitions;
  return event.kind === 'offer' ? event.family.transitions : [];
}

function shown(value: number): number {
  return value === DELETED ? INITIAL : value;
}

function change(counts: Map<number, number> | undefined, value: number, by: number): void {
  counts?.set(value, (counts.get(value) ?? 0) + by);
}

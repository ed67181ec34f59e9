/**
 * Is a partition linearizable? Wing and Gong's search (1993) in the just-in-time form of Lowe (2017): events are taken in
 * order of time, and an operation is put into the order only when it returns, together with whatever must come before it.
 * Five observations keep the configurations few, each of which loses no verdict:
 *
 * 1. A read takes effect as soon as its key shows what it read.
 * 2. A plain write that nobody observes need never be placed: once another write was put after its invocation it is optional.
 * 3. A plain or open-ended write of one key is placed at its return or right before somebody who observes it.
 * 4. Of two that act alike, the one that returns first goes first, and open-ended ones last.
 * 5. What shares no key, at first or second hand, with the returning operation can wait.
 *
 * And a configuration in which a value was overwritten that somebody must still read, and nobody will write again, is dead.
 */
import { type Configuration, ConfigurationSet, DONE, REQUIRED, replaced } from './configuration.js';
import { Expansion } from './expansion.js';
import { FIRST_VALUE, INITIAL, UNSEEN } from './operation.js';
import type { Partition } from './partition.js';
import { Present } from './present.js';
import { type Call, type Event, scheduleOf } from './schedule.js';

export type SearchResult =
  /** `steps` were spent. */
  | { readonly kind: 'ok'; readonly steps: number }
  | { readonly kind: 'violated'; readonly steps: number }
  /** The budget was not enough. */
  | { readonly kind: 'unknown'; readonly steps: number };

/** Search the partition with at most `budget` steps; a step looks at one configuration. */
export function search(partition: Partition, budget: number): SearchResult {
  const quick = new Search(partition, budget, false);
  const result = quick.run();
  if (result.kind !== 'violated' || !quick.hasGuessed) return result;
  const thorough = new Search(partition, budget - result.steps, true).run();
  return { ...thorough, steps: result.steps + thorough.steps };
}

/** How many events back it is remembered what was tried. Going back further costs time only. */
const MEMORY_EVENTS = 5_000;

class Search {
  readonly #budget: number;
  readonly #events: readonly Event[];
  readonly #present: Present;
  readonly #expansion: Expansion;
  /** For each event up to the present one, ways to come to it that were not followed yet. */
  readonly #ways: Iterator<Configuration, void>[];
  /** Before each event: what has been tried. */
  readonly #tried = new Map<number, ConfigurationSet>();

  constructor(partition: Partition, budget: number, isThorough: boolean) {
    const schedule = scheduleOf(partition.operations);
    const keys = partition.keys.length;
    this.#budget = budget;
    this.#events = schedule.events;
    this.#present = new Present(keys, schedule);
    this.#expansion = new Expansion(this.#present, isThorough);
    const first = {
      state: new Array<number>(keys).fill(INITIAL),
      marks: new Array<number>(schedule.callSlots).fill(DONE),
      used: new Array<number>(schedule.familySlots).fill(0),
    };
    this.#ways = [[first].values()];
  }

  get hasGuessed(): boolean {
    return this.#expansion.hasGuessed;
  }

  /** Depth first: on to the next event as long as there is a way, back when there is none. */
  run(): SearchResult {
    for (;;) {
      const at = this.#ways.length - 1;
      const configuration = this.#nextWay(at);
      const { steps } = this.#expansion;
      if (steps > this.#budget) return { kind: 'unknown', steps };
      const event = this.#events[at];
      if (configuration !== undefined && event === undefined) return { kind: 'ok', steps };
      if (configuration !== undefined && event !== undefined) {
        this.#present.begin(event);
        this.#ways.push(this.#follow(event, configuration));
        this.#present.end(event);
      } else if (at === 0) return { kind: 'violated', steps };
      else {
        this.#ways.pop();
        this.#present.takeBack(this.#events[at - 1] as Event);
      }
    }
  }

  #follow(event: Event, from: Configuration): Iterator<Configuration, void> {
    if (event.kind === 'return') return this.#expansion.complete(from, event.call);
    if (event.kind === 'invoke') return [this.#begun(from, event.call)].values();
    if (event.kind === 'offer') return [from].values();
    return [{ ...from, used: replaced(from.used, event.family.slot, 0) }].values();
  }

  /** The next way to come to the event at `at` that was not tried before; undefined if there is none. */
  #nextWay(at: number): Configuration | undefined {
    const ways = this.#ways[at];
    const last = this.#events[at - 1];
    if (last?.kind !== 'return') return ways?.next().value ?? undefined;
    this.#present.reopen(last);
    let way: Configuration | undefined;
    do {
      const found = ways?.next().value;
      way = found === undefined ? undefined : this.#blurred(found);
    } while (way !== undefined && !this.#triedBefore(at).add(way));
    this.#present.end(last);
    return way;
  }

  /** Values that nobody can tell from others any more become one. */
  #blurred(configuration: Configuration): Configuration {
    const isBlurred = (value: number, key: number): boolean =>
      value >= FIRST_VALUE && !this.#present.isTold(configuration, { key, value });
    if (!configuration.state.some(isBlurred)) return configuration;
    return {
      ...configuration,
      state: configuration.state.map((value, key) => (isBlurred(value, key) ? UNSEEN : value)),
    };
  }

  #triedBefore(at: number): ConfigurationSet {
    const known = this.#tried.get(at);
    if (known !== undefined) return known;
    const tried = new ConfigurationSet();
    this.#tried.set(at, tried);
    this.#tried.delete(at - MEMORY_EVENTS);
    return tried;
  }

  #begun(from: Configuration, call: Call): Configuration {
    return { ...from, marks: replaced(from.marks, call.slot, this.#present.isAnswered(from, call) ? DONE : REQUIRED) };
  }
}

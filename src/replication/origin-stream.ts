/** One origin's stream of groups as the causal buffer sees it: how far it has come, and what came too early. */
import type { Origin } from '../base/ids.js';
import type { Dot } from '../clocks/dot.js';
import { CounterRuns } from './counter-runs.js';
import type { WriteGroup } from './write-group.js';

export class OriginStream {
  readonly origin: Origin;
  /** Every group up to this counter is delivered or ready. */
  frontier = 0;
  /** What the first held group lacks of another origin; undefined while its predecessor is missing. */
  lacks: Dot | undefined = undefined;
  readonly #held = new Map<number, WriteGroup>();
  readonly #runs = new CounterRuns();

  constructor(origin: Origin) {
    this.origin = origin;
  }

  get held(): number {
    return this.#held.size;
  }

  has(counter: number): boolean {
    return counter <= this.frontier || this.#held.has(counter);
  }

  hold(group: WriteGroup): void {
    this.#held.set(group.dot.counter, group);
    this.#runs.add(group.dot.counter);
  }

  /** The held group that comes next in the stream, if it is here. */
  next(): WriteGroup | undefined {
    return this.#held.get(this.frontier + 1);
  }

  /** Move the frontier over the held group that comes next. */
  pass(group: WriteGroup): void {
    this.#held.delete(group.dot.counter);
    this.frontier = group.dot.counter;
  }

  /** Forget the runs that the frontier has passed; once for many `pass`. */
  passed(): void {
    this.#runs.removeThrough(this.frontier);
  }

  /** Take out what is held up to `counter`, in order. */
  removeThrough(counter: number): WriteGroup[] {
    const removed = [...this.#held.values()].filter((group) => group.dot.counter <= counter);
    removed.sort((a, b) => a.dot.counter - b.dot.counter);
    for (const group of removed) this.#held.delete(group.dot.counter);
    this.#runs.removeThrough(counter);
    return removed;
  }

  /** The dot the stream stands still for. */
  get missing(): Dot {
    return this.lacks ?? { origin: this.origin, counter: this.frontier + 1 };
  }

  /** What is absent, neither passed nor held. */
  get runs(): CounterRuns {
    return this.#runs;
  }
}

/** Where a search stands in time: what has begun, what is offered, and what the events to come are known to need. */
import { type Configuration, DONE, OPTIONAL, REQUIRED } from './configuration.js';
import { type Cell, includes, isEnabled, type Operation, shows, type Transition, UNSEEN } from './operation.js';
import { Outlook } from './outlook.js';
import type { Call, Event, Family, Schedule } from './schedule.js';

export class Present {
  /** Calls that have begun and not returned. */
  readonly pending = new Set<Call>();
  readonly #outlook: Outlook;
  /** Members offered so far. */
  readonly #offered = new Map<Family, number>();
  /** Families that are offered and not retired. */
  readonly #families = new Set<Family>();
  #asked: readonly number[] | undefined;
  #available: readonly Family[] = [];

  constructor(keys: number, schedule: Schedule) {
    this.#outlook = new Outlook(keys, schedule);
  }

  /** The event comes about. A call that returns is pending until `end`. */
  begin(event: Event): void {
    this.#outlook.pass(event);
    this.#asked = undefined;
    if (event.kind === 'invoke') this.pending.add(event.call);
    if (event.kind === 'retire') this.#families.delete(event.family);
    if (event.kind !== 'offer') return;
    this.#families.add(event.family);
    this.#offered.set(event.family, this.#offersOf(event.family) + 1);
  }

  /** Between its `begin` and `end` again. */
  reopen(event: Event): void {
    if (event.kind === 'return') this.pending.add(event.call);
  }

  end(event: Event): void {
    if (event.kind === 'return') this.pending.delete(event.call);
  }

  /** As it was before `begin`. */
  takeBack(event: Event): void {
    this.#outlook.takeBack(event);
    this.#asked = undefined;
    if (event.kind === 'invoke') this.pending.delete(event.call);
    if (event.kind === 'return') this.pending.add(event.call);
    if (event.kind === 'retire') this.#families.add(event.family);
    if (event.kind !== 'offer') return;
    const offers = this.#offersOf(event.family) - 1;
    this.#offered.set(event.family, offers);
    if (offers === 0) this.#families.delete(event.family);
  }

  /** Families of which some member has not taken effect. */
  availableIn({ used }: Configuration): readonly Family[] {
    // The same question comes many times in a row.
    if (used !== this.#asked) {
      this.#asked = used;
      this.#available = [...this.#families].filter((family) => this.#offersOf(family) > (used[family.slot] as number));
    }
    return this.#available;
  }

  /** A read that its keys show already, and that need not wait for anybody, has taken effect. */
  isAnswered(
    { state, marks }: Pick<Configuration, 'state' | 'marks'>,
    { isRead, transitions, operation }: Call,
  ): boolean {
    const [only] = transitions;
    if (!isRead || only === undefined || !isEnabled(only, state)) return false;
    return !this.mustFollow(marks, operation, REQUIRED) && !this.mustFollow(marks, operation, OPTIONAL);
  }

  /** Whether the operation follows one that is pending and so marked. */
  mustFollow(marks: readonly number[], { follows }: Operation, mark: number): boolean {
    if (follows.size === 0) return false;
    for (const { slot, operation } of this.pending) {
      if (marks[slot] === mark && follows.has(operation.index)) return true;
    }
    return false;
  }

  /** Whether somebody may need that the key shows something else. */
  isDoubted(key: number): boolean {
    return this.#outlook.isDoubted(key);
  }

  /** Whether somebody must still be shown the value, although the key does not show it and nobody is left to write it. */
  isLost(at: Configuration, cell: Cell): boolean {
    if (cell.value === UNSEEN || shows(at.state[cell.key] as number, cell.value)) return false;
    if (!this.isSought(at, cell) || this.#outlook.willBeSet(cell)) return false;
    const sets = (way: Transition): boolean => includes(way.sets, cell);
    for (const { slot, transitions } of this.pending)
      if (at.marks[slot] !== DONE && transitions.some(sets)) return false;
    return !this.availableIn(at).some(({ transitions }) => transitions.some(sets));
  }

  /** Whether a call that must take effect needs the value. */
  isSought(at: Configuration, cell: Cell): boolean {
    if (this.#outlook.willBeSought(cell)) return true;
    for (const { slot, transitions } of this.pending) {
      const [only] = transitions;
      if (at.marks[slot] !== DONE && transitions.length === 1 && only !== undefined && includes(only.needs, cell))
        return true;
    }
    return false;
  }

  /** Whether anybody can still tell the value from others. */
  isTold(at: Configuration, cell: Cell): boolean {
    if (this.#outlook.willBeTold(cell)) return true;
    for (const { slot, told } of this.pending) if (at.marks[slot] !== DONE && includes(told, cell)) return true;
    return this.availableIn(at).some(({ told }) => includes(told, cell));
  }

  #offersOf(family: Family): number {
    return this.#offered.get(family) ?? 0;
  }
}

/**
 * Is a partition linearizable? Wing and Gong's search (1993) in the just-in-time form of Lowe (2017): events are taken in
 * order of time, and an operation is put into the order only when it returns, together with whatever must come before it.
 * Four observations keep the configurations few, each of which loses no verdict:
 *
 * 1. A read takes effect as soon as its key shows what it read.
 * 2. A plain write that nobody observes need never be placed: once another write was put after its invocation it is optional.
 * 3. A plain or open-ended write of one key is placed at its return or right before somebody who observes it.
 * 4. What shares no key, at first or second hand, with the returning operation can wait.
 *
 * And a configuration in which a value was overwritten that somebody must still read, and nobody will write again, is dead.
 */
import { type Configuration, ConfigurationSet, copyOf, DONE, nameOf, OPTIONAL, REQUIRED } from './configuration.js';
import { type Cell, INITIAL, isEnabled, shows, type Transition, UNSEEN } from './operation.js';
import { Outlook } from './outlook.js';
import type { Partition } from './partition.js';
import { type Call, type Event, type Family, scheduleOf } from './schedule.js';

export type SearchResult =
  /** `steps` were spent. */
  | { readonly kind: 'ok'; readonly steps: number }
  | { readonly kind: 'violated'; readonly steps: number }
  /** The budget was not enough. */
  | { readonly kind: 'unknown'; readonly steps: number };

/** Search the partition with at most `budget` steps; a step looks at one configuration. */
export function search(partition: Partition, budget: number): SearchResult {
  return new Search(partition, budget).run();
}

class Search {
  readonly #budget: number;
  readonly #events: readonly Event[];
  readonly #outlook: Outlook;
  readonly #keys: number;
  /** Calls that have begun and not returned. */
  readonly #pending = new Set<Call>();
  /** Members offered so far, of each family that is not retired. */
  readonly #offered = new Map<Family, number>();
  #configurations: Configuration[];
  #steps = 0;

  constructor(partition: Partition, budget: number) {
    const schedule = scheduleOf(partition.operations);
    this.#budget = budget;
    this.#events = schedule.events;
    this.#keys = partition.keys.length;
    this.#outlook = new Outlook(this.#keys, schedule);
    this.#configurations = [
      {
        state: new Array<number>(this.#keys).fill(INITIAL),
        marks: new Array<number>(schedule.callSlots).fill(DONE),
        used: new Array<number>(schedule.familySlots).fill(0),
      },
    ];
  }

  run(): SearchResult {
    for (const event of this.#events) {
      this.#outlook.pass(event);
      this.#take(event);
      if (this.#steps > this.#budget) return { kind: 'unknown', steps: this.#steps };
      if (this.#configurations.length === 0) return { kind: 'violated', steps: this.#steps };
    }
    return { kind: 'ok', steps: this.#steps };
  }

  #take(event: Event): void {
    if (event.kind === 'invoke') this.#invoke(event.call);
    else if (event.kind === 'return') this.#return(event.call);
    else if (event.kind === 'retire') this.#retire(event.family);
    else this.#offered.set(event.family, (this.#offered.get(event.family) ?? 0) + 1);
  }

  #invoke(call: Call): void {
    this.#pending.add(call);
    for (const { state, marks } of this.#configurations) {
      const [way] = call.transitions;
      marks[call.slot] = call.isRead && way !== undefined && isEnabled(way, state) ? DONE : REQUIRED;
    }
  }

  #retire(family: Family): void {
    this.#offered.delete(family);
    const kept = new ConfigurationSet();
    for (const configuration of this.#configurations) {
      configuration.used[family.slot] = 0;
      kept.add(configuration);
    }
    this.#configurations = kept.list();
  }

  /** Every way to have the call done by now. */
  #return(call: Call): void {
    const kept = new ConfigurationSet();
    const seen = new Set<string>();
    const open = this.#configurations;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const name = nameOf(at);
      if (seen.has(name)) continue;
      seen.add(name);
      this.#steps += 1;
      if (this.#steps > this.#budget) break;
      if (at.marks[call.slot] === DONE) {
        kept.add(at);
        continue;
      }
      const without = this.#withoutCall(at, call);
      if (without !== undefined) kept.add(without);
      if (without === undefined || !this.#isIdle(at, call)) this.#expand(at, call, open);
    }
    this.#pending.delete(call);
    this.#configurations = kept.list();
  }

  /** The call vanishes: overwritten in passing, or beaten in arbitration by what the key holds. */
  #withoutCall(at: Configuration, { slot, plain, transitions, operation }: Call): Configuration | undefined {
    const set = transitions[0]?.sets[0];
    if (plain === undefined || set === undefined) return undefined;
    const held = at.state[plain] as number;
    const except = operation.mayLoseExceptTo;
    const mayLose = except !== undefined && held !== INITIAL && !except.has(held);
    if (at.marks[slot] !== OPTIONAL && !mayLose) return undefined;
    const without = copyOf(at);
    without.marks[slot] = DONE;
    return this.#isLost(without, set) ? undefined : without;
  }

  /** Nothing is gained by an optional write that nobody can tell from others. */
  #isIdle(at: Configuration, { slot, plain, transitions }: Call): boolean {
    const isUnseen = transitions[0]?.sets[0]?.value === UNSEEN;
    return at.marks[slot] === OPTIONAL && isUnseen && plain !== undefined && !this.#outlook.isDoubted(plain);
  }

  #expand(at: Configuration, target: Call, open: Configuration[]): void {
    const near = this.#keysAround(at, target);
    const isNear = (keys: ReadonlySet<number>): boolean => near === undefined || intersects(keys, near);
    const sought = this.#soughtIn(at);
    for (const call of this.#pending) {
      if (at.marks[call.slot] === DONE || !isNear(call.keys)) continue;
      if (call !== target && call.plain !== undefined && !sought.meets(call.transitions)) continue;
      for (const way of call.transitions) {
        if (!isEnabled(way, at.state)) continue;
        const next = this.#after(at, way, (to) => {
          to.marks[call.slot] = DONE;
        });
        if (next !== undefined) open.push(next);
      }
    }
    for (const family of sought.families) {
      if (!isNear(family.keys)) continue;
      for (const way of family.transitions) {
        if (!isEnabled(way, at.state)) continue;
        const next = this.#after(at, way, (to) => {
          to.used[family.slot] = (to.used[family.slot] as number) + 1;
        });
        if (next !== undefined) open.push(next);
      }
    }
  }

  /** The configuration after `way` was taken; undefined if a value is lost that somebody must still be shown. */
  #after(at: Configuration, way: Transition, note: (to: Configuration) => void): Configuration | undefined {
    const next = copyOf(at);
    note(next);
    for (const { key, value } of way.sets) {
      next.state[key] = value;
      const isLookedAt = way.needs.some((cell) => cell.key === key) || way.unless.some((cell) => cell.key === key);
      if (!isLookedAt) this.#excuse(next, key);
    }
    for (const call of this.#pending) {
      const [only] = call.transitions;
      if (!call.isRead || only === undefined || next.marks[call.slot] === DONE) continue;
      if (isEnabled(only, next.state)) next.marks[call.slot] = DONE;
    }
    const isDead = way.sets.some(({ key }) => this.#isLost(next, { key, value: at.state[key] as number }));
    return isDead ? undefined : next;
  }

  /** The key was overwritten: plain writes that are pending may have come right before that. */
  #excuse(next: Configuration, key: number): void {
    for (const { slot, plain } of this.#pending) {
      if (plain === key && next.marks[slot] === REQUIRED) next.marks[slot] = OPTIONAL;
    }
  }

  /** Whether somebody must still be shown the value, although the key does not show it and nobody is left to write it. */
  #isLost(at: Configuration, cell: Cell): boolean {
    if (cell.value === UNSEEN || shows(at.state[cell.key] as number, cell.value)) return false;
    let isSought = this.#outlook.willBeSought(cell);
    for (const { slot, transitions } of this.#pending) {
      if (at.marks[slot] === DONE) continue;
      if (transitions.some(({ sets }) => includes(sets, cell))) return false;
      isSought ||= transitions.length === 1 && includes(transitions[0]?.needs ?? [], cell);
    }
    if (!isSought || this.#outlook.willBeSet(cell)) return false;
    return !this.#availableIn(at).some(({ transitions }) => transitions.some(({ sets }) => includes(sets, cell)));
  }

  #availableIn({ used }: Configuration): readonly Family[] {
    const families: Family[] = [];
    for (const [family, count] of this.#offered) if (count > (used[family.slot] as number)) families.push(family);
    return families;
  }

  /** What pending calls look for, and the families that can help them, at first or second hand. */
  #soughtIn(at: Configuration): Sought {
    const sought = new Sought();
    for (const { slot, transitions, plain, operation } of this.#pending) {
      if (at.marks[slot] === DONE) continue;
      sought.add(transitions);
      if (operation.mayLoseExceptTo !== undefined && plain !== undefined) sought.doubt(plain);
    }
    const available = this.#availableIn(at);
    for (let count = -1; count !== sought.families.size; ) {
      count = sought.families.size;
      for (const family of available) {
        // What touches several keys cannot be put off until it is looked for: meanwhile one of them may change.
        const helps = family.keys.size > 1 || sought.meets(family.transitions);
        if (!helps || sought.families.has(family)) continue;
        sought.families.add(family);
        sought.add(family.transitions);
      }
    }
    return sought;
  }

  /** Keys that operations share with the target, at first or second hand; undefined = all. */
  #keysAround(at: Configuration, target: Call): ReadonlySet<number> | undefined {
    if (this.#keys === 1) return undefined;
    const near = new Set(target.keys);
    const others = [...this.#pending].filter(({ slot }) => at.marks[slot] !== DONE).map(({ keys }) => keys);
    others.push(...this.#availableIn(at).map(({ keys }) => keys));
    const joining = others.filter((keys) => keys.size > 1);
    for (let size = 0; size !== near.size; ) {
      size = near.size;
      for (const keys of joining) if (intersects(keys, near)) for (const key of keys) near.add(key);
    }
    return near;
  }
}

/** Values that somebody looks for. */
class Sought {
  readonly families = new Set<Family>();
  readonly #cells: Cell[] = [];
  /** Keys of which somebody needs that they show something else. */
  readonly #doubted = new Set<number>();

  add(transitions: readonly Transition[]): void {
    for (const { needs, unless } of transitions) {
      this.#cells.push(...needs);
      for (const { key } of unless) this.doubt(key);
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

function includes(cells: readonly Cell[], { key, value }: Cell): boolean {
  return cells.some((cell) => cell.key === key && shows(cell.value, value));
}

function intersects(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  for (const key of a) if (b.has(key)) return true;
  return false;
}

/** All ways to have a call done when it returns, together with what must come before it. */
import { type Configuration, DONE, MARKS, nameOf, OPTIONAL, REQUIRED, replaced } from './configuration.js';
import { INITIAL, intersects, isEnabled, type Operation, type Transition, UNSEEN } from './operation.js';
import type { Present } from './present.js';
import type { Call, Family } from './schedule.js';
import { Sought } from './sought.js';

export class Expansion {
  /** Something was left out that is almost never needed; that nothing was found is then not certain. */
  hasGuessed = false;
  steps = 0;
  readonly #present: Present;
  readonly #isThorough: boolean;

  constructor(present: Present, isThorough: boolean) {
    this.#present = present;
    this.#isThorough = isThorough;
  }

  /** The configurations that follow `from`, each once and the simplest first, found as they are asked for. */
  *complete(from: Configuration, call: Call): Generator<Configuration, void> {
    this.steps += 1;
    if (from.marks[call.slot] === DONE) {
      yield from;
      return;
    }
    const seen = new Set<string>();
    const open = [from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const name = nameOf(at);
      if (seen.has(name)) continue;
      seen.add(name);
      this.steps += 1;
      if (at.marks[call.slot] === DONE) {
        yield at;
        continue;
      }
      const without = this.#withoutCall(at, call);
      if (without !== undefined) yield without;
      if (without === undefined || !this.#isIdle(at, call)) this.#expand(at, call, open);
    }
  }

  /** The call vanishes: overwritten in passing, or beaten in arbitration by what the key holds. */
  #withoutCall(at: Configuration, { slot, plain, transitions, operation }: Call): Configuration | undefined {
    const set = transitions[0]?.sets[0];
    if (plain === undefined || set === undefined) return undefined;
    if (at.marks[slot] !== OPTIONAL && !mayLose(at, operation, plain)) return undefined;
    const without = { ...at, marks: replaced(at.marks, slot, DONE) };
    return this.#present.isLost(without, set) ? undefined : without;
  }

  /** Nothing is gained by an optional write that nobody can tell from others. */
  #isIdle(at: Configuration, { slot, plain, transitions }: Call): boolean {
    const isUnseen = transitions[0]?.sets[0]?.value === UNSEEN;
    return at.marks[slot] === OPTIONAL && isUnseen && plain !== undefined && !this.#present.isDoubted(plain);
  }

  /** Everything that may be placed next, the target last: it is taken up first. */
  #expand(at: Configuration, target: Call, open: Configuration[]): void {
    const sought = this.#soughtIn(at);
    const near = this.#keysAround(at, target, sought);
    const isNear = (keys: ReadonlySet<number>): boolean => near === undefined || intersects(keys, near);
    const urgent = this.#urgent(at).filter(({ keys }) => isNear(keys));
    for (const family of sought.families) {
      if (!isNear(family.keys) || urgent.some(({ kind }) => kind === family.kind)) continue;
      const used = (at.used[family.slot] as number) + 1;
      this.#place(at, family, { ...at, used: replaced(at.used, family.slot, used) }, open);
    }
    const helpful = urgent.filter(({ plain, transitions }) => plain === undefined || sought.meets(transitions));
    for (const call of [...helpful.filter((each) => each !== target), target]) {
      const followed = this.#followed(at, call);
      if (followed === undefined) continue;
      this.#place(at, call, { ...at, marks: replaced(followed, call.slot, DONE) }, open);
    }
  }

  /**
   * The marks after writes that `call` must follow have vanished: overwritten in passing, beaten by what the key holds, or
   * overwritten by the call itself, which cannot tell. Undefined if one of them has still to take effect.
   */
  #followed(at: Configuration, { operation, transitions }: Call): readonly number[] | undefined {
    let { marks, state } = at;
    if (operation.follows.size === 0) return marks;
    for (const { slot, plain, ...write } of this.#present.pending) {
      if (marks[slot] === DONE || plain === undefined || !operation.follows.has(write.operation.index)) continue;
      const [set] = write.transitions[0]?.sets ?? [];
      if (set === undefined) continue;
      const after = replaced(state, plain, set.value);
      const isOverwritten = transitions.every(
        (way) => way.sets.some(({ key }) => key === plain) && isEnabled(way, after),
      );
      if (marks[slot] === REQUIRED && !isOverwritten && !mayLose(at, write.operation, plain)) return undefined;
      if (isOverwritten) state = after;
      marks = replaced(marks, slot, DONE);
      if (this.#present.isLost({ ...at, marks }, set)) return undefined;
    }
    return marks;
  }

  /** Of calls that act alike the one that returns first: whoever can wait longer is the better one to have left. */
  #urgent(at: Configuration): readonly Call[] {
    const first = new Map<number, Call>();
    for (const call of this.#present.pending) {
      const mark = at.marks[call.slot];
      if (mark === DONE) continue;
      const name = call.kind * MARKS + (mark as number);
      const other = first.get(name);
      if (other === undefined || call.operation.complete < other.operation.complete) first.set(name, call);
    }
    return [...first.values()];
  }

  #place(at: Configuration, what: Call | Family, placed: Configuration, open: Configuration[]): void {
    for (const way of what.transitions) {
      const next = isEnabled(way, at.state) ? this.#after(placed, what, way) : undefined;
      if (next !== undefined) open.push(next);
    }
  }

  /** The configuration after `way` was taken; undefined if a value is lost that somebody must still be shown. */
  #after(placed: Configuration, what: Call | Family, way: Transition): Configuration | undefined {
    const state = [...placed.state];
    const marks = [...placed.marks];
    const index = 'operation' in what ? what.operation.index : undefined;
    if (index !== undefined) this.#requireFollowers(marks, index);
    for (const { key, value } of way.sets) {
      state[key] = value;
      this.#excuse(marks, key, way, placed.state, index);
    }
    for (const call of this.#present.pending) {
      if (this.#present.isAnswered({ state, marks }, call)) marks[call.slot] = DONE;
    }
    const next = { ...placed, state, marks };
    const isDead = way.sets.some(({ key }) => this.#present.isLost(next, { key, value: placed.state[key] as number }));
    return isDead ? undefined : next;
  }

  /**
   * The key is overwritten in one way: plain writes that are pending may have come right before that, unless that would have
   * gone another way then, or they follow what overwrites them.
   */
  #excuse(marks: number[], key: number, way: Transition, from: readonly number[], overwriting?: number): void {
    const excusable = [...this.#present.pending].filter(({ slot, plain, transitions }) => {
      const value = transitions[0]?.sets[0]?.value;
      return plain === key && marks[slot] === REQUIRED && isEnabled(way, replaced(from, key, value as number));
    });
    const [bound, free] = [excusable.filter(isBound), excusable.filter((call) => !isBound(call))];
    for (const { slot } of free) marks[slot] = OPTIONAL;
    for (const { slot, operation } of bound) {
      const isHeldUp = overwriting !== undefined && operation.follows.has(overwriting);
      if (!isHeldUp && !this.#present.mustFollow(marks, operation, REQUIRED)) marks[slot] = OPTIONAL;
    }
  }

  /** Those that follow what is placed now did not come before it, and have still to be placed. */
  #requireFollowers(marks: number[], index: number): void {
    for (const { slot, operation } of this.#present.pending) {
      if (marks[slot] === OPTIONAL && operation.follows.has(index)) marks[slot] = REQUIRED;
    }
  }

  /** What pending calls look for, and the families that can help them, at first or second hand. */
  #soughtIn(at: Configuration): Sought {
    const sought = new Sought(at.state);
    for (const { slot, transitions, plain, operation } of this.#present.pending) {
      if (at.marks[slot] === DONE) continue;
      sought.add(transitions);
      const mayBeBeaten = operation.mayLoseExceptTo !== undefined && plain !== undefined;
      if (mayBeBeaten && !mayLose(at, operation, plain)) sought.doubt(plain);
    }
    const available = this.#present.availableIn(at);
    for (let count = -1; count !== sought.families.size; ) {
      count = sought.families.size;
      for (const family of available) {
        if (sought.families.has(family) || !(sought.meets(family.transitions) || this.#mustNotWait(at, family)))
          continue;
        sought.families.add(family);
        sought.add(family.transitions);
      }
    }
    return sought;
  }

  /**
   * What touches several keys cannot be put off until it is looked for: meanwhile one of them may change. If nobody looks
   * for its values, only a condition that failed can make it matter, and the first attempt leaves it out.
   */
  #mustNotWait(at: Configuration, { keys, transitions }: Family): boolean {
    if (keys.size === 1) return false;
    if (this.#isThorough) return true;
    const isSought = transitions.some(({ sets }) => sets.some((set) => this.#present.isSought(at, set)));
    this.hasGuessed ||= !isSought;
    return isSought;
  }

  /** Keys that operations share with the target, at first or second hand; undefined = all. */
  #keysAround(at: Configuration, target: Call, { families }: Sought): ReadonlySet<number> | undefined {
    if (at.state.length === 1) return undefined;
    const near = new Set(target.keys);
    const left = [...this.#present.pending].filter(({ slot }) => at.marks[slot] !== DONE);
    const joining = [...left, ...families].map(({ keys }) => keys).filter(({ size }) => size > 1);
    for (let size = 0; size !== near.size; ) {
      size = near.size;
      for (const keys of joining) if (intersects(keys, near)) for (const key of keys) near.add(key);
    }
    return near;
  }
}

function isBound({ operation }: Call): boolean {
  return operation.follows.size > 0;
}

/** Whether the weaker write may have lost arbitration to what the key holds. */
function mayLose({ state }: Configuration, { mayLoseExceptTo: except }: Operation, key: number): boolean {
  const held = state[key] as number;
  return except !== undefined && held !== INITIAL && !except.has(held);
}

/**
 * The events of a partition in order of time. Operations that must take effect between two events become calls with a slot;
 * open-ended ones become offers of a family: members of a family cannot be told apart, so only their number counts, and a
 * family is offered only while somebody may still look at what it writes.
 */
import {
  type Cell,
  DELETED,
  INITIAL,
  isOpen,
  type Operation,
  plainKey,
  type Transition,
  toldBy,
  touchedKeys,
} from './operation.js';

export interface Call {
  readonly operation: Operation;
  readonly slot: number;
  /** Calls and families of one kind act alike. */
  readonly kind: number;
  readonly transitions: readonly Transition[];
  readonly keys: ReadonlySet<number>;
  /** The key of a plain write. */
  readonly plain: number | undefined;
  /** Values that it can tell from others. */
  readonly told: readonly Cell[];
  /** Changes nothing, and there is one way only in which it may have acted. */
  readonly isRead: boolean;
}

export interface Family {
  readonly slot: number;
  readonly kind: number;
  readonly told: readonly Cell[];
  readonly transitions: readonly Transition[];
  readonly keys: ReadonlySet<number>;
}

export type Event =
  | { readonly kind: 'invoke'; readonly call: Call }
  | { readonly kind: 'return'; readonly call: Call }
  /** One more member of the family may take effect from now on. */
  | { readonly kind: 'offer'; readonly family: Family }
  /** Nobody will look at what the family writes any more. */
  | { readonly kind: 'retire'; readonly family: Family };

export interface Schedule {
  readonly events: readonly Event[];
  readonly callSlots: number;
  readonly familySlots: number;
}

/** At one moment invocations come first: operations that touch are concurrent. */
const RANK = { invoke: 0, offer: 0, return: 1, retire: 2 } as const;

interface Moment {
  readonly at: number;
  readonly kind: Event['kind'];
  /** The operation, or the name of the family. */
  readonly of: Operation | string;
}

export function scheduleOf(operations: readonly Operation[]): Schedule {
  const moments = [...closedMoments(operations), ...familyMoments(operations)];
  moments.sort((a, b) => a.at - b.at || RANK[a.kind] - RANK[b.kind]);
  const kinds = new Kinds();
  const calls = new Slots<Call>();
  const families = new Slots<Family>();
  const events = moments.map(({ kind, of }): Event => {
    if (kind === 'invoke') return { kind, call: calls.take(of, (slot) => callOf(of as Operation, slot, kinds)) };
    if (kind === 'return') return { kind, call: calls.give(of) };
    if (kind === 'offer') return { kind, family: families.take(of, (slot) => familyOf(of as string, slot, kinds)) };
    return { kind, family: families.give(of) };
  });
  return { events, callSlots: calls.size, familySlots: families.size };
}

function callOf(operation: Operation, slot: number, kinds: Kinds): Call {
  const { transitions } = operation;
  return {
    operation,
    slot,
    kind: kinds.of(kindName(operation)),
    transitions,
    keys: touchedKeys(operation),
    told: toldBy(operation),
    plain: plainKey(operation),
    isRead: transitions.length === 1 && transitions[0]?.sets.length === 0,
  };
}

function kindName({ index, transitions, mayLoseExceptTo, follows }: Operation): string {
  if (mayLoseExceptTo !== undefined) return `${index}`;
  return JSON.stringify(follows.size === 0 ? transitions : [transitions, ...follows]);
}

function familyOf(name: string, slot: number, kinds: Kinds): Family {
  // What changes nothing need not be placed: nobody waits for it.
  const transitions = (JSON.parse(name) as readonly Transition[]).filter(({ sets }) => sets.length > 0);
  return {
    slot,
    kind: kinds.of(name),
    transitions,
    keys: touchedKeys({ transitions }),
    told: toldBy({ transitions, mayLoseExceptTo: undefined }),
  };
}

function closedMoments(operations: readonly Operation[]): readonly Moment[] {
  return operations
    .filter((operation) => !isOpen(operation))
    .flatMap((operation): Moment[] => [
      { at: operation.invoke, kind: 'invoke', of: operation },
      { at: operation.complete, kind: 'return', of: operation },
    ]);
}

function familyMoments(operations: readonly Operation[]): readonly Moment[] {
  const members = new Map<string, Operation[]>();
  for (const operation of operations.filter(isOpen)) {
    const name = JSON.stringify(operation.transitions);
    const family = members.get(name);
    if (family === undefined) members.set(name, [operation]);
    else family.push(operation);
  }
  const ends = usefulUntil(operations, [...members]);
  return [...members].flatMap(([name, family]): Moment[] => {
    const end = ends.get(name) ?? Number.NEGATIVE_INFINITY;
    const useful = family.filter(({ invoke }) => invoke <= end);
    if (useful.length === 0) return [];
    return [
      ...useful.map(({ invoke }): Moment => ({ at: invoke, kind: 'offer', of: name })),
      { at: end, kind: 'retire', of: name },
    ];
  });
}

type NamedFamily = readonly [name: string, members: readonly Operation[]];

/**
 * When the last operation completes that may observe what a family writes, at first or second hand. What an open-ended
 * operation wrote and nobody observed might as well never have happened; and who alone can have written what somebody was
 * shown has certainly done so by then.
 */
function usefulUntil(operations: readonly Operation[], families: readonly NamedFamily[]): ReadonlyMap<string, number> {
  const certain = certainWriters(operations);
  const looked = new Map<string, number>();
  const look = (transitions: readonly Transition[], until: number): void => {
    for (const { needs, unless } of transitions) {
      for (const cell of needs) raise(looked, cellName(cell), until);
      for (const { key } of unless) raise(looked, `${key}`, until);
    }
  };
  for (const operation of operations) {
    if (!isOpen(operation)) look(operation.transitions, operation.complete);
    const beaten = operation.mayLoseExceptTo === undefined ? undefined : plainKey(operation);
    if (beaten !== undefined) raise(looked, `${beaten}`, operation.complete);
  }
  const ends = new Map<string, number>();
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const [name, members] of families) {
      const transitions = members[0]?.transitions ?? [];
      const sets = transitions.flatMap((way) => way.sets);
      const isCertain = members.every((member) => certain.has(member));
      const times = sets.flatMap((cell) => [
        looked.get(cellName(cell)),
        isCertain ? undefined : looked.get(`${cell.key}`),
      ]);
      const end = Math.max(...times.map((time) => time ?? Number.NEGATIVE_INFINITY));
      if (!raise(ends, name, end)) continue;
      look(transitions, end);
      isSettled = false;
    }
  }
  return ends;
}

/** Operations that alone may have set a value which a completed one needed. */
function certainWriters(operations: readonly Operation[]): ReadonlySet<Operation> {
  const needed = new Set<string>();
  const writers = new Map<string, Set<Operation>>();
  for (const operation of operations) {
    const [only] = operation.transitions;
    const isSure = !isOpen(operation) && operation.transitions.length === 1;
    for (const cell of isSure ? (only?.needs ?? []) : []) needed.add(cellName(cell));
    for (const cell of operation.transitions.flatMap(({ sets }) => sets)) {
      const known = writers.get(cellName(cell));
      if (known === undefined) writers.set(cellName(cell), new Set([operation]));
      else known.add(operation);
    }
  }
  const alone = [...writers].filter(
    ([cell, { size }]) => size === 1 && needed.has(cell) && !cell.endsWith(`=${INITIAL}`),
  );
  return new Set(alone.flatMap(([, those]) => [...those]));
}

function raise(times: Map<string, number>, name: string, time: number): boolean {
  if (time <= (times.get(name) ?? Number.NEGATIVE_INFINITY)) return false;
  times.set(name, time);
  return true;
}

function cellName({ key, value }: Cell): string {
  return `${key}=${value === DELETED ? INITIAL : value}`;
}

class Kinds {
  readonly #numbers = new Map<string, number>();

  of(name: string): number {
    const number = this.#numbers.get(name) ?? this.#numbers.size;
    this.#numbers.set(name, number);
    return number;
  }
}

/** Numbers for what lives at the same time, used again afterwards. */
class Slots<T extends { readonly slot: number }> {
  readonly #held = new Map<Operation | string, T>();
  readonly #free: number[] = [];
  size = 0;

  take(name: Operation | string, make: (slot: number) => T): T {
    const known = this.#held.get(name);
    if (known !== undefined) return known;
    const made = make(this.#free.pop() ?? this.size++);
    this.#held.set(name, made);
    return made;
  }

  give(name: Operation | string): T {
    const held = this.#held.get(name) as T;
    this.#held.delete(name);
    this.#free.push(held.slot);
    return held;
  }
}

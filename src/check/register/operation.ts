/**
 * What the linearizability checker searches over: operations on a few numbered keys with numbered values, each with the
 * transitions it may stand for. Reads, writes, conditional writes and transactions all have this one form.
 */
import type { RegisterRecord } from '../history/record.js';

/** A key (by its number in the partition) and a value (by its number for that key). */
export interface Cell {
  readonly key: number;
  readonly value: number;
}

/** Nothing was ever written. In `needs` and `unless`: the key shows nothing, for whatever reason. */
export const INITIAL = 0;
/** A deletion; shows nothing, like INITIAL, but something has happened. */
export const DELETED = 1;
/** Any value that no operation mentions: nobody can tell two of them apart. */
export const UNSEEN = 2;
export const FIRST_VALUE = 3;

/** Whether a key that holds `held` shows `wanted`. */
export function shows(held: number, wanted: number): boolean {
  return held === wanted || (held <= DELETED && wanted <= DELETED);
}

/** One way in which an operation may have acted. */
export interface Transition {
  /** All of these must hold. */
  readonly needs: readonly Cell[];
  /** Not all of these may hold; empty = no such condition. */
  readonly unless: readonly Cell[];
  readonly sets: readonly Cell[];
}

export interface Operation {
  /** Position in the partition's operations. */
  readonly index: number;
  readonly record: RegisterRecord;
  readonly invoke: number;
  /** Infinity = may take effect at any moment after `invoke`, or never. */
  readonly complete: number;
  readonly transitions: readonly Transition[];
  /**
   * Set for a weaker write acknowledged by a majority: it may also have lost arbitration to what the key held at its
   * completion, if that was written and is not among these values, which were in its past.
   */
  readonly mayLoseExceptTo: ReadonlySet<number> | undefined;
  /** Operations by index that come before it, although they are not over when it begins. */
  readonly follows: ReadonlySet<number>;
}

export function isOpen(operation: Operation): boolean {
  return operation.complete === Number.POSITIVE_INFINITY;
}

/** The key that the operation overwrites without looking at anything; undefined if it is no such plain write. */
export function plainKey({ transitions }: Pick<Operation, 'transitions'>): number | undefined {
  const [only] = transitions;
  if (transitions.length !== 1 || only === undefined) return undefined;
  return only.needs.length === 0 && only.unless.length === 0 && only.sets.length === 1 ? only.sets[0]?.key : undefined;
}

/** Every key that a transition looks at or sets. */
export function touchedKeys({ transitions }: Pick<Operation, 'transitions'>): ReadonlySet<number> {
  return new Set(transitions.flatMap((way) => [...way.needs, ...way.unless, ...way.sets].map((c) => c.key)));
}

export function isEnabled({ needs, unless }: Transition, state: readonly number[]): boolean {
  for (const { key, value } of needs) if (!shows(state[key] as number, value)) return false;
  return unless.length === 0 || unless.some(({ key, value }) => !shows(state[key] as number, value));
}

/** Values that transitions look for, or that a write which may lose arbitration cannot lose to. */
export function toldBy({
  transitions,
  mayLoseExceptTo: except,
}: Pick<Operation, 'transitions' | 'mayLoseExceptTo'>): readonly Cell[] {
  const looked = transitions.flatMap(({ needs, unless }) => [...needs, ...unless]);
  const key = transitions[0]?.sets[0]?.key;
  return except === undefined || key === undefined
    ? looked
    : [...looked, ...[...except].map((value) => ({ key, value }))];
}

/** Whether one of the cells is the same, as far as can be shown. */
export function includes(cells: readonly Cell[], { key, value }: Cell): boolean {
  return cells.some((cell) => cell.key === key && shows(cell.value, value));
}

export function intersects(a: ReadonlySet<number>, b: ReadonlySet<number>): boolean {
  for (const key of a) if (b.has(key)) return true;
  return false;
}

/**
 * Splits a history into parts that can be judged alone (P-compositionality; Horn and Kroening 2015): one for each key, and
 * the keys that some operation touches together in one. Within a part keys and values become numbers.
 */
import type { RegisterRecord } from '../history/record.js';
import { boundByKey } from './binding.js';
import type { Footprint, NamedCell } from './footprint.js';
import { type Cell, DELETED, FIRST_VALUE, INITIAL, type Operation, UNSEEN } from './operation.js';

export interface Partition {
  /** In order of their numbers. */
  readonly keys: readonly string[];
  /** In order of invocation. */
  readonly operations: readonly Operation[];
}

/** The partitions in order of their first key in the history. Keys of `together` are in one, whatever touches them. */
export function partitionsOf(footprints: readonly Footprint[], together: readonly string[] = []): readonly Partition[] {
  const groups = new KeyGroups();
  groups.join(together);
  for (const footprint of footprints) groups.join(namesIn(footprint));
  const parts = new Map<string, Footprint[]>();
  for (const footprint of footprints) {
    const [first] = namesIn(footprint);
    if (first === undefined) continue;
    const group = groups.find(first);
    const part = parts.get(group);
    if (part === undefined) parts.set(group, [footprint]);
    else part.push(footprint);
  }
  return [...parts.values()].map(numberPartition);
}

/** Every key that the footprint touches. */
export function namesIn({ transitions }: Footprint): readonly string[] {
  return transitions.flatMap(({ needs, unless, sets }) => [...needs, ...unless, ...sets].map(({ key }) => key));
}

/** Union-find with path halving. */
class KeyGroups {
  readonly #parent = new Map<string, string>();

  find(key: string): string {
    let at = key;
    for (;;) {
      const above = this.#parent.get(at) ?? at;
      if (above === at) return at;
      const next = this.#parent.get(above) ?? above;
      this.#parent.set(at, next);
      at = next;
    }
  }

  join(keys: readonly string[]): void {
    const [first, ...others] = keys;
    if (first === undefined) return;
    for (const other of others) {
      const [a, b] = [this.find(first), this.find(other)];
      if (a !== b) this.#parent.set(b, a);
    }
  }
}

function numberPartition(footprints: readonly Footprint[]): Partition {
  const ordered = [...footprints].sort((a, b) => a.invoke - b.invoke || a.complete - b.complete);
  const keys = [...new Set(ordered.flatMap(namesIn))];
  const keyNumbers = new Map(keys.map((key, number) => [key, number]));
  const pasts = new SessionPasts(ordered);
  const values = new ValueNumbers(keys.length);
  const keyOf = (name: string): number => keyNumbers.get(name) as number;
  const mention = ({ key, value }: NamedCell): void => values.mention(keyOf(key), value);
  for (const footprint of ordered) {
    for (const { needs, unless } of footprint.transitions) [...needs, ...unless].forEach(mention);
    pasts.before(footprint).forEach(mention);
  }
  const numberCell = ({ key, value }: NamedCell): Cell => ({ key: keyOf(key), value: values.of(keyOf(key), value) });
  const needed = (cell: NamedCell): Cell =>
    cell.value === undefined ? { key: keyOf(cell.key), value: INITIAL } : numberCell(cell);
  const operations = ordered.map((footprint, index): Operation => {
    const past = pasts.before(footprint).map((cell) => numberCell(cell).value);
    return {
      index,
      record: footprint.record,
      invoke: footprint.invoke,
      complete: footprint.complete,
      transitions: footprint.transitions.map((way) => ({
        needs: way.needs.map(needed),
        unless: way.unless.map(needed),
        sets: way.sets.map(numberCell),
      })),
      mayLoseExceptTo: footprint.mayLose ? new Set(past) : undefined,
      follows: new Set(),
    };
  });
  return { keys, operations: keys.length === 1 ? operations : boundByKey(operations) };
}

/** Values that some operation can tell from others get numbers of their own. */
class ValueNumbers {
  readonly #numbers: readonly Map<string, number>[];

  constructor(keys: number) {
    this.#numbers = Array.from({ length: keys }, () => new Map());
  }

  mention(key: number, value: string | undefined): void {
    const numbers = this.#numbers[key];
    if (value === undefined || numbers === undefined || numbers.has(value)) return;
    numbers.set(value, FIRST_VALUE + numbers.size);
  }

  of(key: number, value: string | undefined): number {
    return value === undefined ? DELETED : (this.#numbers[key]?.get(value) ?? UNSEEN);
  }
}

/**
 * What the session of a weaker write had read or written of the key before it, at causal or above: such values are in the
 * write's past and can never win against it. Only values that were written once say which write they are.
 */
class SessionPasts {
  readonly #seen = new Map<string, { readonly complete: number; readonly cell: NamedCell }[]>();
  readonly #writes = new Map<string, number>();

  constructor(footprints: readonly Footprint[]) {
    for (const { record, transitions } of footprints) {
      const told = transitions.flatMap(({ needs, sets }) => [...needs, ...sets]);
      for (const { sets } of transitions) for (const set of sets) this.#count(set);
      if (record.session === undefined || record.level === 'eventual' || record.status !== 'ok') continue;
      for (const cell of told) this.#note(record, cell);
    }
  }

  before({ record, transitions, mayLose }: Footprint): readonly NamedCell[] {
    const set = transitions[0]?.sets[0];
    if (!mayLose || set === undefined || record.session === undefined || record.level === 'eventual') return [];
    const seen = this.#seen.get(nameOf(record.session, set.key)) ?? [];
    return seen
      .filter(({ complete, cell }) => complete <= record.invoke && this.#writes.get(textOf(cell)) === 1)
      .map(({ cell }) => cell);
  }

  #count(cell: NamedCell): void {
    this.#writes.set(textOf(cell), (this.#writes.get(textOf(cell)) ?? 0) + 1);
  }

  #note({ session = '', complete }: RegisterRecord, cell: NamedCell): void {
    if (cell.value === undefined || complete === null) return;
    const name = nameOf(session, cell.key);
    const seen = this.#seen.get(name);
    if (seen === undefined) this.#seen.set(name, [{ complete, cell }]);
    else seen.push({ complete, cell });
  }
}

function nameOf(session: string, key: string): string {
  return JSON.stringify([session, key]);
}

function textOf({ key, value }: NamedCell): string {
  return nameOf(key, value ?? '');
}

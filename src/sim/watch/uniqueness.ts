/**
 * A unique constraint over the field `n` of the JSON values under a prefix: once it is declared, no two keys are ever shown
 * with one value at one moment, and no weaker write gets in.
 */
import { utf8Decode } from '../../base/bytes.js';
import type { KeyRecord } from '../../keyspace/key-record.js';

export const UNIQUE_KEYS: readonly string[] = ['u/0', 'u/1', 'u/2', 'u/3'];
export const CONSTRAINT = { kind: 'declare', name: 'n', prefix: 'u/', field: '/n' } as const;

interface Shown {
  readonly key: string;
  readonly versions: KeyRecord;
}

export class UniquenessWatch {
  readonly #fail: (rule: string, sentence: string) => void;
  #declaredMs: number | undefined;
  /** Whoever has applied this entry knows the constraint. */
  #knownFrom = Number.POSITIVE_INFINITY;

  constructor(fail: (rule: string, sentence: string) => void) {
    this.#fail = fail;
  }

  /** The declaration was answered; its entry is `index` or an earlier one. It is never dropped. */
  declared(answeredMs: number, index: number): void {
    this.#declaredMs ??= answeredMs;
    this.#knownFrom = Math.min(this.#knownFrom, index);
  }

  /** A replica that has applied so much of the log refuses weaker writes under the prefix. */
  isKnownAt(applied: number): boolean {
    return applied >= this.#knownFrom;
  }

  /** What one moment showed of several keys, to somebody who asked at `invokedMs`; keys of other prefixes do not matter. */
  shown(states: readonly Shown[], invokedMs: number, where: string): void {
    if (this.#declaredMs === undefined || invokedMs < this.#declaredMs) return;
    const holders = new Map<number, string>();
    for (const { key, versions } of states) {
      const value = key.startsWith(CONSTRAINT.prefix) ? fieldOf(versions) : undefined;
      if (value === undefined) continue;
      const holder = holders.get(value);
      if (holder !== undefined) this.#fail('one-key-a-value', `${where} shows ${value} at ${holder} and at ${key}`);
      holders.set(value, key);
    }
  }

  /** A write was refused because of what `owner` holds. */
  refused(keys: readonly string[], owner: string | undefined): void {
    if (owner === undefined || (UNIQUE_KEYS.includes(owner) && !isOnly(keys, owner))) return;
    this.#fail('a-violation-names-the-holder', `a write of ${keys.join()} was refused because of ${owner}`);
  }

  /** A weaker write was acknowledged by a replica that had applied so much when it was asked. */
  passedWeakly(key: string, applied: number): void {
    if (!this.isKnownAt(applied)) return;
    this.#fail('weaker-writes-stay-out', `a weaker write of ${key} was taken by a replica that had applied ${applied}`);
  }
}

function isOnly(keys: readonly string[], key: string): boolean {
  return keys.length === 1 && keys[0] === key;
}

function fieldOf(versions: KeyRecord): number | undefined {
  const [winner] = versions;
  if (winner?.kind !== 'value') return undefined;
  const { n }: { readonly n?: number } = JSON.parse(utf8Decode(winner.bytes));
  return n;
}

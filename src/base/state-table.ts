/**
 * The state of everything that follows the log, as one sorted table of bytes. State machines read it through
 * `StateReader` and change it through a `StateOverlay`; where the table lies is not their business. Because all of the
 * state is in it, a snapshot is nothing but its pages.
 */
import { InvariantError } from './assert.js';
import { compareBytes, latin1Text } from './bytes.js';

/** First byte of every key. The progress comes last, so that a table written in key order is complete only at its end. */
export const STATE_AREAS = { records: 1, retries: 2, retryQueue: 3, coordination: 4, progress: 0xff } as const;

export interface StateEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** `value` undefined deletes the key. */
export interface StateWrite {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** Synchronous reads of one state. Returned bytes never change afterwards; nobody writes into them. */
export interface StateReader {
  get(key: Uint8Array): Uint8Array | undefined;
  /** Ascending by unsigned bytes, `gte <= key < lt`; lazily. */
  range(gte: Uint8Array, lt: Uint8Array): Iterable<StateEntry>;
}

/** Changes over a state, which sees them at once while the state below stays as it was. */
export class StateOverlay implements StateReader {
  readonly #below: StateReader;
  readonly #changes = new Map<string, StateWrite>();

  constructor(below: StateReader) {
    this.#below = below;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const change = this.#changes.size === 0 ? undefined : this.#changes.get(keyText(key));
    return change === undefined ? this.#below.get(key) : change.value;
  }

  *range(gte: Uint8Array, lt: Uint8Array): Generator<StateEntry> {
    const changed = this.writes().filter(({ key }) => compareBytes(gte, key) <= 0 && compareBytes(key, lt) < 0);
    let at = 0;
    for (const entry of this.#below.range(gte, lt)) {
      let order = 1;
      for (; at < changed.length; at += 1) {
        const { key, value } = changed[at] as StateWrite;
        order = compareBytes(entry.key, key);
        if (order < 0) break;
        if (value !== undefined) yield { key, value };
        if (order === 0) {
          at += 1;
          break;
        }
      }
      if (order !== 0) yield entry;
    }
    for (; at < changed.length; at += 1) {
      const { key, value } = changed[at] as StateWrite;
      if (value !== undefined) yield { key, value };
    }
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#changes.set(keyText(key), { key, value });
  }

  delete(key: Uint8Array): void {
    this.#changes.set(keyText(key), { key, value: undefined });
  }

  absorb(writes: Iterable<StateWrite>): void {
    for (const write of writes) this.#changes.set(keyText(write.key), write);
  }

  /** All changes, sorted by key; each key once. */
  writes(): StateWrite[] {
    const writes = [...this.#changes.values()];
    // Most entries change one key.
    return writes.length < 2 ? writes : writes.sort((a, b) => compareBytes(a.key, b.key));
  }
}

/** A key as a key of a `Map`: one character for each byte. Keys are short. */
export function keyText(key: Uint8Array): string {
  return latin1Text(key);
}

/** The least key above every key that begins with `prefix`; a prefix of nothing but 0xff has none, and is refused. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let length = prefix.length; length > 0; length -= 1) {
    const last = prefix[length - 1] as number;
    if (last === 0xff) continue;
    const end = prefix.slice(0, length);
    end[length - 1] = last + 1;
    return end;
  }
  throw new InvariantError(`prefix without an end ${JSON.stringify({ bytes: prefix.length })}`);
}

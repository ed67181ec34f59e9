/**
 * Finds the row of a key by hash: open addressing with linear probing over one typed array (Knuth, The Art of Computer
 * Programming 3, 6.4, algorithm L), at most half full. It knows numbers of rows; the keys themselves are its owner's.
 */
import { randomBytes } from 'node:crypto';
import { equalBytes } from '../base/bytes.js';

const MIN_SLOTS = 16;
/** Of FNV-1a with 32 bits. */
const PRIME = 0x0100_0193;
/** Another in every process, so that nobody can choose keys beforehand that all fall into one slot. */
const SEED = randomBytes(4).readInt32LE();

/** 32 bits of which the lowest choose the slot. */
export function hashBytes(key: Uint8Array): number {
  let hash = SEED;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ (key[i] as number), PRIME);
  return hash ^ (hash >>> 15);
}

export class KeyIndex {
  /** Of each slot the hash and the row plus one, which is 0 if there is none. */
  #slots = new Int32Array(2 * MIN_SLOTS);
  #rows = 0;

  /** Row of `key`, which has this hash, among `keys`; -1 if it has none. */
  find(keys: readonly Uint8Array[], key: Uint8Array, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = (hash << 1) & mask; ; at = (at + 2) & mask) {
      const row = (slots[at + 1] as number) - 1;
      if (row < 0) return -1;
      if (slots[at] === hash && equalBytes(keys[row] as Uint8Array, key)) return row;
    }
  }

  /** Gives the next row to a key that has none. */
  add(hash: number): void {
    if (4 * this.#rows >= this.#slots.length) this.#grow();
    this.#rows += 1;
    place(this.#slots, hash, this.#rows);
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(2 * before.length);
    for (let at = 0; at < before.length; at += 2) {
      const row = before[at + 1] as number;
      if (row !== 0) place(this.#slots, before[at] as number, row);
    }
  }
}

function place(slots: Int32Array, hash: number, row: number): void {
  const mask = slots.length - 1;
  let at = (hash << 1) & mask;
  while (slots[at + 1] !== 0) at = (at + 2) & mask;
  slots[at] = hash;
  slots[at + 1] = row;
}

/**
 * Rows of a table as they are in storage, of the keys that were looked at or written last. For a table that only whoever
 * remembers it changes: a row is noted anew with every change, and so never out of date.
 */

const MAX_ROWS = 1024;
/** A larger row is read from storage, where it is. */
const MAX_BYTES = 1024;

export class RememberedRows {
  readonly #rows = new Map<string, Uint8Array | undefined>();

  /** `read` says it of a row that is not remembered. Undefined: storage has none. */
  recall<K>(name: string, key: K, read: (key: K) => Uint8Array | undefined): Uint8Array | undefined {
    const known = this.#rows.get(name);
    if (known !== undefined || this.#rows.has(name)) return known;
    const row = read(key);
    this.note(name, row);
    return row;
  }

  /** Storage has this row, or has it as soon as anybody can ask. */
  note(name: string, row: Uint8Array | undefined): void {
    if (this.#rows.size >= MAX_ROWS) this.#rows.clear();
    if (row === undefined || row.length <= MAX_BYTES) this.#rows.set(name, row);
    else this.#rows.delete(name);
  }

  forget(name: string): void {
    this.#rows.delete(name);
  }

  /** The table is another one. */
  clear(): void {
    this.#rows.clear();
  }
}

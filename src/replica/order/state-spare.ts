/**
 * The table that is not in use, kept empty: what a replaced state or a broken-off install left in it goes a slice at a
 * time, in transactions of its own, so that nobody waits for it and a crash in between does no harm.
 */
import type { Storage } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import { clearWrite, type StateTable } from './state-tables.js';

export interface SpareOptions {
  readonly storage: Storage;
  readonly time: Time;
  readonly onFatal: (error: unknown) => void;
}

export class SpareTable {
  readonly #options: SpareOptions;
  #busy: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SpareOptions) {
    this.#options = options;
  }

  /** Nothing is cleared before `done`. */
  busyUntil(done: Promise<void>): void {
    this.#busy = Promise.all([this.#busy, done]).then(() => undefined);
  }

  /** Resolves when `table` is empty. */
  clear(table: StateTable): Promise<void> {
    this.#busy = this.#busy.then(() => this.#empty(table)).catch((error: unknown) => this.#fail(error));
    return this.#busy;
  }

  close(): void {
    this.#closed = true;
  }

  async #empty(table: StateTable): Promise<void> {
    if (this.#closed) return;
    const { storage, time } = this.#options;
    // Commits take effect in their order: whatever was on its way into the table has arrived after this one.
    await storage.commit([]);
    for (;;) {
      if (this.#closed) return;
      const write = clearWrite(storage, table);
      if (write === undefined) return;
      await storage.commit([write]);
      await new Promise<void>((resolve) => time.soon(resolve));
    }
  }

  #fail(error: unknown): void {
    if (!this.#closed) this.#options.onFatal(error);
  }
}

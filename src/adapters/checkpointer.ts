/**
 * Brings frozen tables into the store, one set at a time, in transactions of bounded size. The last one carries the mark, so
 * that after a crash in between everything is brought again; each write says what a key is to be, so that doing it twice
 * is as good as once. Says when it is time for the next: once nothing was written for a while, and in any case after some
 * time, so that a replica at rest has nothing in memory and little to repeat when it starts.
 */
import type { CheckpointStore } from './checkpoint-store.js';
import { partsOf, type RecentTables } from './memtable.js';

/** Beside the number of writes: one turn of the event loop hands over so much. */
const PART_MAX_BYTES = 512 * 1024;
const LOOK_EVERY_MS = 1_000;
const MAX_AGE_LOOKS = 10;

export interface CheckpointerEvents {
  /** It is time, and no checkpoint is under way. */
  readonly due: () => void;
  /** The store has everything that was frozen, and shows it. */
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class Checkpointer {
  readonly #store: CheckpointStore;
  readonly #partWrites: number;
  readonly #events: CheckpointerEvents;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looks = 0;
  #written = 0;
  #seen = 0;
  #isDue = false;

  constructor(store: CheckpointStore, partWrites: number, events: CheckpointerEvents) {
    this.#store = store;
    this.#partWrites = partWrites;
    this.#events = events;
  }

  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  get isDue(): boolean {
    return this.#isDue;
  }

  /** Settles when no checkpoint is under way, whether it succeeded or not. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Something that is not in the store has been written, up to this record. */
  written(sequence: number): void {
    this.#written = sequence;
    if (this.#timer !== undefined) return;
    this.#seen = sequence;
    this.#looks = 0;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  start(frozen: RecentTables, mark: Uint8Array): void {
    this.#rest();
    this.#running = writeOut(this.#store, frozen, mark, this.#partWrites)
      .then(this.#events.done, this.#events.failed)
      .finally(() => {
        this.#running = undefined;
      });
  }

  close(): void {
    this.#rest();
  }

  #look(): void {
    this.#looks += 1;
    const isIdle = this.#seen === this.#written;
    this.#seen = this.#written;
    if (!isIdle && this.#looks < MAX_AGE_LOOKS) return;
    this.#isDue = true;
    if (!this.isBusy) this.#events.due();
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#isDue = false;
  }
}

/** @throws what the store says */
export async function writeOut(
  store: CheckpointStore,
  frozen: RecentTables,
  mark: Uint8Array,
  partWrites: number,
): Promise<void> {
  for (const { writes, last } of partsOf(frozen, partWrites, PART_MAX_BYTES)) {
    await (last ? store.commit(writes, mark) : store.commit(writes));
  }
}

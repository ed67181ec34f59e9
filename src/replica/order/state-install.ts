/**
 * A copy of a peer's ordered state on its way into the table that is not in use. What is wrong with it is told at the
 * end: until then nothing depends on it.
 */
import { ByteReader, DecodeError } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import type { Coordinator } from '../../keyspace/ordered/coordinator.js';
import { decodeProgress } from '../../keyspace/ordered/progress.js';
import { decodePage, restoreWrites } from '../../keyspace/ordered/snapshot.js';
import type { Storage } from '../../ports/storage.js';
import { type StateTable, tableWrite } from './state-tables.js';

const LENGTH_BYTES = 4;

export interface InstallOptions {
  readonly storage: Storage;
  readonly coordinator: Coordinator;
  readonly table: StateTable;
  /** The table is empty. */
  readonly ready: Promise<void>;
  readonly onFatal: (error: unknown) => void;
}

export class StateInstall {
  readonly #options: InstallOptions;
  /** Bytes of frames that have not come whole yet. */
  readonly #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  #lastKey: Uint8Array | undefined;
  /** Index of the state, known with its last page. */
  #applied: number | undefined;
  #refused: DecodeError | undefined;
  #discarded = false;
  #written: Promise<void>;

  constructor(options: InstallOptions) {
    this.#options = options;
    this.#written = options.ready;
  }

  /** Settles when nothing of this is under way to the table any more. */
  get written(): Promise<void> {
    return this.#written;
  }

  stage(bytes: Uint8Array): void {
    if (this.#refused !== undefined || bytes.length === 0) return;
    this.#chunks.push(bytes.slice());
    this.#chunkBytes += bytes.length;
    try {
      for (let frame = this.#frame(); frame !== undefined; frame = this.#frame()) this.#store(frame);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#refused = error;
      this.#chunks.length = 0;
    }
  }

  discard(): void {
    this.#discarded = true;
  }

  /** Resolves when all of the state at `index` is in the table. @throws DecodeError if it is no such state */
  async finish(index: number): Promise<void> {
    await this.#written;
    if (this.#refused !== undefined) throw this.#refused;
    if (this.#chunkBytes > 0) throw new DecodeError('copy of a state that ends within a page');
    if (this.#applied !== index) throw new DecodeError(`copy of the state at ${this.#applied}, not at ${index}`);
  }

  /** The next whole frame, without its length. @throws DecodeError if it is longer than any page */
  #frame(): Uint8Array | undefined {
    if (this.#chunkBytes < LENGTH_BYTES) return undefined;
    this.#gather(LENGTH_BYTES);
    const length = new ByteReader((this.#chunks[0] as Uint8Array).subarray(0, LENGTH_BYTES)).u32();
    if (length > LIMITS.statePageMaxBytes) throw new DecodeError(`page of ${length} bytes`);
    const whole = LENGTH_BYTES + length;
    if (this.#chunkBytes < whole) return undefined;
    this.#gather(whole);
    const first = this.#chunks[0] as Uint8Array;
    if (first.length > whole) this.#chunks[0] = first.subarray(whole);
    else this.#chunks.shift();
    this.#chunkBytes -= whole;
    return first.subarray(LENGTH_BYTES, whole);
  }

  /** Make the first chunk at least `length` bytes long; there are as many. */
  #gather(length: number): void {
    if ((this.#chunks[0] as Uint8Array).length >= length) return;
    const joined = new Uint8Array(this.#chunkBytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this.#chunks.splice(0, this.#chunks.length, joined);
  }

  #store(frame: Uint8Array): void {
    if (this.#applied !== undefined) throw new DecodeError('page after the last');
    const { storage, coordinator, table, onFatal } = this.#options;
    const page = decodePage(frame, this.#lastKey, coordinator);
    const last = page.entries[page.entries.length - 1];
    this.#lastKey = last?.key;
    if (!page.more && last !== undefined) this.#applied = decodeProgress(last.value).applied;
    const writes = restoreWrites(page).map((write) => tableWrite(table, write));
    this.#written = this.#written.then(() => {
      if (!this.#discarded) return storage.commit(writes).catch(onFatal);
      return undefined;
    });
  }
}

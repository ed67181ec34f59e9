/**
 * A disk under a write-ahead log and the store behind it, that takes its time and can lose power: what was under way is then
 * there in part. A write to the log may be cut at any byte, or have any of its blocks missing; a transaction of the store
 * is there or not.
 */
import type { CheckpointStore } from '../../src/adapters/checkpoint-store.js';
import { MemoryDisk, type MemoryStorage, openMemoryStorage } from '../../src/adapters/memory-storage.js';
import type { LogFile, LogFiles, SegmentName } from '../../src/adapters/wal-files.js';

/** A whole number from 0 up to, not including, `below`. */
export type Draw = (below: number) => number;

const BLOCK_BYTES = 64;
const MARK_KEY = Uint8Array.of(255, 255);

export class WalDisk {
  readonly files = new Map<SegmentName, Uint8Array>();
  readonly #draw: Draw;
  readonly #store = new MemoryDisk();
  /** What losing power now leaves of each write under way. */
  readonly #underWay = new Set<() => void>();
  #storage: MemoryStorage | undefined;
  /** Counts the cuts: what began before one never ends. */
  #life = 0;

  constructor(draw: Draw) {
    this.#draw = draw;
  }

  /** The marks lie in a table that the tests leave alone. */
  openStore(): CheckpointStore {
    const storage = openMemoryStorage({ disk: this.#store, flush: (done) => void this.#later(() => done()) });
    this.#storage = storage;
    return {
      get: (table, key) => storage.get(table, key),
      range: (table, range) => storage.range(table, range),
      count: (table) => storage.count(table),
      snapshot: () => storage.snapshot(),
      sizeBytes: () => 0,
      close: () => storage.close(),
      mark: () => storage.get('retries', MARK_KEY),
      commit: (writes, mark) => {
        const all = mark === undefined ? writes : [...writes, putMark(mark)];
        return storage.commit(all);
      },
    };
  }

  logFiles(): LogFiles {
    const life = this.#life;
    return {
      pathOf: (name) => name,
      read: async (name) => this.files.get(name)?.slice(),
      create: async (names, bytes) => {
        for (const name of names) await this.#write(life, name, bytes, 0);
      },
      open: async (name) => this.#open(life, name),
    };
  }

  /** Nothing that is under way ends any more; what it has done so far is left to chance. */
  losePower(): void {
    this.#life += 1;
    for (const leave of this.#underWay) leave();
    this.#underWay.clear();
    this.#storage?.crash(this.#draw(this.#storage.pendingCommits + 1));
  }

  #open(life: number, name: SegmentName): LogFile {
    return {
      write: (bytes, position) => this.#write(life, name, bytes, position),
      truncate: async (length) => {
        this.files.set(name, (this.files.get(name) ?? new Uint8Array(0)).slice(0, length));
      },
      close: async () => undefined,
    };
  }

  async #write(life: number, name: SegmentName, bytes: Uint8Array, position: number): Promise<void> {
    // A process that is no more writes nothing.
    if (life !== this.#life) await new Promise<never>(() => undefined);
    const leave = () => (this.#draw(2) === 0 ? this.#cut(name, bytes, position) : this.#holed(name, bytes, position));
    this.#underWay.add(leave);
    await this.#later(() => {
      this.#underWay.delete(leave);
      this.#put(name, bytes, position);
    });
  }

  #put(name: SegmentName, bytes: Uint8Array, position: number): void {
    const before = this.files.get(name) ?? new Uint8Array(0);
    const after = position + bytes.length <= before.length ? before : new Uint8Array(position + bytes.length);
    if (after !== before) after.set(before);
    after.set(bytes, position);
    this.files.set(name, after);
  }

  /** Mostly within the record, which has zeros behind it if space was allocated. */
  #cut(name: SegmentName, bytes: Uint8Array, position: number): void {
    const most = this.#draw(2) === 0 ? Math.min(bytes.length, 300) : bytes.length;
    this.#put(name, bytes.subarray(0, this.#draw(most + 1)), position);
  }

  #holed(name: SegmentName, bytes: Uint8Array, position: number): void {
    for (let at = 0; at < Math.min(bytes.length, 20 * BLOCK_BYTES); at += BLOCK_BYTES) {
      if (this.#draw(2) === 0) this.#put(name, bytes.subarray(at, at + BLOCK_BYTES), position + at);
    }
  }

  /** After some turns of the event loop; never if the power goes before. */
  async #later(act: () => void): Promise<void> {
    const life = this.#life;
    for (let turns = this.#draw(4); turns > 0; turns -= 1) await new Promise(setImmediate);
    if (life !== this.#life) await new Promise<never>(() => undefined);
    act();
  }
}

function putMark(mark: Uint8Array) {
  return { kind: 'put', table: 'retries', key: MARK_KEY, value: mark } as const;
}

/** A state machine that remembers every entry: what an order feeds in tests. Its table is `ordered`. */
import { ByteReader, ByteWriter, DecodeError, EMPTY_BYTES, utf8Decode, utf8Encode } from '../../src/base/bytes.js';
import type { DeliveredEntry } from '../../src/consensus/total-order.js';
import type { Storage, StorageReader, StorageWrite } from '../../src/ports/storage.js';
import type { OrderedState, StateCopy } from '../../src/replica/order/ordered-state.js';

export interface ListedEntry {
  readonly index: number;
  readonly term: number;
  /** What was appended; empty for what the order itself put there. */
  readonly text: string;
}

const FROM = Uint8Array.of(0);
const TO = Uint8Array.of(0xff);
const PIECE_ENTRIES = 16;

export class ListedState implements OrderedState {
  /** All entries this member has, whether they were delivered or came in a copy. */
  entries: ListedEntry[] = [];
  durableApplied = 0;
  /** Copies that are open, and how many were ever made. */
  openCopies = 0;
  copies = 0;
  installs = 0;
  /** Damage for the copies made here, before anybody measures them. */
  spoil = false;
  /** What a copy that is whole waits for before it is prepared. */
  beforeInstall: () => Promise<void> = () => Promise.resolve();
  readonly #storage: Storage;
  #staged: Uint8Array | undefined;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#load();
  }

  deliver(entries: readonly DeliveredEntry[]): void {
    const writes: StorageWrite[] = [];
    for (const { index, term, bytes } of entries) {
      if (index !== this.entries.length + 1) throw new Error(`entry ${index} after ${this.entries.length}`);
      const entry = { index, term, text: utf8Decode(bytes ?? EMPTY_BYTES) };
      this.entries.push(entry);
      writes.push(entryWrite(entry));
    }
    const last = this.entries.length;
    void this.#storage.commit(writes).then(() => {
      this.durableApplied = last;
    });
  }

  copy(): StateCopy {
    const snapshot = this.#storage.snapshot();
    this.openCopies += 1;
    this.copies += 1;
    const { spoil } = this;
    return {
      index: snapshot.count('ordered'),
      pieces: () => piecesOf(snapshot, spoil),
      close: () => {
        this.openCopies -= 1;
        snapshot.close();
      },
    };
  }

  beginInstall(): void {
    this.#staged = EMPTY_BYTES;
  }

  stage(bytes: Uint8Array): void {
    if (this.#staged === undefined) throw new Error('staged without a beginning');
    this.#staged = new ByteWriter().raw(this.#staged).raw(bytes).finish();
  }

  discardInstall(): void {
    this.#staged = undefined;
  }

  async finishInstall(index: number): Promise<readonly StorageWrite[]> {
    await this.beforeInstall();
    const reader = new ByteReader(this.#staged ?? EMPTY_BYTES);
    const writes: StorageWrite[] = [{ kind: 'delete-range', table: 'ordered', gte: FROM, lt: TO }];
    let last = 0;
    while (reader.remaining > 0) {
      last = reader.varuint();
      writes.push(entryWrite({ index: last, term: reader.varuint(), text: reader.string(1_000_000) }));
    }
    if (last !== index) throw new DecodeError(`a state at ${last} instead of ${index}`);
    return writes;
  }

  installed(index: number): void {
    this.installs += 1;
    this.#load();
    if (this.durableApplied !== index) throw new Error(`installed ${index}, found ${this.durableApplied}`);
  }

  #load(): void {
    this.entries = [...rowsOf(this.#storage)];
    this.durableApplied = this.entries.length;
  }
}

function* rowsOf(reader: StorageReader): IterableIterator<ListedEntry> {
  let index = 0;
  for (const { value } of reader.range('ordered', {})) {
    index += 1;
    const row = new ByteReader(value);
    yield { index, term: row.varuint(), text: row.string(1_000_000) };
  }
}

function* piecesOf(reader: StorageReader, spoil: boolean): IterableIterator<Uint8Array> {
  const rows = [...rowsOf(reader)];
  for (let from = 0; from < rows.length; from += PIECE_ENTRIES) {
    const writer = new ByteWriter();
    for (const { index, term, text } of rows.slice(from, from + PIECE_ENTRIES)) {
      writer.varuint(index).varuint(term).string(text);
    }
    if (!spoil || from === 0) yield writer.finish();
  }
}

function entryWrite({ index, term, text }: ListedEntry): StorageWrite {
  const key = new ByteWriter().u8(1).u32(index).finish();
  return { kind: 'put', table: 'ordered', key, value: new ByteWriter().varuint(term).bytes(utf8Encode(text)).finish() };
}

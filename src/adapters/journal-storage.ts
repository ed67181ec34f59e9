/**
 * The storage port over one append-only file, with all tables in memory: for nodes with little data that shall need
 * nothing but Node. A flush appends the writes of all commits that wait as one record and syncs the file once. When the
 * file has outgrown what it holds, a new one is written beside it and put in its place.
 */
import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage, StorageEntry, StorageRange, StorageSnapshot, StorageWrite, Table } from '../ports/storage.js';
import { TABLES } from '../ports/storage.js';
import { readIfPresent, syncDirectory } from './durable-files.js';
import { encodeJournalRecord, JOURNAL_HEADER, readJournal } from './journal-records.js';
import { type CommitGroup, MemoryDisk, type MemoryStorage, openMemoryStorage } from './memory-storage.js';

export interface JournalStorageOptions {
  /** Exists, and is this process's alone. */
  readonly directory: string;
  /** What may have been appended to a file however little it holds, before it is written anew. */
  readonly rewriteMinBytes?: number;
}

const FILE_NAME = 'journal';
const NEW_FILE_NAME = 'journal.new';
const REWRITE_MIN_BYTES = 4 * 1024 * 1024;
/** Records of a file that is written anew. */
const RECORD_BYTES = 1024 * 1024;

/** @throws CausewayError `data-dir-corrupt`, `data-dir-newer-format` */
export async function openJournalStorage(options: JournalStorageOptions): Promise<Storage> {
  const disk = new MemoryDisk();
  const path = join(options.directory, FILE_NAME);
  const bytes = await readIfPresent(path);
  const journal = new Journal(disk, options);
  if (bytes === undefined) await journal.rewrite([]);
  else
    await journal.resume(
      readJournal(bytes, path, (writes) => disk.apply(writes)),
      bytes.length,
    );
  return new JournalStorage(journal, disk);
}

class JournalStorage implements Storage {
  readonly #journal: Journal;
  readonly #memory: MemoryStorage;

  constructor(journal: Journal, disk: MemoryDisk) {
    this.#journal = journal;
    this.#memory = openMemoryStorage({
      disk,
      medium: journal.path,
      flush: (done, group) => void journal.append(group).then(() => done(), done),
    });
  }

  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return this.#memory.get(table, key);
  }

  range(table: Table, range: StorageRange): Iterable<StorageEntry> {
    return this.#memory.range(table, range);
  }

  count(table: Table): number {
    return this.#memory.count(table);
  }

  commit(writes: readonly StorageWrite[]): Promise<void> {
    return this.#memory.commit(writes);
  }

  snapshot(): StorageSnapshot {
    return this.#memory.snapshot();
  }

  sizeBytes(): number {
    return this.#journal.bytes;
  }

  async close(): Promise<void> {
    await this.#memory.close();
    await this.#journal.close();
  }
}

/** One call at a time; after a failed one the file is left as it is. */
class Journal {
  readonly path: string;
  readonly #disk: MemoryDisk;
  readonly #directory: string;
  readonly #rewriteMinBytes: number;
  #file: FileHandle | undefined;
  #bytes = 0;
  /** Of the file when it was written anew. */
  #baseBytes = 0;

  constructor(disk: MemoryDisk, { directory, rewriteMinBytes = REWRITE_MIN_BYTES }: JournalStorageOptions) {
    this.path = join(directory, FILE_NAME);
    this.#disk = disk;
    this.#directory = directory;
    this.#rewriteMinBytes = rewriteMinBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Goes on behind the first `wholeBytes` of the file. */
  async resume(wholeBytes: number, fileBytes: number): Promise<void> {
    this.#file = await open(this.path, 'r+');
    this.#bytes = wholeBytes;
    this.#baseBytes = wholeBytes;
    if (wholeBytes === fileBytes) return;
    await this.#file.truncate(wholeBytes);
    await this.#file.sync();
  }

  async append(group: CommitGroup): Promise<void> {
    const writes = group.flat();
    if (writes.length === 0) return;
    // Half as much again as it held: so much may a file be larger than what is in it.
    if (this.#bytes - this.#baseBytes > Math.max(this.#rewriteMinBytes, this.#baseBytes / 2)) {
      await this.rewrite(writes);
      return;
    }
    const file = this.#file;
    if (file === undefined) throw new Error('the journal is closed');
    this.#bytes = await writeAt(file, this.#bytes, encodeJournalRecord(writes));
    await file.datasync();
  }

  /** A file with everything on the disk and `writes` behind it takes the place of this one. */
  async rewrite(writes: readonly StorageWrite[]): Promise<void> {
    const path = join(this.#directory, NEW_FILE_NAME);
    const file = await open(path, 'w', 0o600);
    let bytes = await writeAt(file, 0, JOURNAL_HEADER);
    for (const part of contentsOf(this.#disk)) bytes = await writeAt(file, bytes, encodeJournalRecord(part));
    const baseBytes = bytes;
    if (writes.length > 0) bytes = await writeAt(file, bytes, encodeJournalRecord(writes));
    await file.sync();
    await rename(path, this.path);
    await syncDirectory(this.#directory);
    await this.#file?.close();
    this.#file = file;
    this.#bytes = bytes;
    this.#baseBytes = baseBytes;
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }
}

/** Everything on the disk, as writes of about `RECORD_BYTES` at a time. */
function* contentsOf(disk: MemoryDisk): Generator<StorageWrite[]> {
  let part: StorageWrite[] = [];
  let partBytes = 0;
  for (const table of TABLES) {
    for (const { key, value } of disk.tables[table].range({})) {
      part.push({ kind: 'put', table, key, value });
      partBytes += key.length + value.length;
      if (partBytes < RECORD_BYTES) continue;
      yield part;
      part = [];
      partBytes = 0;
    }
  }
  if (part.length > 0) yield part;
}

/** Returns where the next bytes go. */
async function writeAt(file: FileHandle, position: number, bytes: Uint8Array): Promise<number> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
  return position + bytes.length;
}

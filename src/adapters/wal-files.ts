/**
 * The files of a write-ahead log. On Linux a write and its sync are one call (`O_DSYNC`), which costs one visit to a
 * thread; elsewhere that flag does not empty the cache of the device, so a sync follows.
 */
import { close, constants, fdatasync, ftruncate, open, write } from 'node:fs';
import { open as openHandle } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { readIfPresent, syncDirectory } from './durable-files.js';

export const SEGMENT_NAMES = ['wal-0', 'wal-1'] as const;
export type SegmentName = (typeof SEGMENT_NAMES)[number];

export interface LogFile {
  /** The bytes are durable when it settles. One call at a time. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

export interface LogFiles {
  /** What an error calls the file. */
  pathOf(name: SegmentName): string;
  /** Undefined if there is no such file. */
  read(name: SegmentName): Promise<Uint8Array | undefined>;
  /** Makes files of these names with these bytes and no others; they are durable when it settles. */
  create(names: readonly SegmentName[], bytes: Uint8Array): Promise<void>;
  open(name: SegmentName): Promise<LogFile>;
}

const SYNCS_AS_IT_WRITES = process.platform === 'linux';
const FLAGS = constants.O_RDWR | (SYNCS_AS_IT_WRITES ? constants.O_DSYNC : 0);

const openFile = promisify(open);
const syncFile = promisify(fdatasync);
const truncateFile = promisify(ftruncate);
const closeFile = promisify(close);

export function logFilesIn(directory: string): LogFiles {
  const pathOf = (name: SegmentName) => join(directory, name);
  return {
    pathOf,
    read: (name) => readIfPresent(pathOf(name)),
    create: async (names, bytes) => {
      for (const name of names) await createFile(pathOf(name), bytes);
      await syncDirectory(directory);
    },
    open: async (name) => new SyncedFile(await openFile(pathOf(name), FLAGS)),
  };
}

class SyncedFile implements LogFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) done += await this.#writeSome(bytes, done, position + done);
    if (!SYNCS_AS_IT_WRITES) await syncFile(this.#fd);
  }

  truncate(length: number): Promise<void> {
    return truncateFile(this.#fd, length);
  }

  close(): Promise<void> {
    return closeFile(this.#fd);
  }

  /** A call may write less than it is given. */
  #writeSome(bytes: Uint8Array, from: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#fd, bytes, from, bytes.length - from, position, (error, written) => {
        if (error === null) resolve(written);
        else reject(error);
      });
    });
  }
}

async function createFile(path: string, bytes: Uint8Array): Promise<void> {
  const file = await openHandle(path, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * One LMDB environment with a database per table, opened so that what is visible is durable, and its failures in the
 * words of the error registry. It knows the options of lmdb-js and nothing of snapshots or batches.
 */
import { constants } from 'node:os';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { CausewayError } from '../base/errors.js';
import { TABLES, type Table } from '../ports/storage.js';
import { ByteArena } from './byte-arena.js';
import { checkLmdbFile } from './lmdb-file.js';
import { eachTable } from './sorted-table.js';

export type LmdbTable = Database<Uint8Array, Uint8Array>;

export interface LmdbEnvironment {
  readonly root: RootDatabase<Uint8Array, Uint8Array>;
  readonly tables: Readonly<Record<Table, LmdbTable>>;
  /** What is no table of the port: the mark of a commit that had one. */
  readonly marks: LmdbTable;
  /** The one file that holds everything. */
  readonly file: string;
}

/** Address space, not memory or disk; lmdb-js maps the file anew, twice as large, if it ever outgrows this. */
const MAP_BYTES = 64 * 1024 * 1024 * 1024;
/** Each state of the store that somebody still reads takes one slot of 64 bytes. */
const READER_SLOTS = 1_024;
/** Writes start at the end of the turn and never earlier: see `lmdb-writer.ts`. */
const NEVER_START_EARLY = 2 ** 30;
/** The database beside the tables. */
const MARKS = 'checkpoint';
const { EACCES, EPERM, EROFS } = constants.errno;
const NO_PERMISSION: ReadonlySet<string | number> = new Set([EACCES, EPERM, EROFS, 'EACCES', 'EPERM', 'EROFS']);

/**
 * @throws CausewayError `data-dir-corrupt`, `invalid-config` (no permission) or `storage-failed`
 */
export function openLmdbEnvironment(directory: string, mapBytes: number = MAP_BYTES): LmdbEnvironment {
  const file = join(directory, 'data.mdb');
  try {
    checkLmdbFile(file);
    const root = open<Uint8Array, Uint8Array>({
      path: directory,
      // Left out, a directory with a dot in its name is taken for a file.
      noSubdir: false,
      keyEncoding: 'binary',
      encoding: 'binary',
      compression: false,
      maxDbs: TABLES.length + 1,
      maxReaders: READER_SLOTS,
      mapSize: mapBytes,
      // With the default a commit is visible long before it is flushed.
      overlappingSync: false,
      commitDelay: 0,
      eventTurnBatching: false,
      ...{ txnStartThreshold: NEVER_START_EARLY },
    });
    return { root, ...openDatabases(root), file };
  } catch (error) {
    throw openFailure(error, file);
  }
}

/** In one transaction: a new environment then costs one flush, not one for each table. */
function openDatabases(root: RootDatabase<Uint8Array, Uint8Array>): Pick<LmdbEnvironment, 'tables' | 'marks'> {
  return root.transactionSync(() => {
    const open = (name: string) => root.openDB<Uint8Array, Uint8Array>({ name, ...byteCodecs() });
    return { tables: eachTable(open), marks: open(MARKS) };
  }, 2);
}

/** lmdb-js lends buffers that its next read overwrites; what these give out are copies. */
function byteCodecs() {
  const keys = new ByteArena();
  const values = new ByteArena();
  return {
    encoding: 'binary',
    keyEncoder: {
      writeKey(key: Uint8Array, target: Uint8Array, start: number): number {
        target.set(key, start);
        return start + key.length;
      },
      readKey: (source: Uint8Array, start: number, end: number): Uint8Array => keys.copy(source, start, end),
    },
    encoder: {
      encode: (value: Uint8Array): Uint8Array => value,
      decode: (source: Uint8Array): Uint8Array => values.copy(source, 0, source.length),
    },
  } as const;
}

/** What a failure of lmdb-js says, with the code of LMDB or of the system. */
export function lmdbReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  return code === undefined ? error.message : `${error.message} (${code})`;
}

function openFailure(error: unknown, file: string): CausewayError {
  if (error instanceof CausewayError) return error;
  const code = codeOf(error);
  if (typeof code === 'number' && code < 0) {
    return new CausewayError('data-dir-corrupt', `${file} is damaged: ${lmdbReason(error)}.`);
  }
  if (code !== undefined && NO_PERMISSION.has(code)) {
    return new CausewayError('invalid-config', `${file} cannot be opened for writing: ${lmdbReason(error)}.`);
  }
  return new CausewayError('storage-failed', `${file} cannot be opened: ${lmdbReason(error)}.`);
}

/** LMDB's own codes are negative; the system's are positive from LMDB and names from Node. */
function codeOf(error: unknown): string | number | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' || typeof error.code === 'number' ? error.code : undefined;
}

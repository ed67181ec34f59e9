/**
 * Opens a replica's data directory for this process alone.
 *
 * The lock is a directory, `replica.lock`, with one empty file for each process that wants it, named after that
 * process. Who has put its name there and then sees no other living one holds the lock: of two that come at once at
 * least one sees the other. Names are never used again, so removing that of a dead process cannot hit anybody else.
 */
import { randomBytes } from 'node:crypto';
import { open, readdir, stat, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { CausewayError } from '../base/errors.js';
import { makeFolder } from './make-folder.js';
import { lookUpProcess, processIdentity } from './process-identity.js';

const LOCK_NAME = 'replica.lock';
/** A later rival gives way within this, unless it holds the lock, which takes a clock that was set back. */
const RIVAL_CHECKS = 50;
const RIVAL_CHECK_INTERVAL_MS = 20;

export interface DataDirectory {
  /** Absolute. */
  readonly path: string;
  /** Lets others open it. May be called again. */
  close(): Promise<void>;
}

interface Rival {
  readonly name: string;
  readonly pid: number;
}

/**
 * Creates the directory if need be, with access for its owner only.
 *
 * @throws CausewayError `data-dir-in-use` or `invalid-config`
 */
export async function openDataDirectory(given: string): Promise<DataDirectory> {
  const path = resolve(given);
  const lock = join(path, LOCK_NAME);
  const name = claimName();
  try {
    makeFolder(lock, 0o700);
    await (await open(join(lock, name), 'wx', 0o600)).close();
  } catch (error) {
    throw await unusable(path, error);
  }
  const close = () => remove(join(lock, name));
  const rival = await rivalThatStays(lock, name);
  if (rival === undefined) return { path, close };
  await close();
  throw inUse(path, rival.pid);
}

/** Sorts by time, so that of two processes it is the later that gives way. */
function claimName(): string {
  const time = Date.now().toString(36).padStart(9, '0');
  return `${time}.${processIdentity(process.pid)}.${randomBytes(6).toString('hex')}`;
}

async function rivalThatStays(lock: string, name: string): Promise<Rival | undefined> {
  for (let check = 1; ; check += 1) {
    const rivals = await livingRivals(lock, name);
    const earliest = rivals[0];
    if (earliest === undefined || earliest.name < name || check === RIVAL_CHECKS) return earliest;
    await sleep(RIVAL_CHECK_INTERVAL_MS);
  }
}

async function livingRivals(lock: string, name: string): Promise<Rival[]> {
  const rivals: Rival[] = [];
  for (const other of (await readdir(lock)).sort()) {
    const named = lookUpProcess(other.split('.')[1] ?? '');
    if (other === name || named === undefined) continue;
    if (named.alive) rivals.push({ name: other, pid: named.pid });
    else await remove(join(lock, other));
  }
  return rivals;
}

async function remove(claim: string): Promise<void> {
  try {
    await unlink(claim);
  } catch (error) {
    // Somebody else who found it dead was quicker, or the whole directory is gone.
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

function inUse(path: string, pid: number): CausewayError {
  const who = pid === process.pid ? 'open in this process already' : 'in use by another process';
  return new CausewayError('data-dir-in-use', `The data directory ${path} is ${who} (pid ${pid}).`);
}

async function unusable(path: string, error: unknown): Promise<CausewayError> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) {
    return new CausewayError('invalid-config', `The data directory ${path} is not a directory.`);
  }
  const reason = error instanceof Error ? error.message : String(error);
  const what = found === undefined ? 'cannot be created' : 'cannot be written to';
  return new CausewayError('invalid-config', `The data directory ${path} ${what}: ${reason}.`);
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

/**
 * `causeway lock run`: a command under a lock. It runs while the lease lasts and not a moment longer, as far as that can
 * be seen from here: the command is killed when the lease is lost. What it does late nevertheless is refused where it
 * carries the fencing token, which it finds in its environment.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createClient } from '../../client/client.js';
import type { Lock } from '../../client/locks.js';
import type { ConnectionOptions } from '../client-call.js';
import { EXIT } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import { stopSignal } from '../stop-signal.js';
import type { Terminal } from '../terminal.js';
import { type AcquireOptions, ownerOf } from './leases.js';

export type LockRunOptions = Omit<AcquireOptions, keyof ConnectionOptions> & ConnectionOptions;

/** How long a command may take to end after SIGTERM before it is killed. */
const GRACE_MS = 5_000;

/** @returns the exit code of the command; 128 and the number of the signal if one ended it */
export async function lockRun(
  terminal: Terminal,
  name: string,
  command: readonly string[],
  options: LockRunOptions,
): Promise<number> {
  if (options.curl) {
    throw new CommandFailure('a lock that is kept is more than one request', 'See `lock acquire --curl`.', EXIT.usage);
  }
  const client = createClient({
    urls: options.url,
    token: options.token,
    ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
  });
  const terms = { owner: ownerOf(options), ttlMs: options.ttl, waitMs: options.wait, signal: stopSignal() };
  return await client.locks.withLock(name, terms, (lock, signal) => runUnder(terminal, lock, command, signal));
}

async function runUnder(
  terminal: Terminal,
  lock: Lock,
  [program = '', ...args]: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const fence = `${encodeURIComponent(lock.name)}=${lock.fencingToken}`;
  const child = spawn(program, args, {
    stdio: 'inherit',
    env: { ...terminal.env, CAUSEWAY_FENCING_TOKEN: fence },
  });
  let killTimer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    killTimer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    const [code, endedBy] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + (endedBy === null ? 0 : constants.signals[endedBy]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`${program} cannot be run: ${reason}`, 'The lock was released.', EXIT.usage);
  } finally {
    clearTimeout(killTimer);
    signal.removeEventListener('abort', stop);
  }
}

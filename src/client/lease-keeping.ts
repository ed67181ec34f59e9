/**
 * Work done under a lease: the lease is renewed every third of its time, and the work is told as soon as the lease is
 * lost or may be. A lease that cannot be renewed counts as lost when its time is over by this machine's monotonic clock.
 */
import { isRefusal } from './api-error.js';
import { LeaseLostError } from './errors.js';
import type { Lease } from './lease.js';
import type { Runtime } from './runtime.js';
import type { Answer } from './types.js';

/** How a lease is ended: `release` of locks, `resign` of leaders. */
export type EndLease = () => Promise<Answer>;

/**
 * Runs `task` while the lease lasts and ends the lease with it, whatever becomes of the task. Its signal aborts with a
 * LeaseLostError, or with the reason of `outer`. Waits for the task to end even then.
 * @throws what the task throws; LeaseLostError if the task succeeded but the lease had ended before.
 */
export async function whileHeld<T, L extends Lease>(
  runtime: Runtime,
  lease: L,
  end: EndLease,
  task: (lease: L, signal: AbortSignal) => Promise<T> | T,
  outer: AbortSignal | undefined,
): Promise<T> {
  await secure(lease, end);
  const done = new AbortController();
  const lost = new AbortController();
  const signals = outer === undefined ? [lost.signal] : [lost.signal, outer];
  const renewing = keepRenewing(runtime, lease, done.signal).then((loss) => {
    if (loss !== undefined) lost.abort(loss);
  });
  let result: T;
  try {
    result = await task(lease, AbortSignal.any(signals));
  } catch (error) {
    await endRenewing(done, renewing);
    // The task's own error is the one to know; a lease that cannot be ended now ends by itself.
    if (!lost.signal.aborted) await end().catch(() => undefined);
    throw error;
  }
  await endRenewing(done, renewing);
  if (lost.signal.aborted) throw lost.signal.reason;
  await settle(lease, end);
  return result;
}

/** After a wait in the queue nobody here knows how much of the lease is left: begin with a whole one. */
async function secure(lease: Lease, end: EndLease): Promise<void> {
  if (lease.remainingMs >= (2 * lease.ttlMs) / 3) return;
  try {
    await lease.renew();
  } catch (error) {
    await end().catch(() => undefined);
    throw error;
  }
}

/** Resolves with the loss, or with nothing once `done` is aborted. */
async function keepRenewing(runtime: Runtime, lease: Lease, done: AbortSignal): Promise<LeaseLostError | undefined> {
  const intervalMs = lease.ttlMs / 3;
  let pauseMs = Math.max(0, lease.remainingMs - 2 * intervalMs);
  let failure: unknown;
  while (!done.aborted) {
    try {
      await runtime.sleep(pauseMs, done);
      if (lease.remainingMs === 0) break;
      await lease.renew({ timeoutMs: lease.remainingMs, signal: done });
      pauseMs = intervalMs;
    } catch (error) {
      failure = error;
      if (isRefusal(error, 'fenced')) break;
      pauseMs = Math.min(intervalMs / 4, lease.remainingMs);
    }
  }
  return done.aborted ? undefined : new LeaseLostError(lease.name, lease.fencingToken, failure);
}

async function endRenewing(done: AbortController, renewing: Promise<void>): Promise<void> {
  done.abort();
  await renewing;
}

/** The answer to the end of the lease is the last word on whether it was held until then. */
async function settle(lease: Lease, end: EndLease): Promise<void> {
  try {
    await end();
  } catch (error) {
    // Nobody answers: the lease still lasts by our own clock, so the work was done in its time. It will end by itself.
    if (!isRefusal(error, 'fenced') && lease.remainingMs > 0) return;
    throw new LeaseLostError(lease.name, lease.fencingToken, error);
  }
}

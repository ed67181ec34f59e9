/** Time that passes, unless something ends before. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves early when the signal aborts; the caller looks at it. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

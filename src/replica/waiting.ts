/** How one request waits: until somebody settles it, its time is over, or its client is gone. */
import { CausewayError } from '../base/errors.js';
import type { Time } from '../ports/time.js';
import type { CallerSignal } from './request-types.js';

/** Ends a wait, once: well, or with an error. */
export type Settle = (error?: CausewayError) => void;

export interface WaitTerms {
  readonly time: Time;
  readonly timeoutMs: number;
  readonly signal: CallerSignal | undefined;
  /** What the wait fails with when its time is over. */
  readonly late: () => CausewayError;
}

/**
 * `enter` lists the request among those that wait, to be settled; it returns what takes it off again, which is called
 * however the wait ends. @throws what it is settled with or `late` makes; `causal-wait-timeout` if the client is gone
 */
export function waitUntilSettled(terms: WaitTerms, enter: (settle: Settle) => () => void): Promise<void> {
  const { time, timeoutMs, signal, late } = terms;
  if (signal?.aborted === true) return Promise.reject(goneClient());
  return new Promise((resolve, reject) => {
    const settle: Settle = (error) => {
      leave();
      cancelTimer();
      signal?.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = () => settle(goneClient());
    const cancelTimer = time.after(timeoutMs, () => settle(late()));
    signal?.addEventListener('abort', onAbort, { once: true });
    const leave = enter(settle);
  });
}

/** Nobody reads this; it ends the request, of which nothing was applied. */
export function goneClient(): CausewayError {
  return new CausewayError('causal-wait-timeout', 'the client stopped waiting');
}

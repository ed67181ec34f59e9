/** What the client takes from the machine it runs on, in one place, so that a test can own time and chance. */

export interface Runtime {
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds from an arbitrary start, never decreasing. */
  nowMs(): number;
  /** Milliseconds since 1970, to read a `Retry-After` date by. */
  wallMs(): number;
  /** Uniform in [0, 1), for jitter. */
  random(): number;
  /** A fresh `Idempotency-Key`: 128 random bits. */
  uniqueKey(): string;
  /** Rejects with the reason of `signal` as soon as it is aborted. */
  sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void>;
}

export function systemRuntime(fetch: typeof globalThis.fetch = globalThis.fetch.bind(globalThis)): Runtime {
  return {
    fetch,
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    random: Math.random,
    uniqueKey,
    sleep,
  };
}

/** `getRandomValues` rather than `randomUUID`: browsers offer the latter on secure origins only. */
function uniqueKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function sleep(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

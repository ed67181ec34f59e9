/** What the parts of the client share: its settings and the seam between calls and sessions. Shapes only. */
import type { Endpoints } from './endpoints.js';
import type { RetryPolicy } from './retry.js';
import type { Runtime } from './runtime.js';
import type { Level } from './types.js';

/** What all calls of a client share. */
export interface ClientCore {
  readonly runtime: Runtime;
  readonly endpoints: Endpoints;
  readonly policy: RetryPolicy;
  readonly level: Level;
  readonly timeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly maxResponseBytes: number;
  readonly bearer: string | undefined;
  readonly idempotency: 'auto' | 'off';
}

/** Where causal tokens come from and go to. */
export interface TokenMemory {
  readonly token: string | undefined;
  /** False where tokens are not kept, so that none is missed. */
  readonly isKept: boolean;
  /** Take in the token of an answer to a request that carried `sent`. False if what is held cannot be kept with it. */
  observe(received: string, sent: string | undefined): boolean;
  /** Take in the token of a refusal, as far as it can be read. */
  glean(received: string): void;
}

/** What all routes of one app share. */
import type { Replica } from '../replica/handle.js';
import type { AuthTokens } from './auth.js';
import type { TokenCache } from './token-cache.js';
import type { Traffic } from './traffic.js';

/** Something worth a line in the replica's log, as data. */
export interface ApiEvent {
  readonly name: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly facts?: Readonly<Record<string, unknown>>;
}

export type ApiLogger = (event: ApiEvent) => void;

export interface Service {
  readonly replica: Replica;
  readonly traffic: Traffic;
  /** Undefined: everybody may do everything. */
  readonly authTokens: AuthTokens | undefined;
  readonly logger: ApiLogger;
  /** A broken invariant was met. It must end the process, once the answer has left. */
  readonly onBrokenInvariant: (error: unknown) => void;
  readonly tokens: TokenCache;
  /** Token of a session that has seen nothing: what an answer carries that depends on nothing. */
  readonly emptyToken: string;
  /** Each ends a stream that is still being written. */
  readonly streams: Set<() => void>;
  /** Set when the app begins to close: from then on connections end with their answer. */
  closing: boolean;
}

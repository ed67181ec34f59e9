/** What a lab and its guard process say to each other. */
import type { NatsServerOptions } from '../adapters/nats-server-process.js';

/** Where a server runs and whom it joins. */
export type ServerPlace = Pick<NatsServerOptions, 'launcher' | 'host' | 'serverName' | 'cluster'>;

export type BrokerOrder =
  | { readonly kind: 'binary'; readonly path: string; readonly place?: ServerPlace }
  | { readonly kind: 'embedded' };

/** A program and its arguments. */
export type Command = readonly [program: string, ...args: string[]];

export type GuardOrder =
  /** `port` 0 lets the system choose. */
  | { readonly kind: 'start-broker'; readonly name: string; readonly broker: BrokerOrder; readonly port: number }
  /** Ends it as a crash would. */
  | { readonly kind: 'stop-broker'; readonly name: string }
  /** A process that must not outlive the lab. */
  | { readonly kind: 'watch'; readonly pid: number }
  | { readonly kind: 'unwatch'; readonly pid: number }
  /** To be run at the end, after all processes have ended, those that were told last first. */
  | { readonly kind: 'undo'; readonly command: Command };

export interface BrokerStarted {
  readonly kind: 'broker-started';
  readonly url: string;
  readonly port: number;
  /** Where other servers of its cluster reach it. */
  readonly routeUrl: string | undefined;
  readonly pid: number | undefined;
}

export type GuardReport =
  | BrokerStarted
  | { readonly kind: 'broker-stopped' }
  | { readonly kind: 'broker-failed'; readonly code: string; readonly detail: string }
  /** It ended although nobody asked it to. */
  | { readonly kind: 'broker-died'; readonly lastLine: string };

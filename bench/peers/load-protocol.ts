/** What the measurement orders of its load generator, and what it gets back; plain values, sent between processes. */
import type { Address } from '../load/client-socket.js';
import type { Operation } from '../load/operations.js';
import type { ClientKind } from './system.js';

interface Common {
  readonly client: ClientKind;
  readonly clients: number;
  readonly keys: number;
  readonly valueBytes: number;
}

export type LoadOrder =
  /** Write every key at `writeTo`, then wait until each can be read at all of `readAt`. */
  | (Common & { readonly kind: 'fill'; readonly writeTo: Address; readonly readAt: readonly Address[] })
  | (Common & {
      readonly kind: 'run';
      readonly operation: Operation;
      /** Clients take these in turn. */
      readonly addresses: readonly Address[];
      readonly warmUpMs: number;
      readonly measureMs: number;
      readonly seed: number;
    });

export interface LoadReport {
  readonly operations: number;
  readonly refused: number;
  /** The first refusal, as the server put it. */
  readonly refusal?: string;
  readonly opsPerSecond: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  /** What the load generator used of one processor: near 1 it, and not the system, sets the pace. */
  readonly generatorCpu: number;
  /** Processors that the servers kept busy, brokers included: 1.5 is one and a half. */
  readonly serverCpu: number;
}

export type LoadAnswer =
  | { readonly kind: 'filled' }
  | { readonly kind: 'measured'; readonly report: LoadReport }
  | { readonly kind: 'failed'; readonly reason: string };

/** The trace port: what happened, as data. Logs, metrics and checkers are made of these events. */

export type TraceLevel = 'debug' | 'info' | 'warn' | 'error';

export interface TraceEvent {
  /** Stable name, `area.event`, e.g. `plane.snapshot-installed`. */
  readonly name: string;
  readonly level: TraceLevel;
  readonly facts?: Readonly<Record<string, unknown>>;
}

export type Trace = (event: TraceEvent) => void;

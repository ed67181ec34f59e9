/** Trace events as log lines on standard error: one line each, for people or for programs. */
import type { Trace, TraceEvent, TraceLevel } from '../ports/trace.js';
import { printable } from './table.js';

export type LogFormat = 'text' | 'json';

const SEVERITY: Readonly<Record<TraceLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** @param write gets whole lines. */
export function logTo(write: (line: string) => void, format: LogFormat, least: TraceLevel): Trace {
  return (event) => {
    if (SEVERITY[event.level] < SEVERITY[least]) return;
    const time = new Date().toISOString();
    write(`${format === 'json' ? jsonLine(event, time) : textLine(event, time)}\n`);
  };
}

function jsonLine({ name, level, facts }: TraceEvent, time: string): string {
  return JSON.stringify({ time, level, event: name, ...facts });
}

function textLine({ name, level, facts = {} }: TraceEvent, time: string): string {
  const shown = Object.entries(facts).map(([key, value]) => `${key}=${textOf(value)}`);
  return [time.slice(11), level.padEnd(5), name, ...shown].join(' ');
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? String(value);
  return /^[^\s"=]+$/.test(value) ? printable(value) : JSON.stringify(value);
}

/** Durations as people write them: `250ms`, `30s`, `5m`, `1.5h`; a bare number is milliseconds. */
import { CausewayError } from '../../base/errors.js';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Whole milliseconds. @throws CausewayError `invalid-config` on anything else, and outside `[minMs, maxMs]`. */
export function parseDuration(text: string, minMs = 0, maxMs: number = Number.MAX_SAFE_INTEGER): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim());
  if (match === null) throw invalid(text, 'write it as 250ms, 30s, 5m or 1.5h');
  const ms = Math.round(Number(match[1]) * (UNIT_MS[match[2] ?? 'ms'] ?? 1));
  if (ms < minMs) throw invalid(text, `it must be at least ${formatDuration(minMs)}`);
  if (ms > maxMs) throw invalid(text, `it may be at most ${formatDuration(maxMs)}`);
  return ms;
}

/** The same, in the largest unit that leaves a short number. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${round(ms / 1_000)} s`;
  if (ms < 3_600_000) return `${round(ms / 60_000)} min`;
  return `${round(ms / 3_600_000)} h`;
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function invalid(text: string, advice: string): CausewayError {
  return new CausewayError('invalid-config', `"${text}" is not a duration that can be used here: ${advice}`);
}

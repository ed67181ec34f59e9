/** Strikes a lab with one fault after the other. Each is undone before the next, so that a majority can always form. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../cluster.js';
import { Draw } from './draw.js';
import { type FaultName, strike } from './faults.js';

export interface NemesisOptions {
  readonly lab: Lab;
  readonly seed: number;
  /** All of them in an order of the seed, then all of them in another. */
  readonly faults: readonly FaultName[];
  /** How long a fault lasts, and the time between two. */
  readonly lastsMs: number;
  readonly restMs: number;
  readonly signal: AbortSignal;
  /** Told of each as it happens. */
  readonly report?: (strike: FaultSpan) => void;
}

export interface FaultSpan {
  readonly fault: FaultName;
  readonly replica: string;
  /** Since the nemesis began. */
  readonly atMs: number;
}

/** Until the signal aborts; leaves the cluster whole. Returns what it did. */
export async function torment(options: NemesisOptions): Promise<readonly FaultSpan[]> {
  const { lab, faults, lastsMs, restMs, signal } = options;
  const draw = new Draw(options.seed);
  const startedMs = performance.now();
  const spans: FaultSpan[] = [];
  const order: FaultName[] = [];
  while (faults.length > 0 && !signal.aborted) {
    if (order.length === 0) order.push(...draw.shuffled(faults));
    const atMs = Math.round(performance.now() - startedMs);
    const { fault, replica, undo } = await strike(lab, order.shift() as FaultName, draw);
    const span = { fault, replica, atMs };
    spans.push(span);
    options.report?.(span);
    await pause(lastsMs, signal);
    await undo();
    await pause(restMs, signal);
  }
  await lab.settled();
  return spans;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Woken early: the caller looks at the signal.
  }
}

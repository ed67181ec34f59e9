/** Tells of messages that were dropped while connected, at most once a second for each reason, with their number. */
import type { Trace } from '../ports/trace.js';

export type DropReason = 'over-max-payload' | 'backlog-full';

interface Tally {
  messages: number;
  largestBytes: number;
  nextReportMs: number;
}

const REPORT_INTERVAL_MS = 1_000;

export class DropReport {
  readonly #trace: Trace;
  readonly #tallies = new Map<DropReason, Tally>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  add(reason: DropReason, bytes: number): void {
    const tally = this.#tallies.get(reason) ?? { messages: 0, largestBytes: 0, nextReportMs: 0 };
    this.#tallies.set(reason, tally);
    tally.messages += 1;
    tally.largestBytes = Math.max(tally.largestBytes, bytes);
    const nowMs = performance.now();
    if (nowMs < tally.nextReportMs) return;
    const facts = { reason, messages: tally.messages, largestBytes: tally.largestBytes };
    this.#trace({ name: 'transport.dropped', level: 'warn', facts });
    this.#tallies.set(reason, { messages: 0, largestBytes: 0, nextReportMs: nowMs + REPORT_INTERVAL_MS });
  }
}

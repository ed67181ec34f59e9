/** What can be seen of a comparison while it runs: how much is served at each level, as lines that grow. */

import type { Recorder } from '../lab/compare/recorder.js';
import type { PhaseRun } from '../lab/compare/results.js';
import type { Begun } from '../lab/compare/run.js';
import { sparklines } from './compare-table.js';
import type { Terminal } from './terminal.js';

const REDRAW_MS = 500;

/** Where nobody watches, the lines come once, when the phase is over. */
export class PhaseProgress {
  readonly #terminal: Terminal;
  #redrawing: NodeJS.Timeout | undefined;
  #linesDrawn = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  began({ phase, what, startMs, recorder }: Begun): void {
    this.#terminal.err(`${phase.name} for ${(phase.durationMs / 1_000).toFixed(0)} s: ${what}\n`);
    if (!this.#terminal.isLive) return;
    const span = { startMs, endMs: startMs + phase.durationMs };
    this.#redrawing = setInterval(() => this.#draw(sparklines(span, recorder.measured)), REDRAW_MS);
    // A comparison that fails ends, whoever watches.
    this.#redrawing.unref();
  }

  ended(phase: PhaseRun, { measured }: Recorder): void {
    clearInterval(this.#redrawing);
    this.#draw(sparklines(phase, measured));
    this.#linesDrawn = 0;
  }

  /** Over what was drawn before of the same phase. */
  #draw(lines: string): void {
    const up = this.#linesDrawn === 0 ? '' : `\u001b[${this.#linesDrawn}F\u001b[J`;
    this.#terminal.err(`${up}${lines}`);
    this.#linesDrawn = lines.split('\n').length - 1;
  }
}

/** Strikes a lab with one fault after the other. Each is undone before the next, so that a majority can always form. */
import type { Lab } from '../cluster.js';
import { Draw } from './draw.js';
import { type FaultName, type Struck, strike } from './faults.js';
import { pause } from './pause.js';

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

/** What strikes a lab, one fault at a time. The same seed chooses the same faults in the same order. */
export class Nemesis {
  readonly #options: Pick<NemesisOptions, 'lab' | 'faults' | 'report'>;
  readonly #draw: Draw;
  readonly #startedMs = performance.now();
  readonly #spans: FaultSpan[] = [];
  readonly #order: FaultName[] = [];

  constructor(options: Pick<NemesisOptions, 'lab' | 'seed' | 'faults' | 'report'>) {
    this.#options = options;
    this.#draw = new Draw(options.seed);
  }

  /** What it has done so far. */
  get spans(): readonly FaultSpan[] {
    return this.#spans;
  }

  /** The caller undoes it before the next. There must be faults to choose from. */
  async strikeNext(): Promise<Struck> {
    const { lab, faults, report } = this.#options;
    if (this.#order.length === 0) this.#order.push(...this.#draw.shuffled(faults));
    const atMs = Math.round(performance.now() - this.#startedMs);
    const struck = await strike(lab, this.#order.shift() as FaultName, this.#draw);
    const span = { fault: struck.fault, replica: struck.replica, atMs };
    this.#spans.push(span);
    report?.(span);
    return struck;
  }
}

/** Until the signal aborts; leaves the cluster whole. Returns what it did. */
export async function torment(options: NemesisOptions): Promise<readonly FaultSpan[]> {
  const { lab, faults, lastsMs, restMs, signal } = options;
  const nemesis = new Nemesis(options);
  while (faults.length > 0 && !signal.aborted) {
    const { undo } = await nemesis.strikeNext();
    await pause(lastsMs, signal);
    await undo();
    await pause(restMs, signal);
  }
  await lab.settled();
  return nemesis.spans;
}

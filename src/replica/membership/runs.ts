/**
 * How far each incarnation has said it is, run by run. What a run says of itself is durable, so a later run that is
 * behind an earlier one has the data of before: an old copy, whose vote and log are not what was promised by them.
 * Messages overtake each other, so a run is compared only with runs that were heard of before it.
 */
import type { Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';

/** Durable, and never less in any later run. */
export interface Position {
  /** Of the total order. */
  readonly term: number;
  /** Last entry known to be committed. */
  readonly commit: number;
}

interface Run {
  readonly boot: number;
  /** Of all earlier runs. */
  readonly before: Position;
  reached: Position;
}

const NOWHERE: Position = { term: 0, commit: 0 };
const RUNS_KEPT = 8;

export class Runs {
  readonly #runs = new Map<Origin, Run[]>();

  /** True if the run `boot` of `origin` says less than an earlier one has. */
  isOutdated(origin: Origin, boot: number, position: Position): boolean {
    const runs = this.#runs.get(origin) ?? this.#remember(origin);
    let run = runs.find((known) => known.boot === boot);
    if (run === undefined) {
      const before = runs.reduce((furthest, { reached }) => further(furthest, reached), runs.at(-1)?.before ?? NOWHERE);
      run = { boot, before, reached: NOWHERE };
      runs.push(run);
      if (runs.length > RUNS_KEPT) runs.shift();
    }
    run.reached = further(run.reached, position);
    return position.term < run.before.term || position.commit < run.before.commit;
  }

  #remember(origin: Origin): Run[] {
    const runs: Run[] = [];
    this.#runs.set(origin, runs);
    const oldest = this.#runs.keys().next();
    if (this.#runs.size > LIMITS.vectorMaxEntries && oldest.done !== true) this.#runs.delete(oldest.value);
    return runs;
  }
}

function further(a: Position, b: Position): Position {
  return { term: Math.max(a.term, b.term), commit: Math.max(a.commit, b.commit) };
}

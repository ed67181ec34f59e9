/** What became of a proof: what was recorded, and what the checkers say of it. */
import type { HistoryRecord } from '../../check/history/record.js';
import { type Judgement, judge } from '../../check/judge.js';
import type { History, Tally } from '../workload/history.js';
import { judgeRounds } from './rounds.js';

export interface Run {
  readonly history: History;
  readonly tally: Tally;
  /** What was wrong although no checker looks for it: a replica that ended, a cluster that did not converge. */
  readonly troubles: readonly string[];
  /** Figures of the run in the order they are shown. */
  readonly facts: Readonly<Record<string, number | string>>;
  /** Parts of the history, one after the other, that have no key in common. Without them it is judged as one. */
  readonly rounds?: readonly (readonly HistoryRecord[])[];
}

export interface Outcome extends Run {
  readonly judgements: readonly Judgement[];
}

/** Takes a while: the checkers search. */
export function judged(run: Run): Outcome {
  const { history, rounds } = run;
  return { ...run, judgements: rounds === undefined ? judge(history.records) : judgeRounds(history.records, rounds) };
}

/** Leaders changed, and clients were refused and left without an answer: there was something to withstand. */
export function wasTrying(tally: Tally, terms: number): boolean {
  const counts = Object.values(tally);
  return terms > 1 && counts.some(({ fail }) => fail > 0) && counts.some(({ info }) => info > 0);
}

/** Sound: every promise held, and everything was decided. */
export function isSound({ judgements, troubles }: Outcome): boolean {
  return troubles.length === 0 && judgements.every(({ verdict }) => verdict.kind === 'ok');
}

/** 0 if all of them are sound, 1 if something did not hold, 2 if no more is wrong than that a checker could not decide. */
export function exitCode(outcomes: readonly Outcome[]): 0 | 1 | 2 {
  if (outcomes.every(isSound)) return 0;
  const verdicts = outcomes.flatMap(({ judgements }) => judgements.map(({ verdict }) => verdict.kind));
  return verdicts.includes('violated') || outcomes.some(({ troubles }) => troubles.length > 0) ? 1 : 2;
}

/**
 * Verdicts on a long history by its rounds. A round has keys of its own, and nobody asks for anything between two rounds:
 * what orders two operations on keys of one round happened in it, so the verdicts on all rounds are the verdict on the whole,
 * and no checker has to keep all of it in mind. Locks, sequences and claims outlast rounds, and are judged at once.
 */
import type { HistoryRecord } from '../../check/history/record.js';
import { type Judgement, judge, MODELS, type Model } from '../../check/judge.js';
import type { Verdict } from '../../check/verdict.js';

const OF_KEYS: readonly Model[] = ['linearizable', 'causal', 'session', 'convergence'];

export function judgeRounds(
  whole: readonly HistoryRecord[],
  rounds: readonly (readonly HistoryRecord[])[],
): readonly Judgement[] {
  const ofRounds = rounds.flatMap((round) => judge(round, OF_KEYS));
  const ofWhole = judge(
    whole,
    MODELS.filter((model) => !OF_KEYS.includes(model)),
  );
  return MODELS.map((model): Judgement => {
    const found = [...ofRounds, ...ofWhole].filter((judgement) => judgement.model === model);
    return { model, verdict: joined(found.map(({ verdict }) => verdict)), notes: notesOf(found) };
  });
}

/** What is noted of every round is said once; of what is not, in how many rounds it was. */
function notesOf(found: readonly Judgement[]): readonly string[] {
  const rounds = new Map<string, number>();
  for (const note of found.flatMap(({ notes }) => notes)) rounds.set(note, (rounds.get(note) ?? 0) + 1);
  return [...rounds]
    .map(([note, n]) => (n === found.length ? note : `${note} in ${n} of ${found.length} rounds`))
    .sort();
}

/** Violated if one is; known only if all are. */
function joined(verdicts: readonly Verdict[]): Verdict {
  const judged = verdicts.reduce((sum, verdict) => sum + verdict.judged, 0);
  const violated = verdicts.flatMap((verdict) => (verdict.kind === 'violated' ? [verdict] : []));
  if (violated.length > 0) {
    const violations = violated.flatMap((verdict) => verdict.violations);
    return { kind: 'violated', judged, violations, found: violated.reduce((sum, { found }) => sum + found, 0) };
  }
  const unknown = verdicts.find((verdict) => verdict.kind === 'unknown');
  return unknown === undefined ? { kind: 'ok', judged } : { ...unknown, judged };
}

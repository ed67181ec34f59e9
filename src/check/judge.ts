/** All checkers under the names that `causeway check --model` has for them. */
import { analyseCausality, type CausalAnalysis, strongerModels } from './causal/analysis.js';
import { checkCausalConsistency } from './causal-consistency.js';
import { checkClaims } from './claims.js';
import { checkConvergence } from './convergence.js';
import type { HistoryRecord } from './history/record.js';
import { checkLinearizability } from './linearizability.js';
import { checkLocks } from './locks.js';
import { checkSequences } from './sequences.js';
import { checkSessionGuarantees } from './session-guarantees.js';
import type { Verdict } from './verdict.js';

export const MODELS = ['linearizable', 'causal', 'session', 'lock', 'sequence', 'claim', 'convergence'] as const;

export type Model = (typeof MODELS)[number];

export interface Judgement {
  readonly model: Model;
  readonly verdict: Verdict;
  /** What is reported and not promised. */
  readonly notes: readonly string[];
}

export interface JudgeOptions {
  /** No notes: in a long history they take much longer than the verdicts. */
  readonly verdictsOnly?: boolean;
}

/** The verdicts of the models, in their order. */
export function judge(
  records: readonly HistoryRecord[],
  models: readonly Model[] = MODELS,
  { verdictsOnly = false }: JudgeOptions = {},
): readonly Judgement[] {
  let known: CausalAnalysis | undefined;
  const causality = (): CausalAnalysis => {
    known ??= analyseCausality(records);
    return known;
  };
  return models.map((model): Judgement => {
    if (model === 'causal') {
      const verdict = checkCausalConsistency(records, causality());
      return { model, verdict, notes: verdict.kind === 'ok' && !verdictsOnly ? strongerNotes(causality()) : [] };
    }
    const verdict = model === 'session' ? checkSessionGuarantees(records, causality()) : CHECKERS[model](records);
    return { model, verdict, notes: [] };
  });
}

const CHECKERS = {
  linearizable: (records: readonly HistoryRecord[]) => checkLinearizability(records),
  lock: checkLocks,
  sequence: checkSequences,
  claim: checkClaims,
  convergence: checkConvergence,
} as const;

const FOUND = { holds: 'holds', broken: 'does not hold', unknown: 'is not known: the history is too large' } as const;

function strongerNotes(analysis: CausalAnalysis): readonly string[] {
  const { convergence, memory } = strongerModels(analysis);
  return [`causal convergence (CCv) ${FOUND[convergence]}`, `causal memory (CM) ${FOUND[memory]}`];
}

/**
 * Small histories with a story each, and what every checker has to say of them. A checker shows its worth by what it
 * refuses: each rule is broken by at least one story, and only by the stories that say so.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyseCausality, strongerModels } from '../../../src/check/causal/analysis.js';
import { HistoryReader } from '../../../src/check/history/reader.js';
import { judge, MODELS, type Model } from '../../../src/check/judge.js';

interface Story {
  /** The file is `<history>.jsonl`. */
  readonly history: string;
  readonly story: string;
  /** Rules that are broken, by the checker that has to find it. The others are satisfied. */
  readonly violated: Readonly<Partial<Record<Model, readonly string[]>>>;
  /** Checkers that cannot decide. */
  readonly unknown?: readonly Model[];
  /** Models that are reported and not promised. */
  readonly stronger?: ReturnType<typeof strongerModels>;
}

const CORPUS = new URL('../../corpus/', import.meta.url);
const STORIES = JSON.parse(readFileSync(new URL('stories.json', CORPUS), 'utf8')) as readonly Story[];

describe('what every checker says of', () => {
  it.each(STORIES)('$history', ({ history, violated, unknown = [], stronger }) => {
    const reader = new HistoryReader(`${history}.jsonl`);
    const text = readFileSync(new URL(`${history}.jsonl`, CORPUS), 'utf8');
    const records = [...reader.push(text), ...reader.end()];
    const judgements = judge(records);
    const found = judgements.flatMap(({ model, verdict }) =>
      verdict.kind === 'violated' ? [[model, rulesOf(verdict.violations)] as const] : [],
    );
    expect(Object.fromEntries(found)).toEqual(violated);
    const undecided = judgements.flatMap(({ model, verdict }) => (verdict.kind === 'unknown' ? [model] : []));
    expect(undecided).toEqual(unknown);
    if (stronger !== undefined) expect(strongerModels(analyseCausality(records))).toEqual(stronger);
  });
});

describe('the corpus', () => {
  it('tells a story of each of its files', () => {
    const files = readdirSync(CORPUS).filter((name) => name.endsWith('.jsonl'));
    expect(files.sort()).toEqual(STORIES.map(({ history }) => `${history}.jsonl`).sort());
    for (const { story } of STORIES) expect(story).toMatch(/^[A-Z].{20,}\.$/);
    expect(STORIES.length).toBeGreaterThanOrEqual(40);
  });

  it('breaks every rule that the documentation lists, and no other', () => {
    const table = readFileSync(new URL('../../../docs/CHECKERS.md', import.meta.url), 'utf8').matchAll(
      /^\| `([a-z]+)` \|[^|]+\|([^|]+)\|$/gm,
    );
    const listed = [...table].map(([, model = '', rules = '']) => [
      model,
      [...rules.matchAll(/`([a-z-]+)`/g)].map(([, rule]) => rule),
    ]);
    const broken = MODELS.map(
      (model) => [model, new Set(STORIES.flatMap(({ violated }) => violated[model] ?? []))] as const,
    );
    expect(listed.map(([model]) => model)).toEqual(MODELS);
    expect(broken.map(([model, rules]) => [model, [...rules].sort()])).toEqual(
      listed.map(([model, rules]) => [model, [...(rules ?? [])].sort()]),
    );
  });
});

function rulesOf(violations: readonly { readonly rule: string }[]): readonly string[] {
  return [...new Set(violations.map(({ rule }) => rule))].sort();
}

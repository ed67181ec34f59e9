import type { Mutant } from './catalog.mjs';

export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly status: string;
  /** Of a test that failed: what it said. */
  readonly messages: readonly string[];
}

export type Verdict =
  | { readonly kind: 'caught'; readonly by: readonly TestResult[] }
  | { readonly kind: 'survived' }
  | { readonly kind: 'broken'; readonly output: string };

export class Workbench {
  constructor(signal?: AbortSignal);
  baseline(mutants: readonly Mutant[]): Promise<readonly string[]>;
  try(mutant: Mutant): Promise<Verdict>;
  remove(): void;
}

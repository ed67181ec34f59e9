import type { Mutant } from './catalog.mjs';

export interface TestError {
  readonly name: string;
  readonly message: string;
  readonly cause?: { readonly name: string; readonly message: string };
}

export interface TestResult {
  readonly file: string;
  readonly name: string;
  readonly status: string;
  /** Of a test that failed: what it said. */
  readonly errors: readonly TestError[];
}

export type Verdict =
  | { readonly kind: 'caught'; readonly by: readonly TestResult[] }
  | { readonly kind: 'survived' }
  | { readonly kind: 'broken'; readonly output: string };

export class Workbench {
  constructor(signal?: AbortSignal);
  baseline(mutants: readonly Mutant[]): Promise<readonly string[]>;
  try(mutant: Mutant, maxMs?: number): Promise<Verdict>;
  close(): void;
}

/** A deliberate bug, and the test that must notice it. */
export interface Mutant {
  /** Words with hyphens; what `--only` takes. */
  readonly name: string;
  /** What the code does wrong, as a sentence. */
  readonly says: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly search: string;
  readonly replace: string;
  readonly test: {
    /** From the root of the repository; a test that runs in one process. */
    readonly file: string;
    /** A part of the test's name that stands in the file as it is. */
    readonly name: string;
  };
}

export const MUTANTS: readonly Mutant[];

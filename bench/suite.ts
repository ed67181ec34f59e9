/**
 * What a bench is: named cases with a set-up. `bench/main.ts` times them with benny; the tests run each case once, so
 * that none can rot.
 */

export interface BenchCase {
  readonly name: string;
  /** Prepares state outside the timing; the returned function is one timed operation. */
  readonly setUp: () => (() => unknown) | Promise<() => unknown>;
  readonly tearDown?: () => void | Promise<void>;
}

export interface BenchSuite {
  readonly name: string;
  readonly cases: readonly BenchCase[];
}

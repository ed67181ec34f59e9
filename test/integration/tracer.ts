/** strace, which makes chosen system calls of a process fail, or kills it as it enters one. */
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { describe } from 'vitest';

/** Runs the program whose words follow; what is to go wrong is said by `-e inject=…` in between. */
export const TRACER: readonly string[] = ['strace', '-f', '-qq', '-o', '/dev/null'];

const [PROGRAM = '', ...OPTIONS] = TRACER;
const canTrace = spawnSync(PROGRAM, [...OPTIONS, process.execPath, '-v']).status === 0;

/** Tests that need the tracer: a machine may have none, or may not allow it. */
export function describeTraced(name: string, tests: () => void): void {
  if (!canTrace) process.stdout.write(`strace cannot be used here, so not tested: ${name}\n`);
  describe.runIf(canTrace)(name, tests);
}

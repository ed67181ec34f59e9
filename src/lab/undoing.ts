/** Undoes what a lab did to this machine outside its own folder, e.g. the network namespaces it made. */
import { runProgram } from '../adapters/run-program.js';
import type { Command } from './guard-protocol.js';

const TIMEOUT_MS = 5_000;

/** One after the other. What cannot be undone was undone before: nothing depends on the answer. */
export async function runUndoing(commands: readonly Command[]): Promise<void> {
  for (const [program, ...args] of commands) await runProgram(program, args, { timeoutMs: TIMEOUT_MS });
}

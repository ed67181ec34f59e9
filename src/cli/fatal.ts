/** How a process that serves ends when it no longer knows what it is doing, or may not go on. */
import process from 'node:process';
import type { Trace } from '../ports/trace.js';
import { EXIT } from './exit-codes.js';
import { describeFailure } from './failure.js';
import type { Terminal } from './terminal.js';

/**
 * From now on every error that nobody catches ends the process, as does what is returned: it says why, once - a bug by
 * its stack in the trace, under the name `crashed`, anything else in a sentence with advice - and exits at once.
 */
export function endOnErrors(terminal: Terminal, trace: Trace, crashed: string): (error: unknown) => never {
  const die = (error: unknown): never => {
    const failure = describeFailure(error);
    if (failure === undefined) {
      const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
      trace({ name: crashed, level: 'error', facts: { stack } });
    } else {
      terminal.err(`fatal: ${failure.sentence}\n${failure.advice}\n`);
    }
    process.exit(EXIT.failed);
  };
  process.on('uncaughtException', die).on('unhandledRejection', die);
  return die;
}

/** How a command's definition hands its code to whoever runs it. */
import type { ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** Runs a command's code with the terminal and keeps the exit code it returns. */
export type Run = (task: (terminal: Terminal) => Promise<ExitCode>) => Promise<void>;

/** How a command's definition hands its code to whoever runs it. */
import type { Terminal } from './terminal.js';

/** Runs a command's code with the terminal and keeps the exit code it returns: one of `EXIT`, or that of a child. */
export type Run = (task: (terminal: Terminal) => Promise<number>) => Promise<void>;

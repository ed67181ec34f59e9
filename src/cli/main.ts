/** The `causeway` command. Only what belongs to the process itself is here: arguments, streams, exit code. */
import { runCli } from './program.js';
import { processTerminal } from './terminal.js';

process.exitCode = await runCli(process.argv.slice(2), processTerminal());

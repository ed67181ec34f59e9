/**
 * The command line as a whole: which commands there are, how a failure is reported and which exit code it gets. No
 * command's own code is loaded here, so that a client command starts as fast as Node.js does.
 */
import { Command, CommanderError } from 'commander';
import { defineCheckCommand } from './define/check-command.js';
import { defineCompareCommand } from './define/compare-command.js';
import { defineCoordinationCommands } from './define/coordination-commands.js';
import { defineFaultCommands } from './define/fault-commands.js';
import { defineKeyCommands } from './define/key-commands.js';
import { defineLeaseCommands } from './define/lease-commands.js';
import { defineMemberCommands } from './define/member-commands.js';
import { defineProcessCommands } from './define/process-commands.js';
import { defineSimCommand } from './define/sim-command.js';
import { defineTxnCommands } from './define/txn-commands.js';
import { EXIT } from './exit-codes.js';
import { describeFailure, type Failure } from './failure.js';
import type { Run } from './run.js';
import type { Terminal } from './terminal.js';
import { version } from './version.js';

/** Runs the command that `args` (without node and script) name. Never throws for what a user can cause. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const outcome: { exit: number } = { exit: EXIT.ok };
  const program = buildProgram(terminal, async (task) => {
    outcome.exit = await task(terminal);
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return outcome.exit;
  } catch (error) {
    // Commander has printed what it has to say: help and version are no failures, all else is misuse.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const failure = describeFailure(error);
    if (failure === undefined) throw error;
    report(terminal, failure, wantsJson(args));
    return failure.exit;
  }
}

function buildProgram(terminal: Terminal, run: Run): Command {
  const program = new Command('causeway')
    .description(
      'A replicated key-value store in which each request chooses its consistency.\n\n' +
        '  eventual       what is here at this moment, in any order\n' +
        '  causal         never an effect before its cause, and a session sees its past\n' +
        '  linearizable   one order for everybody; needs a majority of the replicas',
    )
    .version(version(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'more on one command')
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the whole story)')
    // `faults` has options and a subcommand with the same options: they belong to the command they stand behind.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
      getOutHasColors: () => terminal.colors.isColorSupported,
      getErrHasColors: () => terminal.colors.isColorSupported,
    })
    .addHelpText('after', '\nStart with `causeway lab` in one terminal and `causeway put greeting hello` in another.');
  defineKeyCommands(program, run);
  defineTxnCommands(program, run);
  defineCoordinationCommands(program, run);
  defineLeaseCommands(program, run);
  defineMemberCommands(program, run);
  defineFaultCommands(program, run);
  defineProcessCommands(program, run);
  defineCompareCommand(program, run);
  defineCheckCommand(program, run);
  defineSimCommand(program, run);
  inheritSettings(program);
  return program;
}

/** Commander hands settings down only to commands made later; ours are made with their settings at the end. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}

function report(terminal: Terminal, failure: Failure, asJson: boolean): void {
  const { red, bold } = terminal.colors;
  if (asJson) terminal.out(`${JSON.stringify(failure.problem)}\n`);
  terminal.err(`${red(bold('error:'))} ${failure.sentence}\n`);
  if (failure.advice !== '') terminal.err(`${failure.advice}\n`);
}

function wantsJson(args: readonly string[]): boolean {
  return args.some(
    (arg, at) => /^(-o|--output=)json$/.test(arg) || (/^(-o|--output)$/.test(arg) && args[at + 1] === 'json'),
  );
}

/** `causeway check` as its help shows it. */
import { type Command, Option } from 'commander';
import type { CheckOptions } from '../commands/check.js';
import type { Run } from '../run.js';
import { examples } from './examples.js';

/** Named here once more, so that help needs no checker. */
const MODELS = ['linearizable', 'causal', 'session', 'lock', 'sequence', 'claim', 'convergence', 'all'];

export function defineCheckCommand(program: Command, run: Run): void {
  program
    .command('check')
    .summary('is a recorded history what the levels promise?')
    .description(
      'Judge a history: a file with one JSON object for each operation, as docs/HISTORY.md has it, recorded here or ' +
        'elsewhere. Each verdict is ok, violated or unknown. What is violated is told in words, with the few operations ' +
        'that prove it and a timeline of them. Exit code 1 if anything is violated, 2 if anything is unknown.',
    )
    .argument('<file>', 'the history')
    .addOption(new Option('--model <model>', 'what to check').choices(MODELS).default('all'))
    .addOption(new Option('-o, --output <format>', 'how to print the result').choices(['table', 'json']))
    .option('--html <file>', 'where to write the timeline (default: <file>.html, if anything is violated)')
    .option('--no-html', 'write no timeline')
    .addHelpText(
      'after',
      examples([
        ['causeway check history.jsonl', ''],
        ['causeway check history.jsonl --model linearizable -o json', ''],
      ]),
    )
    .action((file: string, options: CheckOptions) =>
      run(async (terminal) => (await import('../commands/check.js')).check(terminal, file, options)),
    );
}

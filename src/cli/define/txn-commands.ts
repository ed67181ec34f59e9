/** The commands that write on conditions, as their help shows them. */
import { type Command, Option } from 'commander';
import type { OrderedWriteOptions, TxnOptions } from '../commands/txn.js';
import type { Run } from '../run.js';
import { examples } from './examples.js';
import { withIdempotencyKey, withSession } from './options.js';

export function defineTxnCommands(program: Command, run: Run): void {
  defineCas(program, run);
  defineTxn(program, run);
}

function defineCas(program: Command, run: Run): void {
  withFencing(withIdempotencyKey(withSession(program.command('cas'))))
    .summary('compare and swap')
    .description(
      'Write a value if the key still has the one that is expected, as one linearizable step. Prints the new etag. If ' +
        'it is not so, says what the value is and exits with 4. To compare etags, or to create a key, see ' +
        '`put --if-match` and `put --if-none-match`.',
    )
    .argument('<key>', 'the key')
    .argument('<expected>', 'the value it should have')
    .argument('<value>', 'the value it gets')
    .addHelpText('after', examples([['causeway cas deploy/lock free taken', '']]))
    .action((key: string, expected: string, value: string, options: OrderedWriteOptions) =>
      run(async (terminal) => (await import('../commands/txn.js')).cas(terminal, key, expected, value, options)),
    );
}

function defineTxn(program: Command, run: Run): void {
  withFencing(withIdempotencyKey(withSession(program.command('txn'))))
    .summary('several keys on conditions, as one step')
    .description(
      'If all conditions hold do one thing, else another, as one linearizable step. Exit code 4 if a condition did not ' +
        'hold; what stands in else was done then. A document is {"if":[…],"then":[…],"else":[…]} with the members of ' +
        'POST /v1/txn; each flag may be given several times.',
    )
    .argument('[document]', 'a file with the transaction as JSON; - reads it from standard input')
    .addOption(several('--if <key=value>', 'the key has this value'))
    .addOption(several('--if-etag <key=etag>', 'the key has this version'))
    .addOption(several('--if-absent <key>', 'the key does not exist'))
    .addOption(several('--put <key=value>', 'write, if all of these hold'))
    .addOption(several('--del <key>', 'delete, if all hold'))
    .addOption(several('--get <key>', 'read, if all hold'))
    .addOption(several('--else-put <key=value>', 'write, if one does not hold'))
    .addOption(several('--else-del <key>', 'delete, if one does not hold'))
    .addOption(several('--else-get <key>', 'read, if one does not hold'))
    .addHelpText(
      'after',
      examples([
        ['causeway txn --if-absent user/ann --put user/ann=1 --else-get user/ann', ''],
        ['causeway txn --if from=10 --if to=0 --put from=5 --put to=5', 'all or nothing'],
        ['causeway txn transfer.json', ''],
        [`echo '{"then":[{"get":"a"},{"get":"b"}]}' | causeway txn -`, 'two keys at one moment'],
      ]),
    )
    .action((document: string | undefined, options: TxnOptions) =>
      run(async (terminal) => (await import('../commands/txn.js')).txn(terminal, document, options)),
    );
}

/** An option that may be given several times. */
function several(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string, before: readonly string[] = []) => [...before, text]);
}

function withFencing(command: Command): Command {
  return command.addOption(
    new Option('--fencing-token <lock=n>', 'only while the lock is held under this token').env(
      'CAUSEWAY_FENCING_TOKEN',
    ),
  );
}

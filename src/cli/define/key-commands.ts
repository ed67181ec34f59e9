/** The commands that read and write keys, as their help shows them. What they do is loaded when one of them runs. */
import { type Command, Option } from 'commander';
import { LIMITS } from '../../base/limits.js';
import type { GetOptions } from '../commands/get.js';
import type { ListOptions } from '../commands/list.js';
import type { PutOptions, WriteOptions } from '../commands/put.js';
import { parseWhole } from '../parse/numbers.js';
import type { Run } from '../run.js';
import { examples } from './examples.js';
import { withConsistency, withIdempotencyKey } from './options.js';

export function defineKeyCommands(program: Command, run: Run): void {
  definePut(program, run);
  defineGet(program, run);
  defineDel(program, run);
  defineList(program, run);
}

function definePut(program: Command, run: Run): void {
  withWriting(withConsistency(program.command('put')))
    .summary('write a value')
    .description(
      'Write a value. The replica that is asked makes it durable, answers, and sends it to the others. ' +
        'The receipt carries a causal token: whoever shows it to any replica will see this write.',
    )
    .argument('<key>', 'the key; slashes are part of it')
    .argument('<value>', 'the value; - reads it from standard input')
    .option('--content-type <type>', 'stored with the value (default: text/plain, or octets if it is not text)')
    .addHelpText(
      'after',
      examples([
        ['causeway put greeting hello', 'at causal, the default'],
        ['causeway put greeting hello -c eventual', 'without waiting for anything'],
        ['causeway put greeting hello -c linearizable', 'in one order with everybody'],
        ['causeway put name ann -c linearizable --if-none-match', 'exit code 4 if it exists'],
        ['causeway put photo - <photo.jpg --content-type image/jpeg', ''],
        ['causeway put order/7 paid --durability majority', 'safe against the loss of any one disk of three'],
        ['causeway put question why? --session me.json', 'later commands with the same file see this write'],
      ]),
    )
    .action((key: string, value: string, options: PutOptions) =>
      run(async (terminal) => (await import('../commands/put.js')).put(terminal, key, value, options)),
    );
}

function defineGet(program: Command, run: Run): void {
  withConsistency(program.command('get'))
    .summary('read a value')
    .description(
      'Read a value: its bytes, exactly as they were written. With -o json also its version, its level, and the ' +
        'siblings that were written concurrently. Exit code 1 if there is no such key.',
    )
    .argument('<key>', 'the key')
    .option('--headers', 'print what the response says of consistency to standard error')
    .addHelpText(
      'after',
      examples([
        ['causeway get greeting', ''],
        ['causeway get greeting -c eventual', 'at once, even what still waits for its causes'],
        ['causeway get answer --session me.json', 'waits until everything this session saw has arrived'],
        ['causeway get greeting -c linearizable', 'the newest there is'],
        ['causeway get greeting -o json', 'with token, timestamp and siblings'],
      ]),
    )
    .action((key: string, options: GetOptions) =>
      run(async (terminal) => (await import('../commands/get.js')).get(terminal, key, options)),
    );
}

function defineDel(program: Command, run: Run): void {
  withWriting(withConsistency(program.command('del')))
    .summary('delete a key')
    .description('Delete a key. Deleting what is absent succeeds as well: a deletion is a write like any other.')
    .argument('<key>', 'the key')
    .addHelpText('after', examples([['causeway del greeting', '']]))
    .action((key: string, options: WriteOptions) =>
      run(async (terminal) => (await import('../commands/put.js')).del(terminal, key, options)),
    );
}

function defineList(program: Command, run: Run): void {
  withConsistency(program.command('list'))
    .summary('list keys')
    .description('List keys in byte order with what fits on a line of their values, one page at a time.')
    .option('--prefix <text>', 'only keys that begin with this')
    .option('--after <key>', 'start behind this key: the next page')
    .addOption(
      new Option('--limit <count>', 'keys on a page').argParser(parseWhole(1, LIMITS.listMaxItems)).default(100),
    )
    .addHelpText(
      'after',
      examples([
        ['causeway list', ''],
        ['causeway list --prefix order/ --limit 20', ''],
        ['causeway list -o json', 'everything, for a program'],
      ]),
    )
    .action((options: ListOptions) =>
      run(async (terminal) => (await import('../commands/list.js')).list(terminal, options)),
    );
}

function withWriting(command: Command): Command {
  return withIdempotencyKey(command)
    .addOption(
      new Option('--durability <how>', 'answer when this many replicas have it on disk (default: local)').choices([
        'local',
        'majority',
        'all',
      ]),
    )
    .addOption(
      new Option('--fencing-token <lock=n>', 'only while the lock is held under this token; several by commas').env(
        'CAUSEWAY_FENCING_TOKEN',
      ),
    )
    .option('--if-match <etag>', 'only if the key still has this version (needs linearizable)')
    .option('--if-none-match', 'only if the key does not exist (needs linearizable)');
}

/** Sequences, claims and constraints, as their help shows them. */
import type { Command } from 'commander';
import type { ClientOptions } from '../client-call.js';
import type { ClaimOptions, ConstraintOptions, ObjectOptions } from '../commands/objects.js';
import type { Run } from '../run.js';
import { examples } from './examples.js';
import { withConsistency, withIdempotencyKey, withSession } from './options.js';

export function defineCoordinationCommands(program: Command, run: Run): void {
  defineSeq(program, run);
  defineClaim(program, run);
  defineConstraint(program, run);
}

function defineSeq(program: Command, run: Run): void {
  const seq = program
    .command('seq')
    .summary('numbers that are handed out once')
    .description('Numbers from 1 on, each handed out once, in the order of the requests.')
    .addHelpText('after', examples([['n=$(causeway seq next orders)', '']]));
  withIdempotencyKey(withSession(seq.command('next')))
    .summary('take the next number')
    .description('Take the next number and print it. A number whose answer gets lost is skipped, never given twice.')
    .argument('<name>', 'the sequence; it begins with its first use')
    .addHelpText(
      'after',
      examples([
        ['causeway seq next orders', ''],
        ['causeway seq next orders --idempotency-key order-7', 'the same number again when repeated'],
      ]),
    )
    .action((name: string, options: ObjectOptions) =>
      run(async (terminal) => (await import('../commands/objects.js')).nextNumber(terminal, name, options)),
    );
  withConsistency(seq.command('show'), 'linearizable')
    .summary('the number that was taken last')
    .description('Print the number that was taken last; 0 before the first.')
    .argument('<name>', 'the sequence')
    .addHelpText('after', examples([['causeway seq show orders', '']]))
    .action((name: string, options: ClientOptions) =>
      run(async (terminal) => (await import('../commands/objects.js')).showSequence(terminal, name, options)),
    );
}

function defineClaim(program: Command, run: Run): void {
  withIdempotencyKey(withConsistency(program.command('claim'), 'linearizable'))
    .summary('make a value somebody’s own')
    .description(
      'Claim a value of a namespace for an owner, e.g. a user name. Of all who try one wins, for good or until he gives ' +
        'it back; the others exit with 4 and learn whose it is. Claiming twice for the same owner is no failure.',
    )
    .argument('<namespace>', 'where the value has to be unique')
    .argument('<value>', 'what is claimed')
    .option('--owner <owner>', 'for whom')
    .option('--release', 'give it back')
    .option('--show', 'only say whose it is')
    .addHelpText(
      'after',
      examples([
        ['causeway claim usernames ann --owner user-17', ''],
        ['causeway claim usernames ann --show', 'exit code 1 if it is free'],
        ['causeway claim usernames ann --owner user-17 --release', ''],
      ]),
    )
    .action((namespace: string, value: string, options: ClaimOptions) =>
      run(async (terminal) => (await import('../commands/objects.js')).claim(terminal, namespace, value, options)),
    );
}

function defineConstraint(program: Command, run: Run): void {
  const constraint = program
    .command('constraint')
    .summary('fields that have to be unique')
    .description('Declare that no two JSON values under a prefix have the same value in a field.')
    .addHelpText('after', examples([['causeway constraint add mail --prefix users/ --field /email', '']]));
  withIdempotencyKey(withSession(constraint.command('add')))
    .summary('declare one')
    .description(
      'Declare a unique field. From then on keys under the prefix are written at linearizable only. If two values share ' +
        'one already, it is refused, with the keys in the way and exit code 4.',
    )
    .argument('<name>', 'the constraint; one of the same name is replaced')
    .requiredOption('--prefix <text>', 'of the keys that it speaks about')
    .requiredOption('--field <pointer>', 'a JSON pointer, e.g. /email')
    .addHelpText('after', examples([['causeway constraint add mail --prefix users/ --field /email', '']]))
    .action((name: string, options: ConstraintOptions) =>
      run(async (terminal) => (await import('../commands/objects.js')).addConstraint(terminal, name, options)),
    );
  withIdempotencyKey(withSession(constraint.command('drop')))
    .summary('end one')
    .description('End a constraint. That it does not exist is no failure.')
    .argument('<name>', 'the constraint')
    .addHelpText('after', examples([['causeway constraint drop mail', '']]))
    .action((name: string, options: ObjectOptions) =>
      run(async (terminal) => (await import('../commands/objects.js')).dropConstraint(terminal, name, options)),
    );
  withConsistency(constraint.command('show'), 'linearizable')
    .summary('what one says')
    .description('Show prefix and field of a constraint.')
    .argument('<name>', 'the constraint')
    .addHelpText('after', examples([['causeway constraint show mail', '']]))
    .action((name: string, options: ClientOptions) =>
      run(async (terminal) => (await import('../commands/objects.js')).showConstraint(terminal, name, options)),
    );
}

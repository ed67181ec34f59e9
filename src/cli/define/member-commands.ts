/** The commands that show and change who takes part in the total order, as their help shows them. */
import type { Command } from 'commander';
import type { ConnectionOptions } from '../client-call.js';
import type { MemberChange } from '../commands/members.js';
import type { Run } from '../run.js';
import { examples } from './examples.js';
import { withConnection } from './options.js';

const CHANGES: readonly (readonly [MemberChange, string, string])[] = [
  [
    'add',
    'make a running replica an observer',
    'Make a replica that runs with the cluster’s name an observer: it follows, and has no vote until it is promoted.',
  ],
  ['promote', 'make an observer a voter', 'Give a vote to an observer. It has to have caught up.'],
  [
    'remove',
    'take a member out, for good',
    'Take a member out. A removed replica stops; it may come back with an empty data folder, as a new incarnation.',
  ],
  ['transfer', 'hand the leadership over', 'Make this voter the leader, e.g. before its predecessor is stopped.'],
];

export function defineMemberCommands(program: Command, run: Run): void {
  const member = program
    .command('member')
    .summary('who takes part in the total order')
    .description(
      'Show and change the members. A change is carried out by the leader and ends when a majority has it; one change ' +
        'at a time. If the outcome of a change is unknown, `member list` tells it.',
    )
    .addHelpText(
      'after',
      examples([
        ['causeway member list', ''],
        ['causeway member add r4 && causeway member promote r4', 'from three voters to four'],
      ]),
    );
  withConnection(member.command('list'))
    .summary('the members and their roles')
    .description('List the members as the replica that is asked knows them.')
    .addHelpText('after', examples([['causeway member list', '']]))
    .action((options: ConnectionOptions) =>
      run(async (terminal) => (await import('../commands/members.js')).listMembers(terminal, options)),
    );
  for (const [change, summary, description] of CHANGES) {
    withConnection(member.command(change))
      .summary(summary)
      .description(description)
      .argument('<id>', 'the replica')
      .addHelpText('after', examples([[`causeway member ${change} r4`, '']]))
      .action((id: string, options: ConnectionOptions) =>
        run(async (terminal) => (await import('../commands/members.js')).changeMembers(terminal, change, id, options)),
      );
  }
}

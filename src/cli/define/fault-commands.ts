/** The commands that look at the cluster and break it on purpose, as their help shows them. */
import { type Command, Option } from 'commander';
import { LIMITS } from '../../base/limits.js';
import type { ConnectionOptions } from '../client-call.js';
import type { ClockOptions, HealOptions, LinkOptions, PartitionOptions } from '../commands/faults.js';
import { parseDuration } from '../parse/duration.js';
import { parseProbability } from '../parse/numbers.js';
import type { Run } from '../run.js';
import { examples } from './examples.js';
import { withConnection, withTimeToLive } from './options.js';

export function defineFaultCommands(program: Command, run: Run): void {
  defineStatus(program, run);
  definePartition(program, run);
  defineLink(program, run);
  defineHeal(program, run);
  defineFaults(program, run);
}

function defineStatus(program: Command, run: Run): void {
  withConnection(program.command('status'))
    .summary('the whole cluster at a glance')
    .description(
      'Ask every member how it is: reachable or not, its role in the total order, whom it takes for the leader in which ' +
        'term, the last index of its log (LOG), how far that is COMMITTED and APPLIED, keys, how many writes of the others it lacks (BEHIND), how many ' +
        'wait here for their causes (BUFFERED), and the faults in force. Members that are down are shown as such.',
    )
    .addHelpText(
      'after',
      examples([
        ['causeway status', ''],
        ['causeway status --url http://127.0.0.1:7102', 'learn the members from another replica'],
      ]),
    )
    .action((options: ConnectionOptions) =>
      run(async (terminal) => (await import('../commands/status.js')).status(terminal, options)),
    );
}

function definePartition(program: Command, run: Run): void {
  withTimeToLive(withConnection(program.command('partition')))
    .summary('cut the network between replicas')
    .description(
      'Cut replicas apart: what one group sends no longer reaches another. Clients still reach every replica, and ' +
        'every replica goes on serving. Quote a |, or use / instead. Replicas must run with --enable-faults.',
    )
    .argument('<groups...>', "who stays together, e.g. 'r1 | r2,r3'")
    .option('--name <name>', 'a name, to have several partitions at once or to heal only this one', 'cut')
    .addHelpText(
      'after',
      examples([
        ["causeway partition 'r1 | r2,r3'", ''],
        ['causeway partition r1 / r2,r3 --for 30s', 'heals by itself'],
        ['causeway heal', 'the end of it'],
      ]),
    )
    .action((groups: string[], options: PartitionOptions) =>
      run(async (terminal) => (await import('../commands/faults.js')).partition(terminal, groups, options)),
    );
}

function defineLink(program: Command, run: Run): void {
  withTimeToLive(withConnection(program.command('link')))
    .summary('make one link slow or lossy')
    .description('Delay, lose or repeat what one replica sends to another. The other direction stays as it is.')
    .argument('<from>', 'the sender')
    .argument('<to>', 'the receiver')
    .addOption(new Option('--delay <duration>', 'every message takes this much longer').argParser(parseLinkDelay))
    .addOption(new Option('--jitter <duration>', 'up to this much more, at random; reorders').argParser(parseLinkDelay))
    .addOption(new Option('--drop <probability>', 'lose messages, e.g. 0.1 or 10%').argParser(parseProbability))
    .addOption(new Option('--duplicate <probability>', 'deliver messages twice').argParser(parseProbability))
    .option('--both', 'both directions')
    .addHelpText(
      'after',
      examples([
        ['causeway link r1 r3 --delay 200ms --jitter 50ms', ''],
        ['causeway link r1 r2 --drop 0.1 --duplicate 0.1 --both --for 2m', ''],
      ]),
    )
    .action((from: string, to: string, options: LinkOptions) =>
      run(async (terminal) => (await import('../commands/faults.js')).link(terminal, from, to, options)),
    );
}

function parseLinkDelay(text: string): number {
  return parseDuration(text, 0, LIMITS.linkDelayMaxMs);
}

function defineHeal(program: Command, run: Run): void {
  withConnection(program.command('heal'))
    .summary('end all faults')
    .description('End every partition, link fault and clock fault at every replica, or only one partition.')
    .option('--name <name>', 'only the partition of this name')
    .addHelpText('after', examples([['causeway heal', '']]))
    .action((options: HealOptions) =>
      run(async (terminal) => (await import('../commands/faults.js')).heal(terminal, options)),
    );
}

function defineFaults(program: Command, run: Run): void {
  const faults = withConnection(program.command('faults'));
  faults
    .summary('list the faults in force')
    .description('List the faults in force at every replica, and when each of them heals by itself.')
    .addHelpText(
      'after',
      examples([
        ['causeway faults', ''],
        ['causeway faults clock r2 --ahead 1h', 'put a clock wrong'],
      ]),
    )
    .action((options: ConnectionOptions) =>
      run(async (terminal) => (await import('../commands/faults.js')).faults(terminal, options)),
    );
  defineClock(faults, run);
}

function defineClock(faults: Command, run: Run): void {
  withTimeToLive(withConnection(faults.command('clock')))
    .summary('put the clock of a replica wrong')
    .description(
      'Put the wall clock of one replica ahead or behind. Nothing is decided by wall clocks: see for yourself. Leases ' +
        'are not affected, they are measured by clocks that cannot be set.',
    )
    .argument('<replica>', 'whose clock')
    .addOption(new Option('--ahead <duration>', 'by this much').argParser(parseSkew).conflicts(['behind', 'right']))
    .addOption(new Option('--behind <duration>', 'by this much').argParser(parseSkew).conflicts('right'))
    .option('--right', 'end the fault')
    .addHelpText(
      'after',
      examples([
        ['causeway faults clock r2 --ahead 1h', ''],
        ['causeway faults clock r2 --behind 250ms --for 10m', ''],
        ['causeway faults clock r2 --right', 'the end of it'],
      ]),
    )
    .action((id: string, options: ClockOptions) =>
      run(async (terminal) => (await import('../commands/faults.js')).clock(terminal, id, options)),
    );
}

function parseSkew(text: string): number {
  return parseDuration(text, 1, LIMITS.clockSkewMaxMs);
}

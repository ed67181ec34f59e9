/** Locks and elections, as their help shows them. */
import { type Command, Option } from 'commander';
import { LIMITS } from '../../base/limits.js';
import type { ClientOptions } from '../client-call.js';
import type { AcquireOptions, HolderOptions, LeaseSpace } from '../commands/leases.js';
import type { LockRunOptions } from '../commands/lock-run.js';
import type { ObserveOptions } from '../commands/observe.js';
import { parseWhole } from '../parse/numbers.js';
import type { Run } from '../run.js';
import { examples } from './examples.js';
import { withConnection, withConsistency, withIdempotencyKey, withLease, withSession } from './options.js';

/** How locks and elections call the same things. */
interface Words {
  readonly space: LeaseSpace;
  readonly noun: string;
  readonly take: string;
  readonly end: 'release' | 'resign';
  readonly token: string;
}

const LOCK: Words = { space: 'locks', noun: 'lock', take: 'acquire', end: 'release', token: 'fencing token' };
const ELECTION: Words = { space: 'elections', noun: 'election', take: 'campaign', end: 'resign', token: 'term' };

export function defineLeaseCommands(program: Command, run: Run): void {
  const lock = program
    .command('lock')
    .summary('one holder at a time')
    .description(
      'Locks have one holder at a time and end by themselves when they are not renewed. Each holder has a greater fencing ' +
        'token than those before; writes with --fencing-token are refused once their lock has moved on.',
    )
    .addHelpText('after', examples([['causeway lock run nightly --ttl 30s -- ./backup.sh', '']]));
  defineTake(lock, LOCK, run);
  defineTells(lock, LOCK, run);
  defineRun(lock, run);
  const elect = program
    .command('elect')
    .summary('one leader at a time')
    .description('Elections are locks whose fencing token is the term, with a way to watch who leads.')
    .addHelpText('after', examples([['causeway elect campaign scheduler --owner host-1 --wait 5m', '']]));
  defineTake(elect, ELECTION, run);
  defineTells(elect, ELECTION, run);
  defineObserve(elect, run);
}

function defineTake(parent: Command, words: Words, run: Run): void {
  const { space, noun, take, token } = words;
  withLease(withSession(parent.command(take)))
    .summary(space === 'locks' ? 'take it, or queue for it' : 'become the leader, or queue for it')
    .description(`Prints the ${token}. Exit code 4 if somebody else has it and it does not become free within --wait.`)
    .argument('<name>', `the ${noun}`)
    .addHelpText('after', examples([[`causeway ${parent.name()} ${take} jobs --owner host-1 --ttl 1m --wait 10s`, '']]))
    .action((name: string, options: AcquireOptions) =>
      run(async (terminal) => (await import('../commands/leases.js')).takeLease(terminal, space, name, options)),
    );
}

function defineTells(parent: Command, { space, noun, end, token }: Words, run: Run): void {
  for (const verb of ['renew', end] as const) {
    withIdempotencyKey(withSession(parent.command(verb)))
      .summary(verb === 'renew' ? 'the whole time again' : 'end it now')
      .description(
        verb === 'renew' ? 'Begin the time of the lease anew.' : 'End the lease, so that the next in the queue has it.',
      )
      .argument('<name>', `the ${noun}`)
      .argument(
        '<token>',
        `its ${token}; exit code 4 if it is not the current one`,
        parseWhole(1, Number.MAX_SAFE_INTEGER),
      )
      .addHelpText('after', examples([[`causeway ${parent.name()} ${verb} jobs 1042`, '']]))
      .action((name: string, held: number, options: HolderOptions) =>
        run(async (terminal) =>
          (await import('../commands/leases.js')).tellLease(terminal, space, verb, name, held, options),
        ),
      );
  }
  withConsistency(parent.command('show'), 'linearizable')
    .summary('who has it, and who waits')
    .description('Show who has it, for how long at most, and who waits in which order. Exit code 1 if nobody has it.')
    .argument('<name>', `the ${noun}`)
    .addHelpText('after', examples([[`causeway ${parent.name()} show jobs`, '']]))
    .action((name: string, options: ClientOptions) =>
      run(async (terminal) => (await import('../commands/leases.js')).showLease(terminal, space, name, options)),
    );
}

function defineRun(lock: Command, run: Run): void {
  withLease(withConnection(lock.command('run')))
    .summary('run a command under the lock')
    .description(
      'Take the lock, run a command, renew the lock while it runs, and release it. The command finds its fencing token ' +
        'in CAUSEWAY_FENCING_TOKEN, which `causeway put`, `del`, `cas` and `txn` send by themselves. If the lease is ' +
        'lost the command is killed and the exit code is 4; otherwise it is that of the command.',
    )
    .argument('<name>', 'the lock')
    .argument('<command...>', 'behind --, the command and its arguments')
    .addHelpText(
      'after',
      examples([
        ['causeway lock run nightly -- ./backup.sh --full', ''],
        ['causeway lock run nightly --wait 5m --ttl 10s -- causeway put last-backup now', 'a write that is fenced'],
      ]),
    )
    .action((name: string, command: string[], options: LockRunOptions) =>
      run(async (terminal) => (await import('../commands/lock-run.js')).lockRun(terminal, name, command, options)),
    );
}

function defineObserve(elect: Command, run: Run): void {
  withConsistency(elect.command('observe'), 'linearizable')
    .summary('watch who leads')
    .description('Print who leads, now and at every change, until Ctrl-C. Goes on at another replica when one fails.')
    .argument('<name>', 'the election')
    .addOption(new Option('--changes <count>', 'end after so many lines').argParser(parseWhole(1, LIMITS.listMaxItems)))
    .addHelpText('after', examples([['causeway elect observe scheduler -o json', '']]))
    .action((name: string, options: ObserveOptions) =>
      run(async (terminal) => (await import('../commands/observe.js')).observe(terminal, name, options)),
    );
}

/** The simulator as its help shows it. */
import { type Command, Option } from 'commander';
import { CausewayError } from '../../base/errors.js';
import { DEFAULT_TICKS } from '../../sim/scenario-defaults.js';
import type { SimOptions } from '../commands/sim.js';
import { parseWhole } from '../parse/numbers.js';
import type { Run } from '../run.js';
import { examples } from './examples.js';

const SEED_MAX = 2 ** 32 - 1;
const SEEDS_MAX = 10_000_000;
const TICKS_MAX = 1_000_000;

export function defineSimCommand(program: Command, run: Run): void {
  program
    .command('sim')
    .summary('run whole clusters through trouble, in virtual time')
    .description(
      'Run the replicas of production over a simulated network, disks and clocks, with clients at every level, while ' +
        'messages are lost, links cut, processes killed and paused, disks lost and members changed. Then heal ' +
        'everything and demand that the cluster recovers. One seed is the whole run: the same seed does the same, ' +
        'byte for byte.\n\nExit code 1: a promise was broken; 2: a checker gave up; 3: a healed cluster did not ' +
        'recover; 4: the runs met nothing that could have broken a promise.',
    )
    .addOption(new Option('--seed <number>', 'the first seed (default: a new one)').argParser(parseWhole(0, SEED_MAX)))
    .addOption(new Option('--seeds <count>', 'how many runs').argParser(parseWhole(1, SEEDS_MAX)).default(1))
    .addOption(
      new Option('--ticks <count>', 'how long there is trouble, 20 ms each')
        .argParser(parseWhole(1, TICKS_MAX))
        .default(DEFAULT_TICKS),
    )
    .addOption(
      new Option('--only-faults <numbers>', 'leave out all faults but these, e.g. 2,5; or none').argParser(
        parseNumbers,
      ),
    )
    .option('--trace <file>', 'write down what happened, byte for byte (of one seed)')
    .option('--no-shrink', 'do not look for fewer faults with which a failed run fails as well')
    .option('--fail-fast', 'end with the first run that fails')
    .addOption(new Option('-o, --output <format>', 'how to print the result').choices(['table', 'json']))
    .addHelpText(
      'after',
      examples([
        ['causeway sim --seeds 100', ''],
        ['causeway sim --seed 42 --trace run.txt', ''],
        ['causeway sim --seed 42 --only-faults 2,5', 'the same run with two of its faults'],
      ]),
    )
    .action((options: SimOptions) =>
      run(async (terminal) => (await import('../commands/sim.js')).sim(terminal, options)),
    );
}

/** @throws CausewayError `invalid-config` */
function parseNumbers(text: string): readonly number[] {
  if (text === 'none') return [];
  if (/^\d+(,\d+)*$/.test(text)) return text.split(',').map(Number);
  throw new CausewayError('invalid-config', `"${text}" is no list of faults: write their numbers as 2,5, or none`);
}

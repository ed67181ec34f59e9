/** `causeway compare` as its help shows it. */
import { type Command, Option } from 'commander';
import { LIMITS } from '../../base/limits.js';
import { DISTRIBUTIONS, MIX_NAMES } from '../../lab/compare/plan.js';
import type { CompareOptions } from '../commands/compare.js';
import { parseDuration } from '../parse/duration.js';
import { parseWhole } from '../parse/numbers.js';
import type { Run } from '../run.js';
import { examples } from './examples.js';
import { wanOption } from './wan-option.js';

const PHASE_MIN_MS = 1_000;
const PHASE_MAX_MS = 600_000;
const TIMEOUT_MIN_MS = 100;

export function defineCompareCommand(program: Command, run: Run): void {
  program
    .command('compare')
    .summary('what does each level cost, and what does it buy?')
    .description(
      'Start a lab, put the same load on it at every level, break its network and heal it, and say what each level ' +
        'cost and what it was good for: latency, availability, staleness, anomalies, and whether every promise held. ' +
        'Writes results.json, history.jsonl and report.html. Exit code 1 if a promise is broken or an assertion fails.',
    )
    .option('--quick', 'four phases instead of eight, and short ones')
    .addOption(
      new Option('--guide', 'explain before each phase what to look for, and after it what was seen').conflicts(
        'output',
      ),
    )
    .addOption(wanOption('how far apart the replicas seem to be').default('us-eu-ap'))
    .option('--out <folder>', 'where the three files go', 'causeway-compare')
    .option('--assert <assertion>', "what has to hold, as in 'causal.read.p99<5ms'; may be repeated", collect, [])
    .addOption(
      new Option('--replicas <count>', 'how many (default: one for each region)').argParser(
        parseWhole(3, LIMITS.membersMax),
      ),
    )
    .addOption(
      new Option('--phase <duration>', 'how long each phase lasts (default: 20s, quick: 6s)').argParser((text) =>
        parseDuration(text, PHASE_MIN_MS, PHASE_MAX_MS),
      ),
    )
    .addOption(
      new Option('--rate <count>', 'arrivals a second at each replica, for each level')
        .argParser(parseWhole(1, 10_000))
        .default(20),
    )
    .addOption(new Option('--mix <mix>', 'what clients do').choices(MIX_NAMES).default('mixed'))
    .addOption(new Option('--keys <count>', 'of each level').argParser(parseWhole(1, 10_000)).default(20))
    .addOption(new Option('--distribution <name>', 'which keys are popular').choices(DISTRIBUTIONS).default('zipf'))
    .addOption(new Option('--value-size <characters>', 'of each value').argParser(parseWhole(16, 100_000)).default(100))
    .addOption(
      new Option('--timeout <duration>', 'of each request')
        .argParser((text) => parseDuration(text, TIMEOUT_MIN_MS, LIMITS.timeoutMaxMs))
        .default(2_000, '2s'),
    )
    .addOption(new Option('--seed <number>', 'of all random choices').argParser(parseWhole(0, 2 ** 31)).default(1))
    .addOption(
      new Option('--transport <kind>', 'embedded: the broker built into Causeway').choices(['nats-server', 'embedded']),
    )
    .addOption(new Option('-o, --output <format>', 'how to print the result').choices(['table', 'json']))
    .addHelpText(
      'after',
      examples([
        ['causeway compare --quick', 'in about a minute'],
        ['causeway compare --quick --guide', 'the same, explained: what "npm run demo" does'],
        ['causeway compare --wan europe --out ./europe', ''],
        ["causeway compare --quick --wan none --assert 'causal.read.p99<5ms'", ''],
      ]),
    )
    .action((options: CompareOptions) =>
      run(async (terminal) => (await import('../commands/compare.js')).compareLevels(terminal, options)),
    );
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

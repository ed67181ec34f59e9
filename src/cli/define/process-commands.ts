/** The commands that run replicas or look at this machine, as their help shows them. */
import { type Command, Option } from 'commander';
import { LIMITS } from '../../base/limits.js';
import { WORKLOADS } from '../../maelstrom/workload-names.js';
import type { DemoOptions } from '../commands/demo.js';
import type { DoctorOptions } from '../commands/doctor.js';
import type { LabOptions } from '../commands/lab.js';
import type { MaelstromOptions } from '../commands/maelstrom.js';
import type { NatsInstallOptions } from '../commands/nats-install.js';
import type { ServeOptions } from '../commands/serve.js';
import { parseListenAddress, parsePeers } from '../parse/addresses.js';
import { parseWhole } from '../parse/numbers.js';
import type { Run } from '../run.js';
import { examples } from './examples.js';
import { wanOption } from './wan-option.js';

const DEFAULT_HTTP = '127.0.0.1:7101';

export function defineProcessCommands(program: Command, run: Run): void {
  defineServe(program, run);
  defineLab(program, run);
  defineDemo(program, run);
  defineDoctor(program, run);
  defineNats(program, run);
  defineMaelstrom(program, run);
}

function defineServe(program: Command, run: Run): void {
  program
    .command('serve')
    .summary('run one replica in the foreground')
    .description(
      'Run one replica. It keeps its data below --data, talks to its peers over NATS and to clients over HTTP. ' +
        'SIGTERM or Ctrl-C finishes what is in progress and exits with 0; a second one exits at once.',
    )
    .requiredOption('--id <id>', 'the name of this replica, e.g. r1')
    .addOption(
      new Option('--http <address>', 'where to listen')
        .argParser(parseListenAddress)
        .default(parseListenAddress(DEFAULT_HTTP), DEFAULT_HTTP),
    )
    .option('--nats <url>', 'the NATS server (default: $NATS_URL, else nats://127.0.0.1:4222)')
    .addOption(new Option('--nats-url <url>', 'the same as --nats').conflicts('nats').hideHelp())
    .addOption(
      new Option('--peers <members>', 'all members, as r1=http://host:port,r2=…')
        .argParser(parsePeers)
        .default([], 'none'),
    )
    .requiredOption('--data <folder>', 'where this replica keeps its data; made if it does not exist')
    .option('--cluster <name>', 'members of different clusters ignore each other', 'causeway')
    .addOption(consensusOption())
    .option('--enable-faults', 'offer /v1/faults: partitions, slow links, skewed clocks')
    .option('--auth-tokens <file>', 'ask every /v1 request for one of the bearer tokens in this file')
    .addOption(logOption())
    .addOption(logLevelOption())
    .addOption(new Option('--exit-with-parent', 'stop when standard input ends').hideHelp())
    .addHelpText(
      'after',
      examples([
        ['causeway serve --id r1 --data ./r1', 'a cluster of one, on a local NATS server'],
        [
          'causeway serve --id r1 --data ./r1 --http :7101 --peers r2=http://127.0.0.1:7102,r3=http://127.0.0.1:7103',
          '',
        ],
      ]),
    )
    .action((options: ServeOptions) =>
      run(async (terminal) => (await import('../commands/serve.js')).serve(terminal, options)),
    );
}

function defineLab(program: Command, run: Run): void {
  program
    .command('lab')
    .summary('run a whole cluster on this machine')
    .description(
      'Run a NATS server and several replica processes with fault injection on. Ctrl-C stops all of them and removes ' +
        'their data, unless --data says where to keep it. A second lab finds ports of its own.',
    )
    .addOption(new Option('--replicas <count>', 'how many').argParser(parseWhole(1, LIMITS.membersMax)).default(3))
    .addOption(
      new Option('--base-port <port>', 'HTTP ports from here upwards, past those in use')
        .argParser(parseWhole(1, 65_535))
        .default(7101),
    )
    .option('--data <folder>', 'keep the data here; the next lab with the same folder goes on with it')
    .option('--nats-url <url>', 'use this NATS server instead of starting one (default: $NATS_URL if it is set)')
    .addOption(
      new Option('--transport <kind>', 'embedded: the broker built into Causeway, even where nats-server is installed')
        .choices(['nats-server', 'embedded'])
        .conflicts('natsUrl'),
    )
    .addOption(consensusOption())
    .addOption(wanOption('how far apart the replicas seem to be').default('none'))
    .option('--urls-file <file>', 'write {"replicas":[{"id","url","pid"}],"nats"} here when all are ready')
    .addOption(logLevelOption())
    .addHelpText(
      'after',
      examples([
        ['causeway lab', ''],
        ['causeway lab --replicas 5 --data ./lab', ''],
        ['causeway lab --wan us-eu-ap', 'a replica in each of three regions, as far as delays go'],
        ["causeway partition 'r1 | r2,r3'", 'in another terminal'],
      ]),
    )
    .action((options: LabOptions) =>
      run(async (terminal) => (await import('../commands/lab.js')).lab(terminal, options)),
    );
}

/** There is one kind yet; who asks for another is told so. */
function consensusOption(): Option {
  return new Option('--consensus <kind>', 'who puts linearizable requests in order').choices(['raft']).default('raft');
}

function defineDemo(program: Command, run: Run): void {
  program
    .command('demo')
    .summary('see what the levels mean, in half a minute')
    .description(
      'Start a lab, tell six short stories on it - levels, causality, one order for all, a partition, healing, another ' +
        'partition - and compare what is observed with what is promised. Exit code 1 if anything differs.',
    )
    .addOption(
      new Option('--transport <kind>', 'embedded: the broker built into Causeway').choices(['nats-server', 'embedded']),
    )
    .addHelpText('after', examples([['causeway demo', '']]))
    .action((options: DemoOptions) =>
      run(async (terminal) => (await import('../commands/demo.js')).demo(terminal, options)),
    );
}

function defineDoctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .summary('check what this machine offers')
    .description('Look at everything a cluster needs here: Node.js, a NATS server, the disk, ports, memory.')
    .addOption(new Option('-o, --output <format>', 'how to print the result').choices(['table', 'json']))
    .option('--data <folder>', 'measure the disk that holds this folder (default: the temporary folder)')
    .addHelpText('after', examples([['causeway doctor', '']]))
    .action((options: DoctorOptions) =>
      run(async (terminal) => (await import('../commands/doctor.js')).doctor(terminal, options)),
    );
}

function defineNats(program: Command, run: Run): void {
  const nats = program.command('nats').summary('the NATS server on this machine').description('Get a NATS server.');
  nats
    .command('install')
    .summary('put a nats-server into the cache')
    .description('Download a nats-server into the project’s cache, without root, where the system offers a package.')
    .addOption(new Option('-o, --output <format>', 'how to print the result').choices(['table', 'json']))
    .addHelpText('after', examples([['causeway nats install', '']]))
    .action((options: NatsInstallOptions) =>
      run(async (terminal) => (await import('../commands/nats-install.js')).natsInstall(terminal, options)),
    );
}

function defineMaelstrom(program: Command, run: Run): void {
  program
    .command('maelstrom')
    .summary('run a node under Jepsen Maelstrom')
    .description(
      'Run one node of a Maelstrom test: messages come on standard input and go out on standard output, one JSON ' +
        'object a line. The replica is the one that `serve` runs, without HTTP, NATS and LMDB. It ends with its input.',
    )
    .option('--data <folder>', 'keep the data of each node in a folder below this one (default: in memory)')
    .addOption(
      new Option(
        '--workload <name>',
        'what is tested (default: told from the requests; a bare read waits for a write)',
      ).choices(WORKLOADS),
    )
    .addOption(logLevelOption())
    .addHelpText(
      'after',
      examples([
        ['causeway maelstrom --workload lin-kv --data /tmp/nodes', 'what Maelstrom starts for each node'],
        ['maelstrom test -w lin-kv --bin bin/causeway.mjs --node-count 3 -- maelstrom --workload lin-kv', ''],
      ]),
    )
    .action((options: MaelstromOptions) =>
      run(async (terminal) => (await import('../commands/maelstrom.js')).maelstrom(terminal, options)),
    );
}

function logOption(): Option {
  return new Option('--log <format>', 'one line per event on standard error').choices(['text', 'json']).default('text');
}

function logLevelOption(): Option {
  return new Option('--log-level <level>', 'the least that is logged')
    .choices(['debug', 'info', 'warn', 'error'])
    .default('info');
}

/**
 * `npm run proof -- [registers] [claims] [members] [soak]`: the proofs at full size on a lab of this machine, each on a cluster
 * of its own; `soak` only if it is named. Exits with 0 if everything held, 1 if something did not, 2 if a checker could not decide.
 */
import { createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { historyLine } from '../../check/history/line.js';
import { type Lab, startLab } from '../cluster.js';
import { NETWORK_KINDS, type NetworkKind } from '../sites/site.js';
import { type FaultName, faultsOf } from '../workload/faults.js';
import type { NemesisOptions } from '../workload/nemesis.js';
import { proveClaims } from './claims.js';
import { proveMembers } from './members.js';
import { exitCode, isSound, judged, type Outcome, type Run } from './outcome.js';
import { proveRegisters } from './registers.js';
import { renderOutcome } from './render.js';
import { proveSoak } from './soak.js';

const BASE_PORT = 7601;
const PROGRESS_MS = 5_000;
const FAULTS_PER_ROUND = 6;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    operations: { type: 'string', default: '50000' },
    clients: { type: 'string', default: '20' },
    keys: { type: 'string', default: '10' },
    races: { type: 'string', default: '1000' },
    'timeout-ms': { type: 'string', default: '2000' },
    'fault-ms': { type: 'string', default: '2000' },
    'rest-ms': { type: 'string', default: '3000' },
    seconds: { type: 'string', default: '600' },
    rate: { type: 'string', default: '500' },
    'fault-every': { type: 'string', default: '5' },
    network: { type: 'string', default: 'shared' },
    'give-up-ms': { type: 'string', default: '3600000' },
    out: { type: 'string', default: join('.cache', 'proof') },
  },
});

const sizes = {
  seed: wholeNumber('seed'),
  clients: wholeNumber('clients'),
  keys: wholeNumber('keys'),
  timeoutMs: wholeNumber('timeout-ms'),
};
const operations = wholeNumber('operations');

const PROOFS: Readonly<Record<string, (lab: Lab) => Promise<Run>>> = {
  registers: (lab) =>
    proveRegisters({
      ...sizes,
      lab,
      operations,
      objectClients: Math.ceil(sizes.clients / 4),
      giveUpMs: wholeNumber('give-up-ms'),
      nemesis: nemesis(lab),
      progress: nowAndThen((served) => `${served} of ${operations} linearizable operations`),
    }),
  claims: (lab) =>
    proveClaims({
      ...sizes,
      lab,
      races: wholeNumber('races'),
      racers: 5,
      lanes: 4,
      attempts: 1_000,
      nemesis: nemesis(lab),
      progress: nowAndThen((race) => `race ${race}`),
    }),
  members: (lab) => proveMembers({ ...sizes, lab, operationsEach: Math.ceil(operations / 50), report: say }),
  soak: (lab) =>
    proveSoak({
      ...sizes,
      lab,
      seconds: wholeNumber('seconds', 1),
      rate: wholeNumber('rate', 1),
      faults: faultsOf(lab) as readonly [FaultName, ...FaultName[]],
      faultEverySeconds: wholeNumber('fault-every', 1),
      faultsPerRound: FAULTS_PER_ROUND,
      report: say,
    }),
};

const names = positionals.length > 0 ? positionals : ['registers', 'claims', 'members'];
const outcomes: Outcome[] = [];
for (const name of names) outcomes.push(await run(name));
process.exitCode = exitCode(outcomes);

async function run(name: string): Promise<Outcome> {
  const prove = PROOFS[name];
  if (prove === undefined) throw new RangeError(`there is no proof ${name}, but ${Object.keys(PROOFS).join(', ')}`);
  const folder = resolve(values.out);
  const dataFolder = join(folder, `${name}-data`);
  rmSync(dataFolder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const recorded = await record(dataFolder, name, prove);
  await writeHistory(join(folder, `${name}.jsonl`), recorded);
  say(`${name}: ${recorded.history.records.length} operations are judged`);
  const outcome = judged(recorded);
  process.stdout.write(renderOutcome(name, outcome));
  // What went wrong can be looked into; what did not is of no more use.
  if (isSound(outcome)) rmSync(dataFolder, { recursive: true, force: true });
  return outcome;
}

async function record(dataFolder: string, name: string, prove: (lab: Lab) => Promise<Run>): Promise<Run> {
  const ended: string[] = [];
  const report = (line: string): void => void ended.push(line);
  const lab = await startLab({ basePort: BASE_PORT, dataFolder, network: networkKind(), report, announce: say });
  say(`${name}: seed ${sizes.seed}`);
  try {
    const found = await prove(lab);
    return { ...found, troubles: [...found.troubles, ...ended] };
  } finally {
    await lab.stop();
  }
}

function nemesis(lab: Lab): Pick<NemesisOptions, 'faults' | 'lastsMs' | 'restMs' | 'report'> {
  return {
    faults: faultsOf(lab),
    lastsMs: wholeNumber('fault-ms'),
    restMs: wholeNumber('rest-ms'),
    report: ({ fault, replica }) => say(`${fault}: ${replica}`),
  };
}

async function writeHistory(file: string, { history }: Run): Promise<void> {
  const stream = createWriteStream(file);
  for (const record of history.records) stream.write(`${historyLine(record)}\n`);
  stream.end();
  await finished(stream);
}

function networkKind(): NetworkKind {
  const kind = NETWORK_KINDS.find((each) => each === values.network);
  if (kind === undefined) throw new RangeError(`--network is one of ${NETWORK_KINDS.join(', ')}`);
  return kind;
}

function wholeNumber(name: Exclude<keyof typeof values, 'out' | 'network'>, least = 0): number {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < least) {
    throw new RangeError(`--${name} is not a whole number from ${least} upwards`);
  }
  return number;
}

function nowAndThen(lineOf: (count: number) => string): (count: number) => void {
  let saidMs = performance.now();
  return (count) => {
    if (performance.now() - saidMs < PROGRESS_MS) return;
    saidMs = performance.now();
    say(lineOf(count));
  };
}

function say(line: string): void {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(7)} s  ${line}\n`);
}

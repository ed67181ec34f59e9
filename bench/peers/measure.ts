/** One round of one system: three fresh servers, filled, warmed up, measured case by case, and stopped. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../load/client-socket.js';
import type { PeerCase } from './cases.js';
import { LoadGenerator } from './load-generator.js';
import type { LoadOrder, LoadReport } from './load-protocol.js';
import type { PeerOptions } from './options.js';
import type { MeasuredSystem, RunningCluster } from './system.js';

export interface Measurement extends PeerCase, LoadReport {
  readonly round: number;
  readonly system: string;
}

export interface Failure extends Partial<PeerCase> {
  readonly round: number;
  readonly system: string;
  readonly reason: string;
}

export interface RoundResult {
  readonly measurements: readonly Measurement[];
  readonly failures: readonly Failure[];
}

/** Enough connections to fill and to warm up with. */
const FILL_CLIENTS = 32;
/** Servers that compile while they run (V8, the JVM) need some seconds of each operation before they are what they will be. */
const SYSTEM_WARM_UP_FACTOR = 5;

/** Never rejects: what fails is told, and the other systems are measured all the same. */
export async function measureRound(
  system: MeasuredSystem,
  round: number,
  cases: readonly PeerCase[],
  options: PeerOptions,
): Promise<RoundResult> {
  const offered = cases.filter(({ operation }) => system.operations.includes(operation));
  const folder = mkdtempSync(join(options.folder, 'causeway-peers-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const generator = new LoadGenerator();
  let cluster: RunningCluster | undefined;
  try {
    cluster = await system.start(folder, options.valueBytes);
    const load = new ClusterLoad(system, cluster, generator, options, round);
    await load.prepare();
    return await load.measureAll(offered);
  } catch (error) {
    return { measurements: [], failures: [{ round, system: system.name, reason: reasonOf(error) }] };
  } finally {
    generator.stop();
    await cluster?.stop();
    removeFolder();
    process.off('exit', removeFolder);
  }
}

class ClusterLoad {
  readonly #system: MeasuredSystem;
  readonly #cluster: RunningCluster;
  readonly #generator: LoadGenerator;
  readonly #options: PeerOptions;
  readonly #round: number;

  constructor(
    system: MeasuredSystem,
    cluster: RunningCluster,
    generator: LoadGenerator,
    options: PeerOptions,
    round: number,
  ) {
    this.#system = system;
    this.#cluster = cluster;
    this.#generator = generator;
    this.#options = options;
    this.#round = round;
  }

  /** Writes all keys, and runs every operation for a while with nobody looking. */
  async prepare(): Promise<void> {
    const { client, addresses } = this.#cluster;
    const { keys, valueBytes, warmUpMs } = this.#options;
    const [writeTo] = await this.#placed('leader');
    if (writeTo === undefined) throw new Error('there is no leader to write to');
    const common = { client, clients: FILL_CLIENTS, keys, valueBytes };
    await this.#generator.fill({ kind: 'fill', ...common, writeTo, readAt: addresses });
    for (const operation of this.#system.operations) {
      const order = await this.#order({ operation, clients: FILL_CLIENTS, placement: 'spread' });
      await this.#generator.run({ ...order, warmUpMs: 0, measureMs: warmUpMs * SYSTEM_WARM_UP_FACTOR + 1 });
    }
  }

  async measureAll(cases: readonly PeerCase[]): Promise<RoundResult> {
    const measurements: Measurement[] = [];
    const failures: Failure[] = [];
    const facts = { round: this.#round, system: this.#system.name };
    for (const measured of cases) {
      try {
        const report = await this.#generator.run(await this.#order(measured));
        measurements.push({ ...facts, ...measured, ...report });
      } catch (error) {
        failures.push({ ...facts, ...measured, reason: reasonOf(error) });
      }
    }
    return { measurements, failures };
  }

  async #order(measured: PeerCase): Promise<LoadOrder & { kind: 'run' }> {
    const { operation, clients, placement } = measured;
    const { warmUpMs, measureMs, keys, valueBytes } = this.#options;
    const atLeader = this.#system.writesAtLeaderOnly === true && operation.endsWith('write');
    const addresses = await this.#placed(atLeader ? 'leader' : placement);
    const { client } = this.#cluster;
    const seed = this.#round;
    return { kind: 'run', client, operation, addresses, clients, warmUpMs, measureMs, keys, valueBytes, seed };
  }

  async #placed(placement: PeerCase['placement']): Promise<readonly Address[]> {
    const { addresses } = this.#cluster;
    if (placement === 'spread') return addresses;
    const leader = addresses[await this.#cluster.leader()];
    if (leader === undefined) throw new Error('no server leads');
    return [leader];
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

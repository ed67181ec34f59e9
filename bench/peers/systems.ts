/** The systems that are measured, which of them are here, and in which order a round takes them. */
import type { MeasuredVersion } from './report.js';
import type { MeasuredSystem } from './system.js';
import { bareNode } from './systems/bare-node.js';
import { causeway } from './systems/causeway.js';
import { etcd } from './systems/etcd.js';
import { jetStreamDefault, jetStreamSynced } from './systems/jetstream.js';
import { redis } from './systems/redis.js';
import { zookeeper } from './systems/zookeeper.js';

export const SYSTEMS: readonly MeasuredSystem[] = [
  causeway,
  etcd,
  zookeeper,
  jetStreamSynced,
  jetStreamDefault,
  redis,
  bareNode,
];

interface Found {
  readonly systems: readonly MeasuredSystem[];
  readonly versions: readonly MeasuredVersion[];
  /** A line for each that was asked for and is not here. */
  readonly skipped: readonly string[];
}

/** @throws Error if `only` names what is not measured here. */
export async function findSystems(all: readonly MeasuredSystem[], only: readonly string[]): Promise<Found> {
  const unknown = only.filter((name) => !all.some((system) => shortName(system) === name));
  if (unknown.length > 0) {
    throw new Error(`no system ${unknown.join(', ')}; there are ${[...new Set(all.map(shortName))].join(', ')}`);
  }
  const systems: MeasuredSystem[] = [];
  const versions: MeasuredVersion[] = [];
  const skipped: string[] = [];
  for (const system of all.filter((system) => only.length === 0 || only.includes(shortName(system)))) {
    const { name, durability } = system;
    const presence = await system.find();
    if (presence.kind === 'missing') {
      skipped.push(`${name}: ${presence.reason}`);
    } else {
      systems.push(system);
      versions.push({ system: name, version: presence.version, durability });
    }
  }
  return { systems, versions, skipped };
}

function shortName({ name }: MeasuredSystem): string {
  return name.toLowerCase().replace(/ .*/, '');
}

/** Round `n` begins with the system after the one that round `n - 1` began with. */
export function inTurn<T>(systems: readonly T[], round: number): readonly T[] {
  const first = (round - 1) % systems.length;
  return [...systems.slice(first), ...systems.slice(0, first)];
}

/** How the stories write down what planes say and hold: `r1.3` for a dot, `r1'` for the second incarnation of r1. */
import type { Origin } from '../../../src/base/ids.js';
import type { Dot } from '../../../src/clocks/dot.js';
import type { VersionVector } from '../../../src/clocks/version-vector.js';
import type { Outgoing, PlaneMessage } from '../../../src/replication/messages.js';
import type { WriteGroup } from '../../../src/replication/write-group.js';
import type { PlaneReplica } from '../../support/plane-replica.js';

export function nameOrigin(origin: Origin): string {
  const [replica = '', nonce = '1'] = origin.split('~');
  return replica + "'".repeat(Number.parseInt(nonce, 16) - 1);
}

export function nameDot({ origin, counter }: Dot): string {
  return `${nameOrigin(origin)}.${counter}`;
}

export function nameVector(vector: VersionVector): string {
  const entries = vector.entries().map(([origin, counter]) => `${nameOrigin(origin)}:${counter}`);
  return `{${entries.join(' ')}}`;
}

export function nameGroups(groups: Iterable<WriteGroup>): string {
  const names = [...groups].map(({ dot }) => nameDot(dot));
  return names.length === 0 ? 'nothing' : names.join(' ');
}

export function nameMessage(message: PlaneMessage): string {
  switch (message.kind) {
    case 'groups':
      return `groups ${nameGroups(message.groups)}${message.wantReport ? ', report wanted' : ''}`;
    case 'report':
      return `report ${nameVector(message.vector)}`;
    case 'digest':
      return [
        `digest ${nameVector(message.vector)}`,
        ...(message.floor.size > 0 ? [`floor ${nameVector(message.floor)}`] : []),
        ...(message.holding.length > 0 ? [`holding ${message.holding.map(nameOrigin).join(' ')}`] : []),
        ...(message.wantReply ? ['reply wanted'] : []),
      ].join(', ');
    case 'fetch': {
      const ranges = message.ranges.map(({ origin, have, need }) => `${nameOrigin(origin)}.${have + 1}-${need}`);
      return `fetch ${ranges.join(' ')}`;
    }
    case 'fetched':
      return message.behind
        ? `fetched: too far behind, floor ${nameVector(message.floor)}`
        : `fetched ${nameGroups(message.groups)}`;
    case 'snapshot-fetch':
      return `ask for snapshot page after ${nameKey(message.cursor.after)}`;
    case 'snapshot-page': {
      const keys = message.entries.map(({ key }) => nameKey(key)).join(' ');
      const state = `at ${nameVector(message.vector)}`;
      return `snapshot page ${keys} ${state}${message.next === undefined ? ', the last' : ''}`;
    }
    case 'snapshot-gone':
      return 'snapshot gone';
  }
}

export function nameOutgoing(from: string, { to, message }: Outgoing): string {
  return `${from} -> ${to}: ${nameMessage(message)}`;
}

function nameKey(key: Uint8Array | undefined): string {
  return key === undefined ? 'the beginning' : Buffer.from(key).toString();
}

/** Everything there is to know of a replica, empty parts left out. */
export function portray(replica: PlaneReplica): string[] {
  const { plane, disk } = replica;
  const parts: [string, string][] = [
    ['durable', nameVector(plane.durable)],
    ['applied', plane.applied.equals(plane.durable) ? '{}' : nameVector(plane.applied)],
    ['waiting', nameGroups(plane.bufferedGroups())],
    ['stable', nameVector(plane.stable)],
    ['forgotten', nameVector(plane.forgotten)],
    ['floor', nameVector(plane.floor)],
    ['installing', plane.installing ? 'yes' : ''],
    ['restored', plane.restored === undefined ? '' : `a peer has ${plane.restored}`],
    ['counters', nameCounters(plane.counters)],
    ['keys', nameKeys(disk.keys)],
  ];
  return parts
    .filter(([name, text]) => name === 'durable' || !['', '{}', 'nothing'].includes(text))
    .map(([name, text]) => `${name.padEnd(11)}${text}`);
}

function nameKeys(keys: PlaneReplica['disk']['keys']): string {
  const texts = [...keys].sort().map(([key, versions]) => {
    const values = versions.map(({ value, dot }) => `${value ?? 'deleted'}@${nameDot(dot)}`);
    return `${key}=${values.join('|')}`;
  });
  return texts.join(' ');
}

function nameCounters(counters: PlaneReplica['plane']['counters']): string {
  const entries = Object.entries(counters).filter(([, count]) => count > 0);
  return entries.map(([name, count]) => `${name} ${count}`).join(', ');
}

import { describe, expect, it } from 'vitest';
import { createMemoryTime, type MemoryTime } from '../../../src/adapters/memory-time.js';
import { createMemoryNetwork } from '../../../src/adapters/memory-transport.js';
import { makeOrigin, parseClusterId, parseReplicaId, type ReplicaId } from '../../../src/base/ids.js';
import type { LinkFault } from '../../../src/replica/faults/fault-control.js';
import { FaultFilter } from '../../../src/replica/faults/fault-filter.js';
import { FaultTable } from '../../../src/replica/faults/fault-table.js';
import { decodeEnvelope, encodeEnvelope } from '../../../src/replica/wire/envelope.js';
import { seededRandom } from '../../support/seeded-random.js';

const CLUSTER = parseClusterId('c');
const IDS = ['r1', 'r2', 'r3'].map(parseReplicaId) as [ReplicaId, ReplicaId, ReplicaId];
const [r1, r2, r3] = IDS;
const SEED = 20_260_101;

interface Member {
  readonly table: FaultTable;
  readonly filter: FaultFilter;
  /** Number and moment of each message that came through. */
  readonly inbox: { readonly number: number; readonly atMs: number }[];
}

interface Net {
  readonly time: MemoryTime;
  readonly members: ReadonlyMap<ReplicaId, Member>;
  readonly of: (id: ReplicaId) => Member;
}

/** Three members behind filters; the network itself takes no time and loses nothing. */
function network(): Net {
  const time = createMemoryTime();
  const random = seededRandom(SEED);
  const net = createMemoryNetwork({ time, random, deliver: () => [0] });
  const members = new Map(
    IDS.map((id): [ReplicaId, Member] => {
      const table = new FaultTable(time);
      const filter = new FaultFilter(id, () => IDS, net.connect(id), table, time, random);
      const inbox: Member['inbox'] = [];
      filter.onMessage((bytes) => {
        const result = decodeEnvelope(CLUSTER, bytes);
        if (result.kind === 'envelope') inbox.push({ number: result.envelope.sender.boot, atMs: time.monotonicMs() });
      });
      return [id, { table, filter, inbox }];
    }),
  );
  return { time, members, of: (id) => members.get(id) as Member };
}

function message(from: ReplicaId, number = 0): Uint8Array {
  const sender = { cluster: CLUSTER, replica: from, origin: makeOrigin(from, 1), boot: number };
  return encodeEnvelope(sender, 1, new Uint8Array(8));
}

function link(from: ReplicaId, to: ReplicaId, fault: Partial<LinkFault>): LinkFault {
  return { kind: 'link', from, to, drop: 0, delayMs: 0, jitterMs: 0, duplicate: 0, ttlMs: 60_000, ...fault };
}

/** Tell `told` of the fault, send many messages from r1 to r2, and let them arrive. */
function sendMany(net: Net, told: readonly ReplicaId[], fault: Partial<LinkFault>, count: number): Member['inbox'] {
  for (const id of told) net.of(id).table.put(link(r1, r2, fault));
  for (let i = 0; i < count; i += 1) net.of(r1).filter.send(r2, message(r1, i));
  net.time.advance(10_000);
  return net.of(r2).inbox;
}

const EVERYBODY: readonly (readonly ReplicaId[])[] = [[r1], [r2], [r1, r2]];

describe('a cut', () => {
  it('holds in both directions, although only one side was told', () => {
    for (const told of [r1, r2]) {
      const net = network();
      net.of(told).table.put({ kind: 'partition', name: 'p', groups: [[r1], [r2, r3]], ttlMs: 60_000 });
      net.of(r1).filter.send(r2, message(r1));
      net.of(r2).filter.send(r1, message(r2));
      net.of(r1).filter.broadcast(message(r1));
      net.of(r2).filter.broadcast(message(r2));
      net.time.advance(10);
      expect([net.of(r1).inbox, net.of(r2).inbox]).toEqual([[], []]);
      expect(net.of(r3).inbox).toHaveLength(told === r1 ? 1 : 2);
    }
  });

  it('ends by itself', () => {
    const net = network();
    net.of(r1).table.put({ kind: 'partition', name: 'p', groups: [[r1], [r2, r3]], ttlMs: 500 });
    net.time.advance(500);
    net.of(r1).filter.broadcast(message(r1));
    net.of(r2).filter.send(r1, message(r2));
    net.time.advance(0);
    expect([r1, r2, r3].map((id) => net.of(id).inbox.length)).toEqual([1, 1, 1]);
  });
});

describe('a link fault', () => {
  it('loses the share of messages it should, whoever was told, and not twice if both were', () => {
    for (const told of EVERYBODY) {
      const arrived = sendMany(network(), told, { drop: 0.3 }, 10_000).length;
      expect(arrived, `told ${told.join()}`).toBeGreaterThan(6_800);
      expect(arrived, `told ${told.join()}`).toBeLessThan(7_200);
    }
  });

  it('delays by what it says, once, and its jitter reorders', () => {
    for (const told of EVERYBODY) {
      const inbox = sendMany(network(), told, { delayMs: 100, jitterMs: 50 }, 500);
      expect(inbox).toHaveLength(500);
      for (const { atMs } of inbox) {
        expect(atMs).toBeGreaterThanOrEqual(100);
        expect(atMs).toBeLessThan(150);
      }
      expect(inbox.some(({ number }, i) => number < (inbox[i - 1]?.number ?? 0))).toBe(true);
      expect(new Set(inbox.map(({ atMs }) => Math.floor(atMs / 10)))).toEqual(new Set([10, 11, 12, 13, 14]));
    }
  });

  it('doubles the share of messages it should, and never makes three of one', () => {
    for (const told of EVERYBODY) {
      const inbox = sendMany(network(), told, { duplicate: 0.2 }, 5_000);
      const copies = new Map<number, number>();
      for (const { number } of inbox) copies.set(number, (copies.get(number) ?? 0) + 1);
      expect(copies.size).toBe(5_000);
      expect(Math.max(...copies.values())).toBe(2);
      expect(inbox.length - 5_000, `told ${told.join()}`).toBeGreaterThan(900);
      expect(inbox.length - 5_000, `told ${told.join()}`).toBeLessThan(1_100);
    }
  });

  it('is of one direction and one pair: the way back and other links are as they were', () => {
    const net = network();
    net.of(r1).table.put(link(r1, r2, { drop: 1 }));
    net.of(r1).filter.broadcast(message(r1));
    net.of(r2).filter.send(r1, message(r2));
    net.time.advance(0);
    expect([r1, r2, r3].map((id) => net.of(id).inbox.length)).toEqual([1, 0, 1]);
  });

  it('of other replicas does nothing here', () => {
    const net = network();
    net.of(r3).table.put(link(r1, r2, { drop: 1 }));
    net.of(r1).filter.send(r2, message(r1));
    net.of(r1).filter.send(r3, message(r1));
    net.time.advance(0);
    expect([r2, r3].map((id) => net.of(id).inbox.length)).toEqual([1, 1]);
  });
});

describe('the filter', () => {
  it('lets messages through that name no sender, for whoever reads them to refuse', () => {
    const net = network();
    const received: number[] = [];
    const plain = createMemoryNetwork({ time: net.time, random: seededRandom(SEED), deliver: () => [0] });
    const table = new FaultTable(net.time);
    const filter = new FaultFilter(r1, () => IDS, plain.connect(r1), table, net.time, seededRandom(SEED));
    filter.onMessage((bytes) => received.push(bytes.length));
    table.put(link(r2, r1, { drop: 1 }));
    plain.connect(r2).send(r1, Uint8Array.of(1, 2, 3));
    net.time.advance(0);
    expect(received).toEqual([3]);
  });

  it('passes nothing on that it held back when it was closed', async () => {
    const net = network();
    for (const id of IDS) {
      net.of(id).table.put(link(r1, r2, { delayMs: 100 }));
    }
    net.of(r3).table.put(link(r1, r3, { delayMs: 100 }));
    net.of(r1).filter.send(r2, message(r1));
    net.of(r1).filter.send(r3, message(r1));
    net.time.advance(50);
    await net.of(r1).filter.close();
    await net.of(r3).filter.close();
    net.time.advance(1_000);
    expect([r2, r3].map((id) => net.of(id).inbox)).toEqual([[], []]);
  });
});

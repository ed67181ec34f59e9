/**
 * What every transport must do. An adapter's test is a world in which members can be opened and the thing between
 * them can be killed and brought back, plus one call.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type ClusterId, parseClusterId, parseReplicaId, type ReplicaId } from '../../src/base/ids.js';
import { LIMITS } from '../../src/base/limits.js';
import type { Transport, TransportStatus } from '../../src/ports/transport.js';

export interface TransportWorld {
  connect(cluster: ClusterId, self: ReplicaId): Promise<Transport>;
  /** Kill what is between the members, with no chance to say goodbye. */
  kill(): Promise<void>;
  /** Bring it back, at the same address. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Longest wait for something that happens within milliseconds on an idle machine. */
const PATIENCE_MS = 15_000;
/** Long enough for a message that should not arrive to show itself. */
const QUIET_MS = 30;
const LARGEST_BYTES = LIMITS.messageMaxBytes + 64 * 1024;

const C1 = parseClusterId('c1');
const C2 = parseClusterId('c2');
const A = parseReplicaId('r1');
const B = parseReplicaId('r2');
const C = parseReplicaId('r3');

/** A member with all it received and every change of status. */
interface Member {
  readonly transport: Transport;
  readonly received: Uint8Array[];
  readonly statuses: TransportStatus[];
}

export function describeTransport(name: string, openWorld: (begin: 'up' | 'down') => Promise<TransportWorld>): void {
  const opened: { close(): Promise<void> }[] = [];

  async function world(begin: 'up' | 'down' = 'up'): Promise<TransportWorld> {
    const created = await openWorld(begin);
    opened.push(created);
    return created;
  }

  async function member(where: TransportWorld, cluster: ClusterId, self: ReplicaId): Promise<Member> {
    const transport = await where.connect(cluster, self);
    opened.push(transport);
    const joined: Member = { transport, received: [], statuses: [] };
    transport.onMessage((bytes) => joined.received.push(bytes));
    transport.onStatus((status) => joined.statuses.push(status));
    return joined;
  }

  afterEach(async () => {
    for (const each of opened.splice(0).reverse()) await each.close();
  });

  describe(`transport: ${name}`, () => {
    test('a directed message reaches its target and nobody else', async () => {
      const where = await world();
      const [a, b, c] = [await member(where, C1, A), await member(where, C1, B), await member(where, C1, C)];
      a.transport.send(B, text('for r2'));
      await eventually(() => expect(texts(b)).toEqual(['for r2']));
      await sleep(QUIET_MS);
      expect(texts(a)).toEqual([]);
      expect(texts(c)).toEqual([]);
    });

    test('a broadcast reaches every other member and not its sender', async () => {
      const where = await world();
      const [a, b, c] = [await member(where, C1, A), await member(where, C1, B), await member(where, C1, C)];
      a.transport.broadcast(text('for all'));
      await eventually(() => expect([texts(b), texts(c)]).toEqual([['for all'], ['for all']]));
      await sleep(QUIET_MS);
      expect(texts(a)).toEqual([]);
    });

    test('a message to an id that nobody has is lost without a trace', async () => {
      const where = await world();
      const [a, b] = [await member(where, C1, A), await member(where, C1, B)];
      a.transport.send(C, text('lost'));
      a.transport.send(B, text('found'));
      await eventually(() => expect(texts(b)).toEqual(['found']));
      expect(a.statuses).toEqual([]);
    });

    test('messages of another cluster are never seen, under the same ids', async () => {
      const where = await world();
      const [a, b] = [await member(where, C1, A), await member(where, C1, B)];
      const [foreignA, foreignB] = [await member(where, C2, A), await member(where, C2, B)];
      a.transport.broadcast(text('c1'));
      a.transport.send(B, text('c1'));
      foreignA.transport.broadcast(text('c2'));
      foreignA.transport.send(B, text('c2'));
      await eventually(() => expect([b.received.length, foreignB.received.length]).toEqual([2, 2]));
      await sleep(QUIET_MS);
      expect(texts(b)).toEqual(['c1', 'c1']);
      expect(texts(foreignB)).toEqual(['c2', 'c2']);
    });

    test('two members may share an id, and each gets what is sent to it', async () => {
      const where = await world();
      const [a, first, second] = [await member(where, C1, A), await member(where, C1, B), await member(where, C1, B)];
      a.transport.send(B, text('for both'));
      await eventually(() => expect([texts(first), texts(second)]).toEqual([['for both'], ['for both']]));
    });

    test.each([0, 1, 2, 127, 4095, 4096, 4097, 65_535, 65_536, 300_001, 900 * 1024, LARGEST_BYTES])(
      'a payload of %i bytes arrives as it was sent',
      async (size) => {
        const where = await world();
        const [a, b] = [await member(where, C1, A), await member(where, C1, B)];
        const payload = Uint8Array.from({ length: size }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
        a.transport.send(B, payload);
        a.transport.broadcast(payload);
        await eventually(() => expect(b.received.length).toBe(2));
        expect(b.received.every((bytes) => equal(bytes, payload))).toBe(true);
      },
    );

    test('any bytes arrive as they were sent, those of the wire protocol included', async () => {
      const where = await world();
      const [a, b] = [await member(where, C1, A), await member(where, C1, B)];
      const piece = fc.oneof(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom('\r\n', 'PING\r\n', "-ERR 'x'\r\n", 'MSG a 1 5\r\n', 'PUB causeway.c1.all 1\r\n').map(text),
      );
      const payload = fc.array(piece, { maxLength: 6 }).map((pieces) => Buffer.concat(pieces));
      const checkPayloads = fc.asyncProperty(fc.array(payload, { minLength: 1, maxLength: 20 }), async (payloads) => {
        b.received.length = 0;
        for (const bytes of payloads) a.transport.send(B, bytes);
        await eventually(() => expect(b.received.length).toBe(payloads.length));
        expect(b.received.map(hex).sort()).toEqual(payloads.map(hex).sort());
      });
      await fc.assert(checkPayloads, { numRuns: 25 });
    });

    test('received bytes do not change when more arrives', async () => {
      const where = await world();
      const [a, b] = [await member(where, C1, A), await member(where, C1, B)];
      const payloads = Array.from({ length: 400 }, (_, at) => new Uint8Array(1000).fill(at & 0xff));
      for (const bytes of payloads) {
        a.transport.send(B, bytes);
        await sleep(0);
      }
      await eventually(() => expect(b.received.length).toBe(payloads.length));
      expect(b.received.map(hex).sort()).toEqual(payloads.map(hex).sort());
    });

    test('what is received belongs to the receiver: not shared with the sender, nor with another receiver', async () => {
      const where = await world();
      const [a, b, c] = [await member(where, C1, A), await member(where, C1, B), await member(where, C1, C)];
      const sent = Buffer.from('precious');
      a.transport.broadcast(sent);
      await eventually(() => expect([b.received.length, c.received.length]).toEqual([1, 1]));
      b.received[0]?.fill(0);
      expect(sent.toString()).toBe('precious');
      expect(texts(c)).toEqual(['precious']);
      // A Buffer would pass for one, but its `slice` does not copy.
      expect(c.received[0]?.constructor).toBe(Uint8Array);
    });

    test('a burst of 10,000 broadcasts in one turn arrives whole, once, at everyone', async () => {
      const where = await world();
      const [a, b, c] = [await member(where, C1, A), await member(where, C1, B), await member(where, C1, C)];
      const numbers = Array.from({ length: 10_000 }, (_, at) => `message ${at}`);
      for (const number of numbers) a.transport.broadcast(text(number));
      await eventually(() => expect([b.received.length, c.received.length]).toEqual([10_000, 10_000]));
      for (const each of [b, c]) expect(new Set(texts(each))).toEqual(new Set(numbers));
    });

    test('a message over the limit harms nothing but itself', async () => {
      const where = await world();
      const [a, b] = [await member(where, C1, A), await member(where, C1, B)];
      a.transport.send(B, new Uint8Array(LARGEST_BYTES + 1));
      a.transport.broadcast(new Uint8Array(8 * 1024 * 1024));
      a.transport.send(B, text('after'));
      await eventually(() => expect(texts(b)).toContain('after'));
      expect(a.statuses).toEqual([]);
      expect(a.transport.status().connected).toBe(true);
    });

    test('when what is between them dies members are told, drop what they send, and go on when it is back', async () => {
      const where = await world();
      const [a, b] = [await member(where, C1, A), await member(where, C1, B)];
      await where.kill();
      await eventually(() => expect([isConnected(a), isConnected(b)]).toEqual([false, false]));
      for (let n = 0; n < 500; n += 1) {
        a.transport.send(B, new Uint8Array(64 * 1024));
        a.transport.broadcast(text('into the void'));
      }
      await where.restart();
      await eventually(() => expect([isConnected(a), isConnected(b)]).toEqual([true, true]));
      a.transport.send(B, text('directed'));
      b.transport.broadcast(text('broadcast'));
      await eventually(() => expect([texts(a), texts(b)]).toEqual([['broadcast'], ['directed']]));
      for (const each of [a, b]) expect(each.statuses.map(({ connected }) => connected)).toEqual([false, true]);
    });

    test('a member opens while what is between them is down, and is connected when it comes up', async () => {
      const where = await world('down');
      const [a, b] = [await member(where, C1, A), await member(where, C1, B)];
      expect([isConnected(a), isConnected(b)]).toEqual([false, false]);
      a.transport.broadcast(text('too early'));
      await where.restart();
      await eventually(() => expect([isConnected(a), isConnected(b)]).toEqual([true, true]));
      a.transport.broadcast(text('in time'));
      await eventually(() => expect(texts(b)).toEqual(['in time']));
      expect(a.statuses.map(({ connected }) => connected)).toEqual([true]);
    });

    test('close sends what is buffered, and afterwards the member is silent and deaf', async () => {
      const where = await world();
      const [a, b] = [await member(where, C1, A), await member(where, C1, B)];
      // More than the system takes from a socket at once.
      for (let n = 0; n < 100; n += 1) a.transport.send(B, new Uint8Array(64 * 1024));
      await a.transport.close();
      a.transport.send(B, text('after'));
      b.transport.broadcast(text('to nobody'));
      await eventually(() => expect(b.received.length).toBe(100));
      await sleep(QUIET_MS);
      expect(b.received.length).toBe(100);
      expect(a.received).toEqual([]);
      expect(a.statuses).toEqual([]);
      expect(isConnected(a)).toBe(false);
      await a.transport.close();
    });

    test.each(['up', 'down'] as const)('close leaves no socket behind when the network is %s', async (begin) => {
      const where = await world(begin);
      const before = openSockets();
      const members = [await where.connect(C1, A), await where.connect(C1, B)];
      await Promise.all(members.map((transport) => transport.close()));
      await untilWithoutTimers(() => openSockets() <= before);
      expect(openSockets()).toBeLessThanOrEqual(before);
    });
  });
}

function isConnected({ transport }: Member): boolean {
  return transport.status().connected;
}

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

function texts({ received }: Member): string[] {
  return received.map((bytes) => Buffer.from(bytes).toString());
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** `toEqual` on a megabyte takes seconds. */
function equal(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: 5 });
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length;
}

async function untilWithoutTimers(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (!condition() && performance.now() < deadlineMs) await new Promise((resolve) => setImmediate(resolve));
}

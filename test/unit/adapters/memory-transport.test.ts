import { describe, expect, test } from 'vitest';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { createMemoryNetwork, type DeliveryPolicy } from '../../../src/adapters/memory-transport.js';
import { parseReplicaId } from '../../../src/base/ids.js';
import type { Random } from '../../../src/ports/random.js';

const A = parseReplicaId('r1');
const B = parseReplicaId('r2');

/** A small generator (mulberry32): these tests need numbers that can be had again. */
function seeded(seed: number): Random {
  let state = seed >>> 0;
  const u32 = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { u32, float: () => u32() / 2 ** 32 };
}

function network(seed: number, deliver?: DeliveryPolicy) {
  const time = createMemoryTime();
  const net = createMemoryNetwork({ time, random: seeded(seed), ...(deliver === undefined ? {} : { deliver }) });
  const [a, b] = [net.connect(A), net.connect(B)];
  const received: string[] = [];
  b.onMessage((bytes) => received.push(`${bytes[0]} at ${time.monotonicMs().toFixed(6)}`));
  return { time, net, a, b, received };
}

describe('the memory network', () => {
  test('nothing is delivered before time passes', () => {
    const { time, a, received } = network(1);
    a.send(B, Uint8Array.of(1));
    expect(received).toEqual([]);
    time.advance(1);
    expect(received).toHaveLength(1);
  });

  test('the same seed gives the same run, another seed another', () => {
    const run = (seed: number): string[] => {
      const { time, a, received } = network(seed);
      for (let n = 0; n < 50; n += 1) a.send(B, Uint8Array.of(n));
      time.advance(10);
      return received;
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  test('by default messages overtake each other and none is lost or doubled', () => {
    const { time, a, received } = network(3);
    for (let n = 0; n < 50; n += 1) a.send(B, Uint8Array.of(n));
    time.advance(10);
    const order = received.map((line) => Number.parseInt(line, 10));
    expect([...order].sort((x, y) => x - y)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(order).not.toEqual([...order].sort((x, y) => x - y));
  });

  test('a policy decides for each message and link what is lost, late or doubled', () => {
    const asked: string[] = [];
    const { time, a, b, received } = network(1, (from, to, bytes) => {
      asked.push(`${from} ${to} ${bytes[0]}`);
      return bytes[0] === 1 ? [] : bytes[0] === 2 ? [5, 2] : [1];
    });
    for (const value of [1, 2, 3]) a.send(B, Uint8Array.of(value));
    b.broadcast(Uint8Array.of(4));
    time.advance(10);
    expect(received).toEqual(['3 at 1.000000', '2 at 2.000000', '2 at 5.000000']);
    expect(asked).toEqual(['r1 r2 1', 'r1 r2 2', 'r1 r2 3', 'r2 r1 4']);
  });

  test('what is under way when the network goes down does not arrive after it is back', () => {
    const { time, net, a, received } = network(1, () => [5]);
    a.send(B, Uint8Array.of(1));
    net.setOnline(false);
    net.setOnline(true);
    a.send(B, Uint8Array.of(2));
    time.advance(10);
    expect(received).toEqual(['2 at 5.000000']);
  });
});

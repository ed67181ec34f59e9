/** Lamport's clock condition, on histories of events at several origins and the messages between them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../src/base/assert.js';
import {
  compareLamport,
  type LamportStamp,
  startLamport,
  tickLamport,
  witnessLamport,
} from '../../../src/clocks/lamport-clock.js';
import { FEW_ORIGINS, fewOrigins } from './arbitraries.js';

interface Event {
  readonly stamp: LamportStamp;
  readonly past: ReadonlySet<Event>;
}

/** Each pair is an event at the first origin after it received the newest event of the second (its own: nothing new). */
const scripts = fc.array(fc.tuple(fewOrigins, fewOrigins), { maxLength: 60, size: 'max' });

function play(script: readonly (readonly [string, string])[]): Event[] {
  const clocks = new Map<string, LamportStamp>(FEW_ORIGINS.map((origin) => [origin, startLamport(origin)]));
  const newest = new Map<string, Event>();
  const history: Event[] = [];
  for (const [at, from] of script) {
    const message = newest.get(from);
    const clock = clocks.get(at) as LamportStamp;
    const stamp = tickLamport(message === undefined ? clock : witnessLamport(clock, message.stamp));
    const causes = [newest.get(at), message].filter((cause) => cause !== undefined);
    const event = { stamp, past: new Set(causes.flatMap((cause) => [...cause.past, cause])) };
    clocks.set(at, stamp);
    newest.set(at, event);
    history.push(event);
  }
  return history;
}

describe('Lamport clocks', () => {
  it('order every event after the events that happened before it', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        for (const { stamp, past } of play(script)) {
          for (const cause of past) {
            expect(cause.stamp.time).toBeLessThan(stamp.time);
            expect(compareLamport(cause.stamp, stamp)).toBeLessThan(0);
          }
        }
      }),
    );
  });

  it('tell any two events apart and order them the same way from both sides', () => {
    fc.assert(
      fc.property(scripts, (script) => {
        const stamps = play(script).map(({ stamp }) => stamp);
        for (const [i, a] of stamps.entries()) {
          for (const [j, b] of stamps.entries()) {
            expect(compareLamport(a, b) === 0).toBe(i === j);
            expect(Math.sign(compareLamport(a, b)) + Math.sign(compareLamport(b, a))).toBe(0);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('keep the stamps of an origin its own and start at 1', () => {
    const [first] = play([['log', 'log']]) as [Event];
    expect(first.stamp).toEqual({ time: 1, origin: 'log' });
  });

  it('do not run back when they witness the past', () => {
    const clock = { time: 9, origin: FEW_ORIGINS[1] as LamportStamp['origin'] };
    expect(witnessLamport(clock, startLamport(FEW_ORIGINS[2] as LamportStamp['origin']))).toBe(clock);
  });

  it('at the end of their range are a broken invariant', () => {
    const last = { time: Number.MAX_SAFE_INTEGER, origin: FEW_ORIGINS[0] as LamportStamp['origin'] };
    expect(() => tickLamport(last)).toThrow(InvariantError);
  });
});

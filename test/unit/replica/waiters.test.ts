import { describe, expect, it } from 'vitest';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { CausewayError } from '../../../src/base/errors.js';
import { makeOrigin, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { formatDot } from '../../../src/clocks/dot.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { CoverageWaiters } from '../../../src/replica/causal/coverage-waiters.js';
import { DurabilityWaiters } from '../../../src/replica/causal/durability-waiters.js';

const A = makeOrigin(parseReplicaId('r1'), 1);
const B = makeOrigin(parseReplicaId('r2'), 2);

/** The end of a promise, as text, once it has one. */
function watch(promise: Promise<void>): { end: string } {
  const seen = { end: 'waits' };
  promise.then(
    () => {
      seen.end = 'done';
    },
    (error: unknown) => {
      seen.end = error instanceof CausewayError ? error.code : String(error);
    },
  );
  return seen;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('requests that wait for what their token names', () => {
  function coverage() {
    const time = createMemoryTime();
    const state = { durable: VersionVector.of([[A, 5]]), usable: true };
    return { time, state, waiters: new CoverageWaiters(time, () => state) };
  }

  it('go on when everything is there, each as soon as it can', async () => {
    const { state, waiters } = coverage();
    const [first, second] = [
      VersionVector.of([[A, 6]]),
      VersionVector.of([
        [A, 6],
        [B, 1],
      ]),
    ];
    expect([waiters.covered(VersionVector.of([[A, 5]])), waiters.covered(first)]).toEqual([true, false]);
    const ends = [first, second].map((token) => watch(waiters.wait(token, 1_000, undefined)));
    waiters.wake();
    await turn();
    expect(ends.map(({ end }) => end)).toEqual(['waits', 'waits']);
    state.durable = first;
    waiters.wake();
    await turn();
    expect(ends.map(({ end }) => end)).toEqual(['done', 'waits']);
    state.durable = second;
    waiters.wake();
    await turn();
    expect([ends[1]?.end, waiters.size]).toEqual(['done', 0]);
  });

  it('wait on while a snapshot is being installed, whatever the vector says', async () => {
    const { state, waiters, time } = coverage();
    state.usable = false;
    expect(waiters.covered(VersionVector.EMPTY)).toBe(false);
    const end = watch(waiters.wait(VersionVector.EMPTY, 1_000, undefined));
    waiters.wake();
    time.advance(999);
    await turn();
    expect(end.end).toBe('waits');
    state.usable = true;
    waiters.wake();
    await turn();
    expect(end.end).toBe('done');
  });

  it('are refused in time, with exactly the dots that are missing', async () => {
    const { waiters, time } = coverage();
    const token = VersionVector.of([
      [A, 7],
      [B, 2],
    ]);
    const refusal = waiters.wait(token, 250, undefined).catch((error: unknown) => error);
    time.advance(250);
    expect(await refusal).toMatchObject({
      code: 'causal-wait-timeout',
      facts: {
        missing: [
          { origin: A, have: 5, need: 7 },
          { origin: B, have: 0, need: 2 },
        ],
        served: ['eventual'],
      },
    });
    expect(waiters.size).toBe(0);
  });

  it('stop when the client goes away, also if it had gone before', async () => {
    const { waiters } = coverage();
    const token = VersionVector.of([[B, 1]]);
    const client = new AbortController();
    const end = watch(waiters.wait(token, 1_000, client.signal));
    const gone = watch(waiters.wait(token, 1_000, AbortSignal.abort()));
    await turn();
    expect([end.end, gone.end]).toEqual(['waits', 'causal-wait-timeout']);
    client.abort();
    await turn();
    expect([end.end, waiters.size]).toEqual(['causal-wait-timeout', 0]);
  });

  it('are bounded: one too many is refused as overloaded, and all can be failed together', async () => {
    const { waiters } = coverage();
    const token = VersionVector.of([[B, 1]]);
    const ends = Array.from({ length: LIMITS.waitersMax }, () => watch(waiters.wait(token, 1_000, undefined)));
    const late = watch(waiters.wait(token, 1_000, undefined));
    await turn();
    expect(late.end).toBe('overloaded');
    waiters.failAll(new CausewayError('shutting-down', 'test'));
    await turn();
    expect(new Set(ends.map(({ end }) => end))).toEqual(new Set(['shutting-down']));
    expect(waiters.size).toBe(0);
  });
});

describe('writes that wait for more than local durability', () => {
  function durability() {
    const time = createMemoryTime();
    const holders = new Map<string, number>();
    const waiters = new DurabilityWaiters(time, (dot) => holders.get(formatDot(dot)) ?? 1);
    return { time, holders, waiters };
  }
  const a = (counter: number) => ({ origin: A, counter });
  const b = (counter: number) => ({ origin: B, counter });

  it('go on when as many members as they need have them', async () => {
    const { holders, waiters } = durability();
    const [two, three] = [watch(waiters.wait(a(1), 2, 1_000)), watch(waiters.wait(a(1), 3, 1_000))];
    const local = watch(waiters.wait(a(1), 1, 1_000));
    await turn();
    expect([two.end, three.end, local.end]).toEqual(['waits', 'waits', 'done']);
    holders.set(formatDot(a(1)), 2);
    waiters.wake();
    await turn();
    expect([two.end, three.end]).toEqual(['done', 'waits']);
    holders.set(formatDot(a(1)), 3);
    waiters.wake();
    await turn();
    expect(three.end).toBe('done');
  });

  it('do not wait for one another: neither for a later write, nor for one of another origin', async () => {
    const { holders, waiters } = durability();
    const ends = [a(9), b(4), a(3), a(10)].map((dot) => watch(waiters.wait(dot, 2, 1_000)));
    holders.set(formatDot(b(4)), 2);
    holders.set(formatDot(a(3)), 2);
    waiters.wake();
    await turn();
    expect(ends.map(({ end }) => end)).toEqual(['waits', 'done', 'done', 'waits']);
  });

  it('end with an unknown outcome in time, and say that they are kept', async () => {
    const { waiters, time } = durability();
    const failure = waiters.wait(a(1), 2, 300).catch((error: unknown) => error);
    time.advance(300);
    expect(await failure).toMatchObject({ code: 'outcome-unknown', facts: { durability: 'local' } });
  });

  it('all fail together when nobody will report any more', async () => {
    const { waiters, time } = durability();
    const ends = [a(1), b(1)].map((dot) => watch(waiters.wait(dot, 2, 300)));
    waiters.failAll(new CausewayError('outcome-unknown', 'test'));
    time.advance(300);
    await turn();
    expect(ends.map(({ end }) => end)).toEqual(['outcome-unknown', 'outcome-unknown']);
  });
});

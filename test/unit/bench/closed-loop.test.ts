/** The load generator counts what was acknowledged and what was refused, and nothing twice. */
import { describe, expect, it } from 'vitest';
import { runClosedLoop, untilEveryKeyIsRead, writeEveryKey } from '../../../bench/load/closed-loop.js';
import { checkValue, type LoadClient, Refused, valueOfSize } from '../../../bench/load/operations.js';
import { quantile, spreadOf } from '../../../bench/load/quantile.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function client(run: LoadClient['run']): LoadClient {
  return { run, close: () => undefined };
}

/** A clock that only the clients move. */
function clock() {
  let ms = 1_000;
  return { now: () => ms, pass: (by: number) => (ms += by) };
}

const LOOP = { warmUpMs: 0, measureMs: 30, keys: 50, seed: 1 };

describe('a closed loop', () => {
  it('has one request of each client under way, on keys that are there', async () => {
    const { now, pass } = clock();
    const keys: number[] = [];
    let most = 0;
    const one = (): LoadClient => {
      let own = 0;
      return client(async (key) => {
        keys.push(key);
        own += 1;
        most = Math.max(most, own);
        await turn();
        pass(1);
        own -= 1;
      });
    };
    const { latenciesUs, refused } = await runClosedLoop({ ...LOOP, now, clients: [one(), one()] });
    expect(most).toBe(1);
    expect(refused).toBe(0);
    // Those that were under way when the time was over do not count.
    expect(keys.length - latenciesUs.length).toBeGreaterThanOrEqual(1);
    expect(keys.length - latenciesUs.length).toBeLessThanOrEqual(2);
    expect(keys.every((key) => Number.isInteger(key) && key >= 0 && key < 50)).toBe(true);
    expect(new Set(keys).size).toBeGreaterThan(5);
  });

  it('times each operation from its request to its answer, in rising order', async () => {
    const { now, pass } = clock();
    const durations = [5, 2, 9, 3, 30];
    const clients = [
      client(async () => {
        await turn();
        pass(durations.shift() ?? 0);
      }),
    ];
    const { latenciesUs } = await runClosedLoop({ ...LOOP, now, clients });
    expect([...latenciesUs]).toEqual([2_000, 3_000, 5_000, 9_000]);
  });

  it('counts refusals apart, and does not time them', async () => {
    const { now, pass } = clock();
    let calls = 0;
    const clients = [
      client(async () => {
        calls += 1;
        await turn();
        pass(1);
        if (calls % 3 === 0) throw new Refused(`busy ${calls}`);
      }),
    ];
    const { latenciesUs, refused, refusal } = await runClosedLoop({ ...LOOP, now, clients });
    expect(refusal).toBe('busy 3');
    // The thirtieth answer comes when the time is over.
    expect([latenciesUs.length, refused]).toEqual([20, 9]);
  });

  it('measures nothing while it warms up', async () => {
    const { now, pass } = clock();
    const clients = [
      client(async () => {
        await turn();
        pass(10);
      }),
    ];
    const { latenciesUs } = await runClosedLoop({ ...LOOP, now, clients, warmUpMs: 100 });
    // Of the answers at 10, 20, … those at 100, 110 and 120.
    expect(latenciesUs.length).toBe(3);
  });

  it('ends when a connection does', async () => {
    const { now, pass } = clock();
    const goesOn = client(async () => {
      await turn();
      pass(1);
    });
    const clients = [goesOn, client(() => Promise.reject(new Error('gone')))];
    await expect(runClosedLoop({ ...LOOP, now, clients })).rejects.toThrow('gone');
  });

  it('asks for the same keys in every run', async () => {
    const sequence = async (): Promise<number[]> => {
      const { now, pass } = clock();
      const keys: number[] = [];
      const clients = [
        client(async (key) => {
          keys.push(key);
          await turn();
          pass(1);
        }),
      ];
      await runClosedLoop({ ...LOOP, now, clients });
      return keys;
    };
    expect(await sequence()).toEqual(await sequence());
  });
});

describe('filling', () => {
  it('writes every key once, whatever the clients', async () => {
    const written: number[] = [];
    const writer = client(async (key) => {
      await turn();
      written.push(key);
    });
    await writeEveryKey([writer, writer, writer], 20);
    expect(written.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, key) => key));
  });

  it('asks again where a server is not ready yet', async () => {
    const answers = [false, false, true, true];
    const read: number[] = [];
    const reader = client(async (key) => {
      if (answers.shift() === false) throw new Refused('not yet');
      read.push(key);
    });
    await untilEveryKeyIsRead(reader, 2);
    expect(read).toEqual([0, 1]);
  });
});

describe('a value', () => {
  it('that was read is the one that was written, or the read was too cheap', () => {
    const value = valueOfSize(100);
    expect(value).toHaveLength(100);
    checkValue(valueOfSize(100), value);
    expect(() => checkValue(valueOfSize(99), value)).toThrow('99 bytes instead of 100');
    expect(() => checkValue(undefined, value)).toThrow('no bytes instead of 100');
  });
});

describe('a quantile', () => {
  it.each([
    [[1, 2, 3, 4], 0.5, 2],
    [[1, 2, 3, 4], 0.51, 3],
    [[1, 2, 3, 4], 1, 4],
    [[1, 2, 3, 4], 0, 1],
    [[7], 0.99, 7],
    [[], 0.5, Number.NaN],
  ])('of %j at %d is %d', (sorted, share, expected) => {
    expect(quantile(sorted, share)).toBe(expected);
  });

  it('and a spread are of all values', () => {
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
    expect(spreadOf([4, 1, 3, 2])).toEqual({ median: 2.5, min: 1, max: 4 });
    expect(spreadOf([])).toEqual({ median: Number.NaN, min: Number.NaN, max: Number.NaN });
  });
});

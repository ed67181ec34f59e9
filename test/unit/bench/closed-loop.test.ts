/** The load generator counts what was acknowledged and what was refused, and nothing twice. */
import { describe, expect, it } from 'vitest';
import { runClosedLoop, untilEveryKeyIsRead, writeEveryKey } from '../../../bench/load/closed-loop.js';
import { checkValue, type LoadClient, Refused, valueOfSize } from '../../../bench/load/operations.js';
import { quantile, spreadOf } from '../../../bench/load/quantile.js';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function client(run: LoadClient['run']): LoadClient {
  return { run, close: () => undefined };
}

const FOR_A_MOMENT = { warmUpMs: 0, measureMs: 30, keys: 50, seed: 1 };

describe('a closed loop', () => {
  it('has one request of each client under way, on keys that are there', async () => {
    const keys = new Set<number>();
    let underWay = 0;
    const one = (): LoadClient => {
      let own = 0;
      return client(async (key) => {
        keys.add(key);
        own += 1;
        underWay = Math.max(underWay, own);
        await turn();
        own -= 1;
      });
    };
    const { latenciesUs, refused } = await runClosedLoop({ ...FOR_A_MOMENT, clients: [one(), one()] });
    expect(underWay).toBe(1);
    expect(refused).toBe(0);
    expect(latenciesUs.length).toBeGreaterThan(0);
    expect([...latenciesUs]).toEqual([...latenciesUs].toSorted((a, b) => a - b));
    for (const key of keys) expect(key >= 0 && key < 50 && Number.isInteger(key)).toBe(true);
  });

  it('counts no more operations than there were, refusals apart', async () => {
    let calls = 0;
    const clients = [
      client(async () => {
        calls += 1;
        await turn();
        if (calls % 2 === 0) throw new Refused('busy');
      }),
    ];
    const { latenciesUs, refused, refusal } = await runClosedLoop({ ...FOR_A_MOMENT, clients });
    expect(refusal).toBe('busy');
    expect(refused).toBeGreaterThan(0);
    expect(Math.abs(latenciesUs.length - refused)).toBeLessThanOrEqual(1);
    expect(latenciesUs.length + refused).toBeLessThanOrEqual(calls);
  });

  it('measures nothing while it warms up', async () => {
    const clients = [client(turn)];
    const { latenciesUs } = await runClosedLoop({ ...FOR_A_MOMENT, clients, warmUpMs: 20, measureMs: 0 });
    expect(latenciesUs.length).toBe(0);
  });

  it('ends when a connection does', async () => {
    const clients = [client(turn), client(() => Promise.reject(new Error('gone')))];
    await expect(runClosedLoop({ ...FOR_A_MOMENT, clients })).rejects.toThrow('gone');
  });

  it('asks for the same keys in every run', async () => {
    const sequence = async (): Promise<number[]> => {
      const keys: number[] = [];
      const clients = [
        client(async (key) => {
          keys.push(key);
          await turn();
        }),
      ];
      await runClosedLoop({ ...FOR_A_MOMENT, clients });
      return keys.slice(0, 5);
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

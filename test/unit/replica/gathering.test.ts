import { describe, expect, it } from 'vitest';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { CausewayError } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import { Gathering, newWaiting, type Waiting } from '../../../src/replica/order/gathering.js';

function setting(roundsMax = 1) {
  const time = createMemoryTime();
  const begun: Waiting<string>[] = [];
  const gathering = new Gathering<string>({
    time,
    roundsMax,
    begin: () => {
      const round = newWaiting<string>();
      begun.push(round);
      return round.promise;
    },
  });
  const pass = async (ms = 0) => {
    for (let turns = 0; turns < 3; turns += 1) {
      time.advance(turns === 0 ? ms : 0);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { begun, gathering, pass, ask: () => watch(gathering.ask()) };
}

/** What the promise has come to: `waits`, its answer, or an error's code. */
function watch(promise: Promise<string>): { end: string } {
  const seen = { end: 'waits' };
  promise.then(
    (answer) => {
      seen.end = answer;
    },
    (error: unknown) => {
      seen.end = error instanceof CausewayError ? error.code : String(error);
    },
  );
  return seen;
}

const failure = new CausewayError('no-quorum', 'nobody answered');

describe('requests that gather for a round', () => {
  it('share the one that begins after them', async () => {
    const { begun, pass, ask } = setting();
    const asked = [ask(), ask()];
    await pass();
    expect(begun).toHaveLength(1);
    begun[0]?.resolve('first');
    await pass();
    expect(asked.map(({ end }) => end)).toEqual(['first', 'first']);
  });

  it('never share one that has begun, and the next begins when it is answered', async () => {
    const { begun, pass, ask } = setting();
    const early = ask();
    await pass();
    const late = [ask(), ask()];
    await pass();
    expect(begun).toHaveLength(1);
    begun[0]?.resolve('first');
    await pass();
    expect([early.end, ...late.map(({ end }) => end)]).toEqual(['first', 'waits', 'waits']);
    expect(begun).toHaveLength(2);
    begun[1]?.resolve('second');
    await pass();
    expect(late.map(({ end }) => end)).toEqual(['second', 'second']);
  });

  it('do not wait behind one that nobody answers for longer than a tick', async () => {
    const { begun, pass, ask } = setting();
    const lost = ask();
    await pass();
    const late = ask();
    await pass(LIMITS.tickMs - 1);
    expect(begun).toHaveLength(1);
    await pass(1);
    begun[1]?.resolve('second');
    await pass();
    expect([lost.end, late.end]).toEqual(['waits', 'second']);
  });

  it('do not wait while fewer are under way than there may be', async () => {
    const { begun, pass, ask } = setting(2);
    for (let i = 0; i < 3; i += 1) {
      ask();
      await pass();
    }
    expect(begun).toHaveLength(2);
  });

  it('fail with it, and the next begins all the same', async () => {
    const { begun, pass, ask } = setting();
    const early = ask();
    await pass();
    const late = ask();
    begun[0]?.reject(failure);
    await pass();
    begun[1]?.resolve('second');
    await pass();
    expect([early.end, late.end]).toEqual(['no-quorum', 'second']);
  });

  it('are let go when nothing will be asked any more', async () => {
    const { begun, gathering, pass, ask } = setting();
    const asked = ask();
    gathering.close(failure);
    await pass();
    expect([asked.end, begun.length]).toEqual(['no-quorum', 0]);
  });
});

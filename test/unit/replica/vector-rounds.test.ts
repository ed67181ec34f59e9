import { describe, expect, it } from 'vitest';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { CausewayError } from '../../../src/base/errors.js';
import type { Origin } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import type { VersionVector } from '../../../src/clocks/version-vector.js';
import { type Configuration, makeConfiguration, NOBODY } from '../../../src/consensus/configuration.js';
import { VectorRounds } from '../../../src/replica/order/vector-rounds.js';
import type { OrderMessage } from '../../../src/replica/wire/order-codec.js';
import { A, B, B2, C, vector } from '../../support/plane-values.js';
import { seededRandom } from '../../support/seeded-random.js';

function setting(configuration: Configuration = makeConfiguration({ voters: [A, B, C], learners: [] }), seed = 1) {
  const time = createMemoryTime();
  const said: Extract<OrderMessage, { kind: 'vector-request' }>[] = [];
  const rounds = new VectorRounds({
    time,
    random: seededRandom(seed),
    self: () => A,
    voters: () => configuration,
    durable: () => vector([A, 1]),
    broadcast: (message) => {
      if (message.kind === 'vector-request') said.push(message);
    },
  });
  return { time, said, rounds };
}

/** What the promise has come to: `waits`, a vector as text, or an error's code. */
function watch(promise: Promise<VersionVector>): { end: string } {
  const seen = { end: 'waits' };
  promise.then(
    (join) => {
      seen.end = JSON.stringify(join);
    },
    (error: unknown) => {
      seen.end = error instanceof CausewayError ? error.code : String(error);
    },
  );
  return seen;
}

async function pass({ time }: ReturnType<typeof setting>, ms: number): Promise<void> {
  time.advance(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

const reply = (round: number, run: number, ...entries: readonly (readonly [Origin, number])[]) =>
  ({ kind: 'vector-reply', run, round, vector: vector(...entries) }) as const;

describe('a round of asking for vectors', () => {
  it('is shared by all who ask in one turn, and ends with the first majority', async () => {
    const set = setting();
    const ends = [watch(set.rounds.ask()), watch(set.rounds.ask())];
    await pass(set, 0);
    const { run, round } = set.said[0] ?? { run: 0, round: 0 };
    expect(set.said).toHaveLength(1);
    set.rounds.receive(C, reply(round, run, [C, 5]));
    await pass(set, 0);
    const both = JSON.stringify(vector([A, 1], [C, 5]));
    expect(ends.map(({ end }) => end)).toEqual([both, both]);
    await pass(set, 1_000);
    expect(set.said).toHaveLength(1);
  });

  it('is not joined by who comes after it began, nor answered by what was said before', async () => {
    const set = setting();
    const first = watch(set.rounds.ask());
    await pass(set, 0);
    const second = watch(set.rounds.ask());
    await pass(set, 0);
    const [one, two] = set.said;
    expect(one?.round).not.toBe(two?.round);
    set.rounds.receive(B, reply(one?.round ?? 0, one?.run ?? 0, [B, 1]));
    await pass(set, 0);
    expect([first.end === 'waits', second.end]).toEqual([false, 'waits']);
    set.rounds.receive(B, reply(two?.round ?? 0, two?.run ?? 0, [B, 2]));
    await pass(set, 0);
    expect(second.end).toBe(JSON.stringify(vector([A, 1], [B, 2])));
  });

  it('is answered by the answer to a later one', async () => {
    const set = setting();
    const first = watch(set.rounds.ask());
    await pass(set, 0);
    watch(set.rounds.ask());
    await pass(set, 0);
    const later = set.said[1];
    set.rounds.receive(B, reply(later?.round ?? 0, later?.run ?? 0, [B, 2]));
    await pass(set, 0);
    expect(first.end).toBe(JSON.stringify(vector([A, 1], [B, 2])));
  });

  it('ignores answers to a former run of the process, and those of who does not vote', async () => {
    const set = setting();
    const asked = watch(set.rounds.ask());
    await pass(set, 0);
    const { run, round } = set.said[0] ?? { run: 0, round: 0 };
    set.rounds.receive(B, reply(round, run + 1, [B, 1]));
    set.rounds.receive(B2, reply(round, run, [B2, 1]));
    await pass(set, 0);
    expect(asked.end).toBe('waits');
  });

  it('asks again for what was lost, and gives up after an election timeout', async () => {
    const set = setting();
    const asked = watch(set.rounds.ask());
    await pass(set, LIMITS.vectorResendMs * 3 + 1);
    expect(set.said.length).toBe(4);
    await pass(set, LIMITS.electionTimeoutMs);
    expect(asked.end).toBe('no-quorum');
    const { length } = set.said;
    await pass(set, 1_000);
    expect(set.said).toHaveLength(length);
  });

  it('needs a majority of the voters before and after a change', async () => {
    const set = setting({ voters: [A, B], outgoing: [A, C], learners: [] });
    const asked = watch(set.rounds.ask());
    await pass(set, 0);
    const { run, round } = set.said[0] ?? { run: 0, round: 0 };
    set.rounds.receive(B, reply(round, run, [B, 1]));
    await pass(set, 0);
    expect(asked.end).toBe('waits');
    set.rounds.receive(C, reply(round, run, [C, 1]));
    await pass(set, 0);
    expect(asked.end).toBe(JSON.stringify(vector([A, 1], [B, 1], [C, 1])));
  });

  it('needs no message where one votes alone, and has no end where nobody does', async () => {
    const alone = setting(makeConfiguration({ voters: [A], learners: [B] }));
    const asked = watch(alone.rounds.ask());
    await pass(alone, 0);
    expect([asked.end, alone.said.length]).toEqual([JSON.stringify(vector([A, 1])), 0]);
    const nobody = setting(NOBODY);
    const refused = watch(nobody.rounds.ask());
    await pass(nobody, LIMITS.electionTimeoutMs + 1);
    expect(refused.end).toBe('no-quorum');
  });

  it('does not wait behind rounds that nobody answers', async () => {
    const set = setting();
    for (let i = 0; i < LIMITS.vectorRoundsMax + 2; i += 1) {
      watch(set.rounds.ask());
      await pass(set, LIMITS.tickMs + 1);
    }
    const last = watch(set.rounds.ask());
    await pass(set, LIMITS.tickMs + LIMITS.electionTimeoutMs);
    expect(last.end).toBe('no-quorum');
    set.rounds.close();
  });
});

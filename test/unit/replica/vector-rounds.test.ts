import { describe, expect, it } from 'vitest';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { CausewayError } from '../../../src/base/errors.js';
import { type Origin, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import type { VersionVector } from '../../../src/clocks/version-vector.js';
import { type Configuration, makeConfiguration, NOBODY } from '../../../src/consensus/configuration.js';
import { AnswerTimes } from '../../../src/replica/order/answer-times.js';
import { VectorRounds } from '../../../src/replica/order/vector-rounds.js';
import type { OrderMessage } from '../../../src/replica/wire/order-codec.js';
import { A, B, B2, C, originOf, vector } from '../../support/plane-values.js';
import { seededRandom } from '../../support/seeded-random.js';

type Question = Extract<OrderMessage, { kind: 'vector-request' }> & { readonly to: readonly Origin[] | 'all' };

function setting(configuration: Configuration = makeConfiguration({ voters: [A, B, C], learners: [] }), self = A) {
  const time = createMemoryTime();
  const said: Question[] = [];
  const order: { leader: Origin | undefined } = { leader: undefined };
  const rounds = new VectorRounds({
    time,
    random: seededRandom(1),
    self: () => self,
    voters: () => configuration,
    leader: () => order.leader,
    durable: () => vector([A, 1]),
    times: new AnswerTimes(),
    send: (to, message) => {
      if (message.kind === 'vector-request') said.push({ ...message, to });
    },
  });
  return { time, said, rounds, order };
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

/** A round that asks everybody, which B answers after `bMs` and C after `cMs`. */
async function survey(set: ReturnType<typeof setting>, bMs: number, cMs: number): Promise<void> {
  watch(set.rounds.ask());
  await pass(set, 0);
  const { run, round, to } = lastOf(set);
  expect(to).toBe('all');
  const answers = [
    { from: B, afterMs: bMs },
    { from: C, afterMs: cMs },
  ].sort((one, other) => one.afterMs - other.afterMs);
  let passedMs = 0;
  for (const { from, afterMs } of answers) {
    await pass(set, afterMs - passedMs);
    passedMs = afterMs;
    set.rounds.receive(from, reply(round, run, [from, 1]));
  }
  await pass(set, 0);
}

const lastOf = ({ said }: ReturnType<typeof setting>): Question => said.at(-1) as Question;

/** Asks, and tells who is asked at once. */
async function askedBy(set: ReturnType<typeof setting>): Promise<Question['to']> {
  const { length } = set.said;
  watch(set.rounds.ask());
  await pass(set, 0);
  expect(set.said).toHaveLength(length + 1);
  return lastOf(set).to;
}

function answerOf(set: ReturnType<typeof setting>, from: Origin): void {
  const { run, round } = lastOf(set);
  set.rounds.receive(from, reply(round, run, [from, 1]));
}

describe('whom a round asks', () => {
  it('is who answers soonest, though it was not needed when everybody was asked', async () => {
    const set = setting();
    await survey(set, 4, 2);
    expect(await askedBy(set)).toEqual([C]);
    const other = setting();
    await survey(other, 2, 4);
    expect(await askedBy(other)).toEqual([B]);
  });

  it.each([
    { bMs: 3, cMs: 2, asked: B },
    { bMs: 3, cMs: 1, asked: C },
    { bMs: 31, cMs: 30, asked: B },
    { bMs: 33, cMs: 30, asked: C },
  ])(
    'is the leader after $bMs ms rather than another after $cMs ms, if that is a little sooner: $asked',
    async (one) => {
      const set = setting();
      set.order.leader = B;
      await survey(set, one.bMs, one.cMs);
      expect(await askedBy(set)).toEqual([one.asked]);
    },
  );

  it('is everybody once those keep silent, and they are not asked alone again before they have spoken', async () => {
    const set = setting();
    await survey(set, 1, 2);
    const asked = watch(set.rounds.ask());
    await pass(set, 0);
    expect(lastOf(set).to).toEqual([B]);
    await pass(set, LIMITS.vectorPatienceMs - 1);
    expect(lastOf(set).to).toEqual([B]);
    await pass(set, 1);
    expect(lastOf(set).to).toBe('all');
    answerOf(set, C);
    await pass(set, 0);
    expect(asked.end).toBe(JSON.stringify(vector([A, 1], [C, 1])));
    expect(await askedBy(set)).toEqual([C]);
    answerOf(set, C);
    await pass(set, LIMITS.vectorSurveyMs);
    await survey(set, 1, 2);
    expect(await askedBy(set)).toEqual([B]);
  });

  it('is everybody from the beginning while nobody answers', async () => {
    const set = setting();
    await survey(set, 1, 2);
    for (const _ of [B, C]) {
      await askedBy(set);
      await pass(set, 20);
      expect(lastOf(set).to).toBe('all');
    }
    expect(await askedBy(set)).toBe('all');
  });

  it('is given as long as its answers take, and a bounded time more', async () => {
    const set = setting();
    await survey(set, 150, 180);
    const { length } = set.said;
    watch(set.rounds.ask());
    await pass(set, 150 + LIMITS.vectorResendMs - 1);
    expect(set.said.slice(length).map(({ to }) => to)).toEqual([[B]]);
    await pass(set, 1);
    expect(lastOf(set).to).toBe('all');
  });

  it('is enough for a majority of the voters before and after a change', async () => {
    const set = setting({ voters: [A, B], outgoing: [A, C], learners: [] });
    await survey(set, 1, 2);
    expect(await askedBy(set)).toEqual([B, C]);
  });

  it('is a majority of the others where the asking replica has no vote', async () => {
    const D = originOf(parseReplicaId('r4'));
    const set = setting(makeConfiguration({ voters: [A, B, C], learners: [D] }), D);
    watch(set.rounds.ask());
    await pass(set, 0);
    for (const from of [A, C]) answerOf(set, from);
    await pass(set, 0);
    expect(await askedBy(set)).toHaveLength(2);
  });

  it('is everybody now and then, so that one that has come nearer is found', async () => {
    const set = setting();
    await survey(set, 8, 20);
    expect(await askedBy(set)).toEqual([B]);
    answerOf(set, B);
    for (let i = 0; i < 8; i += 1) {
      await pass(set, LIMITS.vectorSurveyMs);
      await survey(set, 8, 1);
    }
    expect(await askedBy(set)).toEqual([C]);
  });
});

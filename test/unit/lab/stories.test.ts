/** The telling of stories: a mismatch is seen, said and counted. That the stories are true is for a real cluster to show. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { levelStory } from '../../../src/lab/demo/level-story.js';
import { orderStory } from '../../../src/lab/demo/order-story.js';
import { request, tellAll, watchUntil } from '../../../src/lab/demo/steps.js';
import type { Stage, Step } from '../../../src/lab/demo/story.js';
import { type Narrator, tellStories } from '../../../src/lab/demo/tell.js';
import { type Step as Script, ScriptedReplica } from '../client/scripted-replica.js';

let replica: ScriptedReplica;
let stage: Stage;

async function start(...steps: Script[]): Promise<void> {
  replica = await ScriptedReplica.start(...steps);
  stage = { urlOf: () => replica.url, replicas: ['r1', 'r2', 'r3'], tokens: new Map(), notes: new Map() };
}

async function answering(...steps: Script[]): Promise<void> {
  await replica.stop();
  await start(...steps);
}

beforeEach(() => start({}));
afterEach(() => replica.stop());

async function play(step: Step, answer: Script): Promise<{ readonly ok: boolean; readonly observed: string }> {
  await answering(answer);
  return step.run(stage);
}

const read = request(
  'Read',
  { at: 'r1', level: 'causal', key: 'k', as: 'ana' },
  { status: 200, body: 'v', headers: { conflicts: '0' } },
);

test('an answer as expected is one, and its token is kept for whoever asked', async () => {
  expect(await play(read, { headers: { Conflicts: '0', 'Causal-Token': 'c1.AA' }, body: 'v' })).toMatchObject({
    ok: true,
  });
  expect(stage.tokens.get('ana')).toBe('c1.AA');
  await read.run(stage);
  expect(replica.requests[1]?.headers).toMatchObject({ 'causal-token': 'c1.AA', 'consistency-level': 'causal' });
});

test.each([
  ['another status', { status: 404, headers: { Conflicts: '0' }, body: 'v' }, '404'],
  ['another value', { headers: { Conflicts: '0' }, body: 'old' }, 'body old'],
  ['another header', { headers: { Conflicts: '1' }, body: 'v' }, 'conflicts: 1'],
  ['a missing header', { body: 'v' }, 'conflicts: (absent)'],
])('%s is a mismatch that is named', async (_, answer, named) => {
  const { ok, observed } = await play(read, answer);
  expect(ok).toBe(false);
  expect(observed).toContain(named);
});

test('no answer at all is an observation too', async () => {
  const { ok, observed } = await play(read, (response) => response.destroy());
  expect(ok).toBe(false);
  expect(observed).toContain('cannot be reached');
});

const busy = { status: 503, body: '{"retryable":true,"outcome":"not-applied"}' };
const perhaps = { status: 504, body: '{"retryable":true,"outcome":"unknown"}' };
const write = (level: 'causal' | 'linearizable'): Step =>
  request('Write', { at: 'r1', level, key: 'k', value: 'v' }, { status: 200 });

test('what was not done and may work later is asked for again, under the same name', async () => {
  await answering(busy, perhaps, {});
  expect(await write('linearizable').run(stage)).toMatchObject({
    ok: true,
    shown: [expect.stringContaining('attempt 3'), expect.anything()],
  });
  expect(new Set(replica.requests.map(({ headers }) => headers['idempotency-key']))).toEqual(new Set(['k=v@r1']));
});

test('what may have been done is not done again without a name', async () => {
  await answering(perhaps, {});
  expect(await write('causal').run(stage)).toMatchObject({ ok: false });
  expect(replica.requests).toHaveLength(1);
});

test('a refusal that is waited for is not asked away', async () => {
  await answering(busy, {});
  const refused = request('Read', { at: 'r1', level: 'linearizable', key: 'k' }, { status: 503 });
  expect(await refused.run(stage)).toMatchObject({ ok: true });
});

test('two winners of a race are a mismatch', async () => {
  await answering({ status: 201, body: '{"owner":"ada-north"}' }, { status: 201, body: '{"owner":"ada-south"}' });
  const race = orderStory.steps.find(({ says }) => says.includes('race'));
  expect(await race?.run(stage)).toMatchObject({ ok: false });
});

test('a fencing token that does not grow is a mismatch', async () => {
  await answering({ body: '{"fencingToken":7}' });
  const [first, second] = orderStory.steps.filter(
    ({ says }) => says.includes('worker takes') || says.includes('asks for it'),
  );
  expect(await first?.run(stage)).toMatchObject({ ok: true });
  expect(await second?.run(stage)).toMatchObject({ ok: false, observed: expect.stringContaining('7 after 7') });
});

test('a fault that one replica refuses is a mismatch', async () => {
  let asked = 0;
  const step = tellAll('Cut', 'PUT', '/v1/faults/partitions/x', { groups: [['r1'], ['r2', 'r3']] });
  const { ok, observed } = await play(step, (response) => {
    asked += 1;
    response.writeHead(asked === 2 ? 403 : 200).end();
  });
  expect(ok).toBe(false);
  expect(observed).toMatch(/^refused by r[123]$/);
});

test('what does not happen in time is a mismatch', async () => {
  const step = watchUntil('Wait', 'something', 60, async () => undefined);
  expect(await step.run(stage)).toEqual({ ok: false, observed: 'not within 0.06 s' });
});

test('every mismatch is counted and told, and the story goes on', async () => {
  const verdicts: boolean[] = [];
  const narrator: Narrator = {
    story: () => undefined,
    step: () => undefined,
    verdict: (ok) => verdicts.push(ok),
  };
  const good: Step = { says: '', expected: '', run: async () => ({ ok: true, observed: '' }) };
  const bad: Step = { says: '', expected: '', run: async () => ({ ok: false, observed: '' }) };
  const score = await tellStories(
    [
      { title: '', lesson: '', steps: [good, bad, good] },
      { title: '', lesson: '', steps: [bad] },
    ],
    stage,
    narrator,
  );
  expect(score).toEqual({ steps: 4, mismatches: 2 });
  expect(verdicts).toEqual([true, false, true, false]);
});

test('a server that answers everything alike does not pass for a causal store', async () => {
  await answering({ body: 'blue' });
  const narrator: Narrator = { story: () => undefined, step: () => undefined, verdict: () => undefined };
  expect((await tellStories([levelStory], stage, narrator)).mismatches).toBeGreaterThan(0);
});

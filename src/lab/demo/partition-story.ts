/** Story four: a network cut in two, both sides at work, and how they come together again. */
import { type HttpAnswer, jsonOf, NoAnswer } from '../http-call.js';
import { answerTo } from './ask.js';
import { lead, refusedRead, refusedWrite, servedRead, servedWrite } from './quorum-steps.js';
import { readFrom, request, tellAll, watchUntil } from './steps.js';
import type { Story } from './story.js';

const CONVERGE_WITHIN_MS = 8_000;
const WAIT_MS = 300;

export const partitionStory: Story = {
  title: 'A partition, and both sides go on',
  lesson:
    'The network between {r1} and {r2, r3} is cut. The two weaker levels need no majority, so both sides keep reading and\n' +
    'writing. What cannot be had is the past of the other side: a token from over there is answered with an honest 503\n' +
    'that names what is missing. What needs one order for all is served where the majority is, and only there - even if\n' +
    'the leader is on the other side. It finds out by itself that nobody hears it any more.',
  steps: [
    lead('r1', 'the harder case is that the leader is cut off'),
    tellAll('Cut r1 off', 'PUT', '/v1/faults/partitions/demo', { groups: [['r1'], ['r2', 'r3']] }),
    refusedRead('Read at r1, linearizable: not the old value, but a refusal, and soon', 'r1'),
    refusedWrite('Write at r1, linearizable: refused as well, and certainly not applied', 'r1', '99'),
    servedWrite('Write at r2, linearizable: the majority has a leader of its own by now', 'r2', '2'),
    servedRead('Read it at r3, linearizable', 'r3', '2'),
    request(
      'Read the same at r1, causal: what r1 has, and says no more than that',
      { at: 'r1', level: 'causal', key: 'demo/stock' },
      { status: 200, body: '1', headers: { 'consistency-level': 'causal', 'served-by': 'r1' } },
    ),
    request(
      'Write at r1, causal',
      { at: 'r1', level: 'causal', key: 'demo/cart', value: 'apples', as: 'north' },
      { status: 200, headers: { 'served-by': 'r1' } },
    ),
    request(
      'Write the same key at r2, causal',
      { at: 'r2', level: 'causal', key: 'demo/cart', value: 'pears', as: 'south' },
      { status: 200, headers: { 'served-by': 'r2' } },
    ),
    request(
      'Write at r1, eventual',
      { at: 'r1', level: 'eventual', key: 'demo/north', value: 'snow' },
      { status: 200 },
    ),
    request('Write at r3, eventual', { at: 'r3', level: 'eventual', key: 'demo/south', value: 'sun' }, { status: 200 }),
    request(
      'Read at r3 with a token from its own side, causal',
      { at: 'r3', level: 'causal', key: 'demo/cart', as: 'south' },
      { status: 200, body: 'pears' },
    ),
    request(
      `Read at r2 with the token from r1, waiting ${WAIT_MS} ms at most`,
      { at: 'r2', level: 'causal', key: 'demo/cart', as: 'north', timeoutMs: WAIT_MS },
      { status: 503, check: missesWritesOf('r1'), also: 'causal-wait-timeout, missing writes of r1' },
    ),
    request(
      'Read the same at r2 at eventual: no wait, no promise',
      { at: 'r2', level: 'eventual', key: 'demo/cart' },
      { status: 200, body: 'pears' },
    ),
  ],
};

/** The other case: the leader is where the majority is, and nothing changes for those who can reach it. */
export const followerStory: Story = {
  title: 'The same, with the leader on the larger side',
  lesson:
    'Now {r3} is cut off, which follows. No election is needed: {r1, r2} go on as if nothing had happened, and r3 refuses\n' +
    'what it cannot know. When the cut heals it catches up from the log.',
  steps: [
    lead('r2', 'it stays with the majority'),
    tellAll('Cut r3 off', 'PUT', '/v1/faults/partitions/demo', { groups: [['r3'], ['r1', 'r2']] }),
    servedWrite('Write at r1, linearizable', 'r1', '3'),
    servedRead('Read it at r2, linearizable', 'r2', '3'),
    refusedRead('Read it at r3, linearizable', 'r3'),
    tellAll('Heal', 'DELETE', '/v1/faults'),
    servedRead('Read it at r3, linearizable again', 'r3', '3'),
  ],
};

export const healStory: Story = {
  title: 'Healing: everybody agrees, and nothing is lost',
  lesson:
    'When the cut heals, the replicas compare version vectors and send each other what is missing. Two writes of the cart\n' +
    'knew nothing of each other: every replica picks the same winner and keeps the other as a sibling, until somebody\n' +
    'who has seen both writes again.',
  steps: [
    tellAll('Heal', 'DELETE', '/v1/faults'),
    watchUntil(
      'Wait until all three have the same version vector',
      'all equal',
      CONVERGE_WITHIN_MS,
      async (stage, ms) => {
        const answers = await Promise.all(stage.replicas.map((id) => answerTo(readFrom(stage, id, '/v1/replica'))));
        const vectors = answers.map(vectorIn);
        const [first] = vectors;
        if (first === undefined || vectors.some((vector) => vector !== first)) return undefined;
        return { ok: true, observed: `all equal after ${Math.round(ms)} ms` };
      },
    ),
    request(
      'Read at r2 what was written at r1, with the token that had to wait',
      { at: 'r2', level: 'causal', key: 'demo/cart', as: 'north' },
      { status: 200, headers: { conflicts: '1' } },
    ),
    request(
      'Ask r3 for all versions of the cart',
      { at: 'r3', level: 'causal', key: 'demo/cart', as: 'north', query: 'format=entry' },
      { status: 200, check: hasBothCarts, also: 'one value, one sibling: apples and pears' },
    ),
    {
      says: 'Compare the winner at all three',
      expected: 'the same version everywhere',
      async run(stage) {
        const answers = await Promise.all(
          stage.replicas.map((id) => answerTo(readFrom(stage, id, '/v1/kv/demo/cart', 'causal'))),
        );
        const versions = new Set(
          answers.map((answer) => (answer instanceof NoAnswer ? undefined : answer.headers['etag'])),
        );
        const same = versions.size === 1 && !versions.has(undefined);
        return { ok: same, observed: same ? 'the same version everywhere' : [...versions].join(' / ') };
      },
    },
    servedRead('Read the stock at r1, linearizable again', 'r1', '2'),
    request(
      'Somebody who has seen both writes them together',
      { at: 'r2', level: 'causal', key: 'demo/cart', value: 'apples and pears', as: 'north' },
      { status: 200 },
    ),
    request(
      'Read the cart at r1',
      { at: 'r1', level: 'causal', key: 'demo/cart', as: 'north' },
      { status: 200, body: 'apples and pears', headers: { conflicts: '0' } },
    ),
  ],
};

function missesWritesOf(replica: string): (answer: HttpAnswer) => string | undefined {
  return (answer) => {
    const problem = jsonOf(answer) as { type?: string; missing?: readonly { origin: string }[] } | undefined;
    if (!problem?.type?.endsWith('causal-wait-timeout')) return `type ${problem?.type}`;
    const origins = (problem.missing ?? []).map(({ origin }) => origin);
    return origins.some((origin) => origin.startsWith(`${replica}~`))
      ? undefined
      : `missing ${JSON.stringify(origins)}`;
  };
}

function hasBothCarts(answer: HttpAnswer): string | undefined {
  const entry = jsonOf(answer) as { value?: string; siblings?: readonly { value?: string }[] } | undefined;
  const values = [entry?.value, ...(entry?.siblings ?? []).map(({ value }) => value)].sort();
  return JSON.stringify(values) === '["apples","pears"]' ? undefined : `values ${JSON.stringify(values)}`;
}

/** The vector as text, so that equal vectors are equal texts; `undefined` if the replica does not tell. */
function vectorIn(answer: HttpAnswer | NoAnswer): string | undefined {
  if (answer instanceof NoAnswer) return undefined;
  const body = jsonOf(answer) as { readonly vector?: Readonly<Record<string, number>> } | undefined;
  return body?.vector === undefined ? undefined : JSON.stringify(Object.entries(body.vector).sort());
}

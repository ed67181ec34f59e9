/** Story two: a question, its answer, and an observer whom the answer reaches first. */
import { curlLine } from '../curl-line.js';
import { type HttpCall, jsonOf, NoAnswer } from '../http-call.js';
import { answerTo } from './ask.js';
import { readFrom, request, tellAll, watchUntil } from './steps.js';
import type { Stage, Step, Story } from './story.js';

const DELAY_MS = 4_000;
const PATIENCE_MS = 20_000;

export const causalityStory: Story = {
  title: 'Never an answer before its question',
  lesson:
    'Messages overtake each other. Here the question travels slowly from r1 to r3, while the answer, written at r2 by\n' +
    'somebody who had read the question, gets there at once. The eventual view shows it as soon as it arrives: an effect\n' +
    'without its cause. The causal view keeps it back until the question is there, however long that takes.',
  steps: [
    tellAll(`Delay what r1 sends to r3 by ${DELAY_MS / 1000} s`, 'PUT', '/v1/faults/links/r1/r3', {
      delayMs: DELAY_MS,
    }),
    tellAll('Keep r3 from asking r2 for what it missed', 'PUT', '/v1/faults/links/r3/r2', { drop: 1 }),
    request(
      'Ana asks at r1',
      { at: 'r1', level: 'causal', key: 'demo/question', value: 'Who is there?', as: 'ana' },
      { status: 200 },
    ),
    {
      says: 'Ben gets a link to it from Ana, token included',
      expected: 'a token',
      async run(stage) {
        const token = stage.tokens.get('ana');
        if (token !== undefined) stage.tokens.set('ben', token);
        return { ok: token !== undefined, observed: token === undefined ? 'no token' : 'a token' };
      },
    },
    request(
      'Ben reads it at r2',
      { at: 'r2', level: 'causal', key: 'demo/question', as: 'ben' },
      { status: 200, body: 'Who is there?' },
    ),
    request(
      'Ben answers at r2',
      { at: 'r2', level: 'causal', key: 'demo/answer', value: 'It is me.', as: 'ben' },
      { status: 200 },
    ),
    watchEarlyArrival(),
    watchCausalView(),
    request(
      'Ben, with his token, reads his answer at r3',
      { at: 'r3', level: 'causal', key: 'demo/answer', as: 'ben' },
      { status: 200, body: 'It is me.' },
    ),
    tellAll('Heal the links', 'DELETE', '/v1/faults'),
  ],
};

/** Cleo has no token, so nothing makes her wait: what she sees is what each view shows by itself. */
function watchEarlyArrival(): Step {
  const says = 'Cleo looks at both keys at r3 until the answer arrives, at both levels';
  const expected = 'eventual: no question, "It is me."; causal: no question, no answer';
  return watchUntil(says, expected, DELAY_MS, async (stage) => {
    const eventual = await sightOf(stage, 'eventual');
    if (eventual.answer === undefined) return undefined;
    const causal = await sightOf(stage, 'causal');
    const observed = `eventual: ${describe(eventual)}; causal: ${describe(causal)}`;
    const shown = ['eventual', 'causal'].map((level) => `$ ${curlLine(lookAt(stage, level), { withHeaders: true })}`);
    return { ok: observed === expected, observed, shown };
  });
}

/** Every look at the causal view is one snapshot of both keys. */
function watchCausalView(): Step {
  const says = 'Cleo goes on looking at the causal view of r3 until the answer is there';
  const expected = 'never the answer without the question';
  let looks = 0;
  let early = 0;
  return watchUntil(says, expected, PATIENCE_MS, async (stage) => {
    const { question, answer } = await sightOf(stage, 'causal');
    looks += 1;
    if (answer === undefined) return undefined;
    if (question === undefined) early += 1;
    return {
      ok: early === 0,
      observed: early === 0 ? `${expected}, in ${looks} looks` : `${early} times in ${looks} looks`,
    };
  });
}

function lookAt(stage: Stage, level: string): HttpCall {
  return readFrom(stage, 'r3', '/v1/kv?keys=demo/question,demo/answer', level);
}

/** The values of both keys at r3; undefined where there is none. */
interface Sight {
  readonly question: string | undefined;
  readonly answer: string | undefined;
}

async function sightOf(stage: Stage, level: string): Promise<Sight> {
  const response = await answerTo(lookAt(stage, level));
  const body = response instanceof NoAnswer ? undefined : (jsonOf(response) as Snapshot | undefined);
  const read = (key: string): string | undefined => body?.items?.find((item) => item.key === key)?.value ?? undefined;
  return { question: read('demo/question'), answer: read('demo/answer') };
}

interface Snapshot {
  readonly items?: readonly { readonly key: string; readonly value: string | null }[];
}

function describe({ question, answer }: Sight): string {
  const show = (value: string | undefined, name: string): string =>
    value === undefined ? `no ${name}` : JSON.stringify(value);
  return `${show(question, 'question')}, ${show(answer, 'answer')}`;
}

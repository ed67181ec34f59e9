/** Clients that arrive whether others were answered or not, and what is recorded of them. */
import { describe, expect, it } from 'vitest';
import { Arrivals } from '../../../../src/lab/compare/arrivals.js';
import type { LoadPlan } from '../../../../src/lab/compare/plan.js';
import { Recorder } from '../../../../src/lab/compare/recorder.js';
import { Visitor } from '../../../../src/lab/compare/visitor.js';
import type { Answered, Requests, Sent, Target } from '../../../../src/lab/workload/requests.js';

const TARGETS: readonly Target[] = ['r1', 'r2', 'r3'].map((id) => ({ id, url: `http://${id}` }));
const LOAD: LoadPlan = {
  ratePerSecond: 100,
  mix: 'mixed',
  keys: 5,
  distribution: 'zipf',
  valueSize: 20,
  conversationsPerSecond: 5,
  timeoutMs: 500,
};
const OK: Answered = {
  status: 'ok',
  isForGood: false,
  code: 200,
  headers: { etag: '"r1~1.7"', 'causal-token': 'c1.next', conflicts: '2' },
  text: 'old',
};
const NOT_FOUND: Answered = { ...OK, status: 'fail', code: 404, headers: {}, text: '{"outcome":"not-applied"}' };
const UNKNOWN: Answered = { ...OK, status: 'info', code: 0, headers: {}, text: 'UND_ERR_SOCKET' };

describe('arrivals', () => {
  it('go on while nobody is answered, and wait for the last answer', async () => {
    const recorder = new Recorder();
    const waiting: (() => void)[] = [];
    const enough = 60;
    const requests: Requests = {
      send: () =>
        new Promise((resolve) => {
          waiting.push(() => resolve(OK));
          // A load that waited for its answers would never come so far.
          if (waiting.length >= enough) for (const answer of waiting.splice(0)) answer();
        }),
    };
    const arrivals = new Arrivals({ load: LOAD, seed: 3, targets: TARGETS, requests, recorder, prefix: 'k' });
    const running = arrivals.run(300);
    const flush = setInterval(() => {
      if (recorder.measured.length > 0) for (const answer of waiting.splice(0)) answer();
    }, 50);
    await running;
    clearInterval(flush);
    expect(recorder.measured.length).toBeGreaterThanOrEqual(enough);
    expect(arrivals.clients).toBeGreaterThanOrEqual(enough);
    for (const { intended, record } of recorder.measured) expect(intended).toBeLessThanOrEqual(record.invoke);
  });
});

describe('a visitor', () => {
  function visitor(level: 'eventual' | 'causal' | 'linearizable', answers: readonly Answered[]) {
    const recorder = new Recorder();
    const sent: Sent[] = [];
    const requests: Requests = {
      async send(_, asked) {
        sent.push(asked);
        return answers[sent.length - 1] ?? OK;
      },
    };
    const target = TARGETS[0] as Target;
    const options = { name: 'v', level, target, requests, recorder, timeoutMs: 500, valueSize: 16 };
    return { visitor: new Visitor(options), recorder, sent };
  }

  it('keeps its session above eventual, and has none there', async () => {
    const causal = visitor('causal', []);
    await causal.visitor.read('x', 0);
    await causal.visitor.write('x', 0);
    expect(causal.sent.map(({ headers }) => headers?.['causal-token'])).toEqual([undefined, 'c1.next']);
    expect(causal.recorder.measured[1]?.record).toMatchObject({ session: 'v', tokenIn: 'c1.next', dot: 'r1~1.7' });
    const eventual = visitor('eventual', []);
    await eventual.visitor.read('x', 0);
    await eventual.visitor.write('x', 0);
    expect(eventual.sent.map(({ headers }) => headers?.['causal-token'])).toEqual([undefined, undefined]);
    expect(eventual.recorder.measured[1]?.record.session).toBeUndefined();
  });

  it('updates under a condition where there are conditions', async () => {
    const { visitor: one, recorder, sent } = visitor('linearizable', [OK, { ...OK, status: 'fail', code: 412 }]);
    await one.update('x', 0);
    expect(sent[1]?.headers).toMatchObject({ 'if-match': '"r1~1.7"' });
    expect(recorder.measured.map(({ record, basedOn, code }) => [record.op, record.status, basedOn, code])).toEqual([
      ['read', 'ok', undefined, 200],
      ['cas', 'fail', 'old', 412],
    ]);
    const causal = visitor('causal', [NOT_FOUND]);
    await causal.visitor.update('x', 0);
    expect(causal.sent[1]?.headers).not.toHaveProperty('if-match');
    expect(causal.recorder.measured.map(({ record, basedOn }) => [record.op, basedOn])).toEqual([
      ['read', undefined],
      ['write', null],
    ]);
  });

  it('takes a name only if it saw that nobody has it', async () => {
    const taken = visitor('eventual', [OK]);
    await taken.visitor.claim('name', 0);
    expect(taken.sent).toHaveLength(1);
    const free = visitor('eventual', [NOT_FOUND]);
    await free.visitor.claim('name', 0);
    expect(free.sent.map(({ method }) => method)).toEqual(['GET', 'PUT']);
    const sure = visitor('linearizable', []);
    await sure.visitor.claim('name', 0);
    expect(sure.sent.map(({ headers }) => headers?.['if-none-match'])).toEqual(['*']);
  });

  it('claims nothing of what it was not answered, and goes on as another process', async () => {
    const { visitor: one, recorder } = visitor('causal', [UNKNOWN]);
    await one.write('x', 5);
    await one.write('x', 6);
    const [first, second] = recorder.measured.map(({ record }) => record);
    expect(first).toMatchObject({ status: 'info', complete: null });
    expect(second?.process).not.toBe(first?.process);
    expect(second).toMatchObject({ session: 'v', status: 'ok' });
  });

  it('writes lines that say when it meant to begin and how many versions it was told of', async () => {
    const { visitor: one, recorder } = visitor('causal', []);
    await one.read('x', 5);
    expect(recorder.lines().map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ op: 'read', key: 'x', output: 'old', intended: 5, purpose: 'read', conflicts: 2 }),
    ]);
  });
});

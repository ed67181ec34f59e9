/** Story three: what needs one order for all - conditions, unique names, locks whose holders may be late. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpAnswer, type HttpCall, jsonOf, NoAnswer } from '../http-call.js';
import { answerTo, call, request } from './steps.js';
import type { ReplicaName, Stage, Step, Story } from './story.js';

const LEASE_MS = 400;
/** Until the lease is over for every replica, and the log has said so. */
const LEASE_OVER_MS = 3 * LEASE_MS;

export const orderStory: Story = {
  title: 'One order for all',
  lesson:
    'Some things cannot be decided by a copy alone: whether a name is still free, who holds a lock, whether nobody has\n' +
    'written in between. A linearizable request goes through a log that a majority agrees on, entry by entry. It costs\n' +
    'a round trip to the majority, and it buys this: every request sees all that was finished before it began.',
  steps: [
    request(
      'Write at r1, linearizable',
      { at: 'r1', level: 'linearizable', key: 'demo/stock', value: '1' },
      { status: 200, headers: { 'consistency-level': 'linearizable', 'served-by': 'r1' } },
    ),
    request(
      'Read it at r3, linearizable, at once and without a token',
      { at: 'r3', level: 'linearizable', key: 'demo/stock' },
      { status: 200, body: '1', headers: { 'consistency-level': 'linearizable', 'served-by': 'r3' } },
    ),
    request(
      'Create a key only if there is none',
      { at: 'r1', level: 'linearizable', key: 'demo/order/7', value: 'paid', ifNoneMatch: '*' },
      { status: 201 },
    ),
    request(
      'The same at r2: somebody was first',
      { at: 'r2', level: 'linearizable', key: 'demo/order/7', value: 'paid again', ifNoneMatch: '*' },
      { status: 412 },
    ),
    request(
      'The same condition at causal is refused: no copy can decide it by itself',
      { at: 'r2', level: 'causal', key: 'demo/order/8', value: 'paid', ifNoneMatch: '*' },
      { status: 400, check: isProblem('precondition-needs-linearizable'), also: 'precondition-needs-linearizable' },
    ),
    raceForName(),
    call(
      'A worker takes a lock for a short while',
      { at: 'r1', method: 'POST', path: '/v1/locks/demo/acquire', body: { owner: 'slow', ttlMs: LEASE_MS } },
      { status: 200, check: remember('slow'), also: 'a fencing token' },
    ),
    {
      says: `The worker is paused for ${LEASE_OVER_MS} ms, longer than its lease`,
      expected: 'time passes',
      async run() {
        await sleep(LEASE_OVER_MS);
        return { ok: true, observed: 'time passes' };
      },
    },
    call(
      'Another worker takes the lock at r2',
      { at: 'r2', method: 'POST', path: '/v1/locks/demo/acquire', body: { owner: 'quick', ttlMs: 30_000 } },
      { status: 200, check: remember('quick', 'slow'), also: 'a greater fencing token' },
    ),
    lateWrite('slow', 'The first worker wakes up and writes with its token', { status: 409, slug: 'fenced' }),
    lateWrite('quick', 'The second worker writes with its own', { status: 200 }),
  ],
};

/** Two clients ask for one user name at the same moment, at different replicas. */
function raceForName(): Step {
  return {
    says: 'Two clients race for one user name, at r1 and at r3',
    expected: 'one 201, one 409 already-claimed that names the winner',
    async run(stage) {
      const claim = (at: ReplicaName, owner: string): HttpCall => ({
        method: 'PUT',
        origin: stage.urlOf(at),
        path: '/v1/claims/users/ada',
        headers: { 'Content-Type': 'application/json' },
        body: Buffer.from(JSON.stringify({ owner })),
      });
      const answers = await Promise.all([answerTo(claim('r1', 'ada-north')), answerTo(claim('r3', 'ada-south'))]);
      const winner = answers.findIndex((answer) => !(answer instanceof NoAnswer) && answer.status === 201);
      const loser = answers[1 - winner];
      const owner = winner === 0 ? 'ada-north' : 'ada-south';
      const isRefused = loser !== undefined && !(loser instanceof NoAnswer) && loser.status === 409;
      const named = isRefused ? (jsonOf(loser) as { owner?: string }).owner : undefined;
      const shown = answers.map((answer) => (answer instanceof NoAnswer ? answer.message : String(answer.status)));
      return winner >= 0 && named === owner
        ? { ok: true, observed: `${owner} has it, and the other was told so` }
        : { ok: false, observed: `${shown.join(' and ')}; the loser was told ${named ?? 'nothing'}` };
    },
  };
}

/** A write that says which lock it believes to hold. */
function lateWrite(holder: string, says: string, wanted: { status: number; slug?: string }): Step {
  return {
    says,
    expected: wanted.slug === undefined ? String(wanted.status) : `${wanted.status} ${wanted.slug}`,
    async run(stage) {
      const step = request(
        says,
        {
          at: 'r1',
          level: 'linearizable',
          key: 'demo/report',
          value: holder,
          headers: { 'Fencing-Token': `demo=${stage.notes.get(holder) ?? ''}` },
        },
        wanted.slug === undefined
          ? { status: wanted.status }
          : { status: wanted.status, check: isProblem(wanted.slug), also: wanted.slug },
      );
      return step.run(stage);
    },
  };
}

/** Keeps the fencing token of the answer, which must be greater than that of `before`. */
function remember(holder: string, before?: string): (answer: HttpAnswer, stage: Stage) => string | undefined {
  return (answer, stage) => {
    const { fencingToken } = (jsonOf(answer) ?? {}) as { readonly fencingToken?: number };
    if (fencingToken === undefined) return 'no fencingToken';
    stage.notes.set(holder, String(fencingToken));
    const earlier = before === undefined ? 0 : Number(stage.notes.get(before));
    return fencingToken > earlier ? undefined : `fencingToken ${fencingToken} after ${earlier}`;
  };
}

/** Whether the answer is the problem of this name. */
export function isProblem(slug: string): (answer: HttpAnswer) => string | undefined {
  return (answer) => {
    const { type } = (jsonOf(answer) ?? {}) as { readonly type?: string };
    return type?.endsWith(slug) === true ? undefined : `type ${type}`;
  };
}

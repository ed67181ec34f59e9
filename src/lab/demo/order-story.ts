/** Story three: what needs one order for all - conditions, unique names, locks whose holders may be late. */
import { curlLine } from '../curl-line.js';
import { type HttpAnswer, type HttpCall, jsonOf, NoAnswer } from '../http-call.js';
import { askPatiently } from './ask.js';
import { call, jsonCall, request } from './steps.js';
import type { ReplicaName, Stage, Step, Story } from './story.js';

const LEASE_MS = 400;
const LONG_LEASE_MS = 60_000;
const WAIT_MS = 15_000;

export const orderStory: Story = {
  title: 'One order for all',
  lesson:
    'Some things no copy can decide by itself: whether a name is still free, who holds a lock, whether nobody has written\n' +
    'in between. They go through a log that a majority agrees on, entry by entry, and are decided in its order.',
  steps: [
    request(
      'Create a key at r1, only if there is none',
      { at: 'r1', level: 'linearizable', key: 'demo/order/7', value: 'paid', ifNoneMatch: '*' },
      { status: 201 },
    ),
    request(
      'The same at r2: somebody was first',
      { at: 'r2', level: 'linearizable', key: 'demo/order/7', value: 'cancelled', ifNoneMatch: '*' },
      { status: 412 },
    ),
    request(
      'The same condition at causal is refused: a copy cannot decide it',
      { at: 'r2', level: 'causal', key: 'demo/order/8', value: 'paid', ifNoneMatch: '*' },
      { status: 400, check: isProblem('precondition-needs-linearizable'), also: 'precondition-needs-linearizable' },
    ),
    raceForName(),
    call(
      `A worker takes a lock for ${LEASE_MS} ms, and is paused`,
      {
        at: 'r1',
        method: 'POST',
        path: '/v1/locks/demo/acquire',
        body: { owner: 'slow', ttlMs: LEASE_MS },
        idempotencyKey: 'slow',
      },
      { status: 200, check: keepToken('slow'), also: 'a fencing token' },
    ),
    call(
      'Another worker asks for it at r2, and gets it when the lease of the first one is over',
      {
        at: 'r2',
        method: 'POST',
        path: '/v1/locks/demo/acquire',
        body: { owner: 'quick', ttlMs: LONG_LEASE_MS, waitMs: WAIT_MS },
        idempotencyKey: 'quick',
      },
      { status: 200, check: keepToken('quick', 'slow'), also: 'a greater fencing token' },
    ),
    fencedWrite('The first worker wakes up, and writes with the token it got', 'slow', 'fenced'),
    fencedWrite('The second worker writes with its own', 'quick'),
  ],
};

const RACERS = [
  { at: 'r1', owner: 'ada-north' },
  { at: 'r3', owner: 'ada-south' },
] as const satisfies readonly { readonly at: ReplicaName; readonly owner: string }[];

/** Two clients ask for one user name at the same moment, at different replicas. */
function raceForName(): Step {
  return {
    says: 'Two clients race for one user name, at r1 and at r3',
    expected: '201 for one of them; 409 for the other, which names the winner',
    async run(stage) {
      const calls = RACERS.map(({ at, owner }) => claim(stage, at, owner));
      const asked = await Promise.all(calls.map((sent) => askPatiently(sent, [201, 409])));
      const told = asked.map(({ answer }) => describeClaim(answer));
      const [first, second] = RACERS.map(({ owner }) => `201 ${owner}`);
      const ok = told.join() === `${first},409 ada-north` || told.join() === `409 ada-south,${second}`;
      const observed = RACERS.map(({ at }, i) => `${at}: ${told[i]}`).join(', ');
      return { ok, observed, shown: calls.map((sent) => `$ ${curlLine(sent, { withHeaders: true })}`) };
    },
  };
}

function claim(stage: Stage, at: ReplicaName, owner: string): HttpCall {
  return jsonCall(stage, {
    at,
    method: 'PUT',
    path: '/v1/claims/users/ada',
    body: { owner },
    idempotencyKey: `ada@${at}`,
  });
}

/** The status, and whom the answer names as the owner. */
function describeClaim(answer: HttpAnswer | NoAnswer): string {
  if (answer instanceof NoAnswer) return answer.message;
  const { owner } = (jsonOf(answer) ?? {}) as { readonly owner?: string };
  return `${answer.status} ${owner ?? 'of nobody'}`;
}

/** A write that says under which token its sender believes to hold the lock. */
function fencedWrite(says: string, holder: string, refused?: string): Step {
  const expect = refused === undefined ? { status: 200 } : { status: 409, check: isProblem(refused), also: refused };
  const stepFor = (token: string): Step =>
    request(
      says,
      { at: 'r1', level: 'linearizable', key: 'demo/report', value: `by ${holder}`, fencingToken: `demo=${token}` },
      expect,
    );
  const { expected } = stepFor('');
  return { says, expected, run: (stage) => stepFor(stage.notes.get(holder) ?? '').run(stage) };
}

/** Notes the fencing token of the answer, which must be greater than the one that `before` got. */
function keepToken(holder: string, before?: string): (answer: HttpAnswer, stage: Stage) => string | undefined {
  return (answer, stage) => {
    const { fencingToken } = (jsonOf(answer) ?? {}) as { readonly fencingToken?: number };
    if (fencingToken === undefined) return 'no fencingToken';
    stage.notes.set(holder, String(fencingToken));
    const earlier = before === undefined ? 0 : Number(stage.notes.get(before));
    return fencingToken > earlier ? undefined : `fencingToken ${fencingToken} after ${earlier}`;
  };
}

/** Whether the answer is the problem of this code. */
export function isProblem(code: string): (answer: HttpAnswer) => string | undefined {
  return (answer) => {
    const { type } = (jsonOf(answer) ?? {}) as { readonly type?: string };
    return type === `urn:causeway:error:${code}` ? undefined : `type ${type}`;
  };
}

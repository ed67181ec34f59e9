/** When a cluster can be used: every replica says it is ready and has heard from all others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CausewayError } from '../base/errors.js';
import { type HttpAnswer, jsonOf, NoAnswer, sendCall } from './http-call.js';

interface Address {
  readonly id: string;
  readonly url: string;
}

const TIMEOUT_MS = 20_000;
const POLL_MS = 15;
const ANSWER_TIMEOUT_MS = 2_000;

async function waitUntilReady(replica: Address, timeoutMs: number): Promise<void> {
  await poll(replica, timeoutMs, '/readyz', (answer) => answer.status === 200);
}

/** Every replica is ready and reaches every other. @throws CausewayError naming what one of them still waits for. */
export async function waitUntilMutuallyVisible(replicas: readonly Address[], timeoutMs = TIMEOUT_MS): Promise<void> {
  await Promise.all(
    replicas.map(async (replica) => {
      await waitUntilReady(replica, timeoutMs);
      await poll(replica, timeoutMs, '/v1/replica', (answer) => seesAll(jsonOf(answer)));
    }),
  );
}

async function poll(
  { id, url }: Address,
  timeoutMs: number,
  path: string,
  isDone: (answer: HttpAnswer) => boolean,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  let last = 'it does not answer';
  while (performance.now() < deadlineMs) {
    try {
      const call = { method: 'GET', origin: url, path, headers: {} } as const;
      const answer = await sendCall(call, { timeoutMs: ANSWER_TIMEOUT_MS });
      if (isDone(answer)) return;
      last = `${path} answers ${answer.status} ${Buffer.from(answer.body).toString('utf8', 0, 300)}`;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      last = error.message;
    }
    await sleep(POLL_MS);
  }
  throw new CausewayError('internal-error', `${id} was not ready within ${timeoutMs} ms: ${last}`);
}

function seesAll(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('peers' in body) || !Array.isArray(body.peers)) return false;
  return body.peers.every((peer: { readonly reachable?: unknown }) => peer.reachable === true);
}

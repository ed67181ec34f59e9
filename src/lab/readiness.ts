/** When a cluster can be used: every replica would serve every level, and has heard from all others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CausewayError } from '../base/errors.js';
import { type HttpAnswer, jsonOf, NoAnswer, sendCall, textOf } from './http-call.js';

interface Address {
  readonly id: string;
  readonly url: string;
}

const TIMEOUT_MS = 30_000;
const POLL_MS = 15;
const ANSWER_TIMEOUT_MS = 2_000;
const REASON_MAX_CHARS = 300;

/**
 * Every replica is ready at `linearizable`, the last level to come, and reaches every other.
 * @throws CausewayError `not-ready` naming what one of them still waits for
 */
export async function waitUntilMutuallyVisible(replicas: readonly Address[], timeoutMs = TIMEOUT_MS): Promise<void> {
  await Promise.all(
    replicas.map(async (replica) => {
      await poll(replica, timeoutMs, '/readyz?level=linearizable', (answer) => answer.status === 200);
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
      last = `${path} answers ${answer.status} ${reasonIn(answer)}`;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      last = error.message;
    }
    await sleep(POLL_MS);
  }
  throw new CausewayError('not-ready', `${id} was not ready within ${timeoutMs} ms: ${last}`);
}

/** What a problem document says, or the beginning of what was answered instead. */
function reasonIn(answer: HttpAnswer): string {
  const body = jsonOf(answer);
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? String(body.detail) : textOf(answer);
  return detail.slice(0, REASON_MAX_CHARS);
}

function seesAll(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || !('peers' in body) || !Array.isArray(body.peers)) return false;
  return body.peers.every((peer: { readonly reachable?: unknown }) => peer.reachable === true);
}

/** An instruction about faults to several replicas, each of which has to take it: half a partition is none. */
import { CausewayError } from '../base/errors.js';
import { NoAnswer, sendCall, textOf } from './http-call.js';

interface Replica {
  readonly id: string;
  readonly url: string;
}

const ANSWER_TIMEOUT_MS = 10_000;

/** Removing what is not there counts as done. @throws CausewayError naming the first replica that did not do it. */
export async function tellEvery(
  replicas: readonly Replica[],
  method: 'PUT' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<void> {
  await Promise.all(
    replicas.map(async ({ id, url }) => {
      const refusal = await ask(url, method, path, body);
      if (refusal !== undefined) throw new CausewayError('internal-error', `${id} did not do ${path}: ${refusal}`);
    }),
  );
}

/** Why not; `undefined` if it was done. */
async function ask(
  origin: string,
  method: 'PUT' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<string | undefined> {
  const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const json = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
  try {
    const answer = await sendCall({ method, origin, path, headers, ...json }, { timeoutMs: ANSWER_TIMEOUT_MS });
    const isDone = answer.status < 300 || (method === 'DELETE' && answer.status === 404);
    return isDone ? undefined : `${answer.status} ${textOf(answer)}`;
  } catch (error) {
    if (error instanceof NoAnswer) return error.message;
    throw error;
  }
}

/**
 * How the characters of the stories ask: as a client would that means to get its answer. A leader may change at any
 * moment, also on a machine that is merely busy; an answer that says that trying again may help is taken at its word.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpAnswer, type HttpCall, jsonOf, NoAnswer, sendCall } from '../http-call.js';

const ANSWER_TIMEOUT_MS = 20_000;
const REPEAT_WITHIN_MS = 15_000;
const REPEAT_AFTER_MS = 100;

/** The last answer, how often it was asked for, and how long the last attempt took. */
export interface Asked {
  readonly answer: HttpAnswer | NoAnswer;
  readonly attempts: number;
  readonly tookMs: number;
}

/** The answer, or why there is none: either is an observation. */
export async function answerTo(call: HttpCall): Promise<HttpAnswer | NoAnswer> {
  try {
    return await sendCall(call, { timeoutMs: ANSWER_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof NoAnswer) return error;
    throw error;
  }
}

/**
 * Ask until the status is one that is waited for, or the problem is not one that passes by itself. What may have been
 * done already is repeated only if that is harmless: a read, or under an `Idempotency-Key`.
 */
export async function askPatiently(call: HttpCall, statuses: readonly number[]): Promise<Asked> {
  const deadlineMs = performance.now() + REPEAT_WITHIN_MS;
  for (let attempts = 1; ; attempts += 1) {
    const startedMs = performance.now();
    const answer = await answerTo(call);
    const tookMs = Math.round(performance.now() - startedMs);
    const isDone = answer instanceof NoAnswer || statuses.includes(answer.status) || !mayRepeat(call, answer);
    if (isDone || performance.now() >= deadlineMs) return { answer, attempts, tookMs };
    await sleep(REPEAT_AFTER_MS);
  }
}

function mayRepeat(call: HttpCall, answer: HttpAnswer): boolean {
  const { retryable, outcome } = (jsonOf(answer) ?? {}) as { readonly retryable?: boolean; readonly outcome?: string };
  const isHarmless = call.method === 'GET' || call.headers['Idempotency-Key'] !== undefined;
  return retryable === true && (outcome === 'not-applied' || isHarmless);
}

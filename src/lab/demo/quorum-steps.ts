/** What a cut does to the total order: who is refused, who is served, wherever the leader is. */
import { type HttpAnswer, jsonOf } from '../http-call.js';
import { isProblem } from './order-story.js';
import { call, request } from './steps.js';
import type { ReplicaName, Step } from './story.js';

/** So that the story is always the same one, whoever happened to lead. */
export function lead(replica: ReplicaName, why: string): Step {
  return call(
    `Let ${replica} lead: ${why}`,
    { at: replica, method: 'POST', path: `/v1/members/${replica}/lead` },
    { status: 200 },
  );
}

/** A replica without a majority says so in time, and what it can do instead. */
export function refusedRead(says: string, at: ReplicaName): Step {
  return request(
    says,
    { at, level: 'linearizable', key: 'demo/stock' },
    { status: 503, check: servesOnlyWeaker, also: 'no-quorum, served: eventual and causal' },
  );
}

export function refusedWrite(says: string, at: ReplicaName, value: string): Step {
  return request(
    says,
    { at, level: 'linearizable', key: 'demo/stock', value },
    { status: 503, check: servesOnlyWeaker, also: 'no-quorum, served: eventual and causal' },
  );
}

export function servedRead(says: string, at: ReplicaName, value: string): Step {
  return request(
    says,
    { at, level: 'linearizable', key: 'demo/stock' },
    { status: 200, body: value, headers: { 'consistency-level': 'linearizable', 'served-by': at } },
  );
}

/** If the leader was lost, this takes an election; until then it is refused and asked for again. */
export function servedWrite(says: string, at: ReplicaName, value: string): Step {
  return request(
    says,
    { at, level: 'linearizable', key: 'demo/stock', value },
    { status: 200, headers: { 'consistency-level': 'linearizable', 'served-by': at } },
  );
}

function servesOnlyWeaker(answer: HttpAnswer): string | undefined {
  const { served } = (jsonOf(answer) ?? {}) as { readonly served?: readonly string[] };
  const named = [...(served ?? [])].sort().join(', ');
  return isProblem('no-quorum')(answer) ?? (named === 'causal, eventual' ? undefined : `served ${named}`);
}

/** A lab before and after a proof: when it may begin, and what every replica shows when all is over. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CausewayError } from '../../base/errors.js';
import type { FinalRecord, Value } from '../../check/history/record.js';
import type { Lab } from '../cluster.js';
import { jsonOf, sendCall } from '../http-call.js';
import { isLinearizable, standingOf } from '../workload/control.js';
import type { History } from '../workload/history.js';
import type { Target } from '../workload/requests.js';

const POLL_MS = 50;
const TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 10_000;

/** Until all replicas offer every level: before that there is nothing to disturb. */
export async function untilLinearizable(lab: Lab): Promise<void> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  while (!(await Promise.all(lab.replicas.map(isLinearizable))).every(Boolean)) {
    if (performance.now() > deadlineMs) throw new CausewayError('no-quorum', 'linearizable is not offered everywhere');
    await sleep(POLL_MS);
  }
}

/** Until all replicas have delivered and applied the same. Returns how long that took; undefined if it was too long. */
export async function convergenceMs(lab: Lab): Promise<number | undefined> {
  const startedMs = performance.now();
  for (;;) {
    const standings = await Promise.all(lab.replicas.map(standingOf));
    const vectors = new Set(standings.map((is) => is && JSON.stringify([is.vector, is.appliedIndex])));
    const tookMs = performance.now() - startedMs;
    if (vectors.size === 1 && standings.every((is) => is?.buffered === 0)) return tookMs;
    if (tookMs > TIMEOUT_MS) return undefined;
    await sleep(POLL_MS);
  }
}

/** A deletion among the siblings has no value. */
interface Entry {
  readonly value: Value;
  readonly siblings?: readonly { readonly value?: Value }[];
}

/** The causal view of the keys, of each replica. */
export async function recordFinals(
  { replicas }: { readonly replicas: readonly Target[] },
  keys: readonly string[],
  history: History,
): Promise<void> {
  for (const { id, url } of replicas) {
    const process = history.nextProcess();
    for (const key of keys) {
      const invoke = history.nowNs();
      const path = `/v1/kv/${encodeURIComponent(key)}?format=entry`;
      const headers = { 'Consistency-Level': 'causal' };
      const answer = await sendCall({ method: 'GET', origin: url, path, headers }, { timeoutMs: ANSWER_TIMEOUT_MS });
      const { value = null, siblings = [] } = jsonOf(answer) as Partial<Entry>;
      const record: FinalRecord = {
        op: 'final',
        process,
        replica: id,
        level: 'causal',
        key,
        invoke,
        complete: history.nowNs(),
        status: 'ok',
        output: value,
        outputs: [value, ...siblings.map((sibling) => sibling.value ?? null)],
      };
      history.add(record);
    }
  }
}

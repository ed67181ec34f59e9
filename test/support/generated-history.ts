/**
 * Histories as a correct store would leave them: clients whose operations take effect at a moment between invocation and
 * answer, weaker writes that enter the order late or never, answers that are lost.
 */
import type { HistoryRecord, Level, TxnStep, Value } from '../../src/check/history/record.js';
import { seededRandom } from './seeded-random.js';

export interface RegisterLoad {
  readonly seed: number;
  readonly operations: number;
  readonly clients: number;
  readonly keys: number;
  /** Shares of all operations. */
  readonly weak: number;
  readonly lost: number;
  readonly txn: number;
}

type Draft = { -readonly [Name in keyof HistoryRecord]: HistoryRecord[Name] } & Record<string, unknown>;

interface Planned {
  readonly at: number;
  act(): void;
}

export function registerHistory(load: RegisterLoad): HistoryRecord[] {
  const random = seededRandom(load.seed);
  const state = new Map<string, Value>();
  const clocks = new Array<number>(load.clients).fill(0);
  const processes = clocks.map((_, client) => client);
  const records: HistoryRecord[] = [];
  const planned: Planned[] = [];
  let values = 0;
  const anyKey = (): string => `k${random.int(load.keys)}`;
  for (let i = 0; i < load.operations; i += 1) {
    const client = clocks.indexOf(Math.min(...clocks));
    const invoke = (clocks[client] as number) + 1 + random.int(100);
    const complete = invoke + 1 + random.int(1_000);
    clocks[client] = complete;
    const level: Level = random.chance(load.weak) ? 'causal' : 'linearizable';
    const isLost = random.chance(load.lost);
    const draft = {
      process: processes[client],
      session: `s${client}`,
      level,
      invoke,
      complete: isLost ? null : complete,
      status: isLost ? 'info' : 'ok',
    } as unknown as Draft;
    if (isLost) processes[client] = load.clients + i;
    planOperation(draft, complete);
  }
  for (const { act } of planned.sort((a, b) => a.at - b.at)) act();
  return records.filter((record) => record.status !== 'fail');

  function planOperation(draft: Draft, complete: number): void {
    const isWeak = draft.level !== 'linearizable';
    const isLate = isWeak || draft.status === 'info';
    const at = draft.invoke + random.int(isLate ? 20_000 : complete - draft.invoke);
    const happens = !isLate || random.chance(0.7);
    const act = isWeak ? planWeak(draft) : random.chance(load.txn) ? planTxn(draft) : planSingle(draft);
    records.push(draft as unknown as HistoryRecord);
    if (happens) planned.push({ at, act });
  }

  function planWeak(draft: Draft): () => void {
    const key = anyKey();
    const value = random.chance(0.9) ? `w${values++}` : null;
    Object.assign(draft, value === null ? { op: 'delete', key } : { op: 'write', key, value });
    return () => void state.set(key, value);
  }

  function planSingle(draft: Draft): () => void {
    const key = anyKey();
    const shown = (): Value => state.get(key) ?? null;
    const fresh = `v${values++}`;
    const op = random.pick(['read', 'read', 'read', 'write', 'cas', 'create', 'delete'] as const);
    Object.assign(draft, { op, key });
    if (op === 'read') return () => void (draft.status === 'ok' && Object.assign(draft, { output: shown() }));
    if (op !== 'delete') Object.assign(draft, { value: fresh });
    if (op === 'write' || op === 'delete') return () => void state.set(key, op === 'write' ? fresh : null);
    if (op === 'create') return () => (shown() === null ? void state.set(key, fresh) : refuse(draft));
    // A client that has just read: mostly right about what the key shows.
    Object.assign(draft, { expect: 'nothing known' });
    return () => {
      if (random.chance(0.3)) return refuse(draft);
      Object.assign(draft, { expect: shown() });
      state.set(key, fresh);
    };
  }

  function planTxn(draft: Draft): () => void {
    const keys = [...new Set([anyKey(), anyKey()])];
    const onSuccess = keys.map(
      (key, i): TxnStep => (i === 0 ? { kind: 'put', key, value: `t${values++}` } : { kind: 'get', key }),
    );
    const onFailure = keys.slice(0, 1).map((key): TxnStep => ({ kind: 'get', key }));
    Object.assign(draft, { op: 'txn', checks: [], onSuccess, onFailure });
    return () => {
      const succeeded = random.chance(0.6);
      const [key = ''] = keys;
      const checks = [{ key, value: succeeded ? (state.get(key) ?? null) : 'another' }];
      const steps = succeeded ? onSuccess : onFailure;
      const results = steps.map((step) => (step.kind === 'get' ? (state.get(step.key) ?? null) : null));
      for (const step of steps) if (step.kind === 'put') state.set(step.key, step.value);
      Object.assign(draft, { checks, ...(draft.status === 'ok' ? { output: { succeeded, results } } : {}) });
    };
  }
}

/** A condition did not hold: the answer says that nothing was applied. */
function refuse(draft: Draft): void {
  if (draft.status === 'ok') draft.status = 'fail';
}

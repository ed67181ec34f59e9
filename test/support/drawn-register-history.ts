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
  return new HistoryDraw(load).draw();
}

class HistoryDraw {
  readonly #load: RegisterLoad;
  readonly #random: ReturnType<typeof seededRandom>;
  readonly #state = new Map<string, Value>();
  readonly #records: HistoryRecord[] = [];
  readonly #planned: Planned[] = [];
  #values = 0;

  constructor(load: RegisterLoad) {
    this.#load = load;
    this.#random = seededRandom(load.seed);
  }

  draw(): HistoryRecord[] {
    const clocks = new Array<number>(this.#load.clients).fill(0);
    const processes = clocks.map((_, client) => client);
    for (let i = 0; i < this.#load.operations; i += 1) {
      const client = clocks.indexOf(Math.min(...clocks));
      const invoke = (clocks[client] as number) + 1 + this.#random.int(100);
      const complete = invoke + 1 + this.#random.int(1_000);
      clocks[client] = complete;
      const level: Level = this.#random.chance(this.#load.weak) ? 'causal' : 'linearizable';
      const isLost = this.#random.chance(this.#load.lost);
      const draft = {
        process: processes[client],
        session: `s${client}`,
        level,
        invoke,
        complete: isLost ? null : complete,
        status: isLost ? 'info' : 'ok',
      } as unknown as Draft;
      if (isLost) processes[client] = this.#load.clients + i;
      this.#plan(draft, complete);
    }
    for (const { act } of this.#planned.sort((a, b) => a.at - b.at)) act();
    return this.#records.filter((record) => record.status !== 'fail');
  }

  #plan(draft: Draft, complete: number): void {
    const isWeak = draft.level !== 'linearizable';
    const isLate = isWeak || draft.status === 'info';
    const at = draft.invoke + this.#random.int(isLate ? 20_000 : complete - draft.invoke);
    const happens = !isLate || this.#random.chance(0.7);
    const act = isWeak
      ? this.#planWeak(draft)
      : this.#random.chance(this.#load.txn)
        ? this.#planTxn(draft)
        : this.#planSingle(draft);
    this.#records.push(draft as unknown as HistoryRecord);
    if (happens) this.#planned.push({ at, act });
  }

  #anyKey(): string {
    return `k${this.#random.int(this.#load.keys)}`;
  }

  #freshValue(prefix: string): string {
    this.#values += 1;
    return `${prefix}${this.#values}`;
  }

  #planWeak(draft: Draft): () => void {
    const key = this.#anyKey();
    const value = this.#random.chance(0.9) ? this.#freshValue('w') : null;
    Object.assign(draft, value === null ? { op: 'delete', key } : { op: 'write', key, value });
    return () => void this.#state.set(key, value);
  }

  #planSingle(draft: Draft): () => void {
    const key = this.#anyKey();
    const shown = (): Value => this.#state.get(key) ?? null;
    const fresh = this.#freshValue('v');
    const op = this.#random.pick(['read', 'read', 'read', 'write', 'cas', 'create', 'delete'] as const);
    Object.assign(draft, { op, key });
    if (op === 'read') return () => void (draft.status === 'ok' && Object.assign(draft, { output: shown() }));
    if (op !== 'delete') Object.assign(draft, { value: fresh });
    if (op === 'write' || op === 'delete') return () => void this.#state.set(key, op === 'write' ? fresh : null);
    if (op === 'create') return () => (shown() === null ? void this.#state.set(key, fresh) : refuse(draft));
    // A client that has just read: mostly right about what the key shows.
    Object.assign(draft, { expect: 'nothing known' });
    return () => {
      if (this.#random.chance(0.3)) return refuse(draft);
      Object.assign(draft, { expect: shown() });
      this.#state.set(key, fresh);
    };
  }

  #planTxn(draft: Draft): () => void {
    const keys = [...new Set([this.#anyKey(), this.#anyKey()])];
    const onSuccess = keys.map(
      (key, i): TxnStep => (i === 0 ? { kind: 'put', key, value: this.#freshValue('t') } : { kind: 'get', key }),
    );
    const onFailure = keys.slice(0, 1).map((key): TxnStep => ({ kind: 'get', key }));
    Object.assign(draft, { op: 'txn', checks: [], onSuccess, onFailure });
    return () => {
      const succeeded = this.#random.chance(0.6);
      const [key = ''] = keys;
      const checks = [{ key, value: succeeded ? (this.#state.get(key) ?? null) : 'another' }];
      const steps = succeeded ? onSuccess : onFailure;
      const results = steps.map((step) => (step.kind === 'get' ? (this.#state.get(step.key) ?? null) : null));
      for (const step of steps) if (step.kind === 'put') this.#state.set(step.key, step.value);
      Object.assign(draft, { checks, ...(draft.status === 'ok' ? { output: { succeeded, results } } : {}) });
    };
  }
}

/** A condition did not hold: the answer says that nothing was applied. */
function refuse(draft: Draft): void {
  if (draft.status === 'ok') draft.status = 'fail';
}

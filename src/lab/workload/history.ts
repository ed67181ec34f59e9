/** A history while it is recorded: its one clock, its process numbers, and what came to pass. */
import { type HistoryRecord, isRegisterRecord, type Level, type Status } from '../../check/history/record.js';

export class History {
  readonly records: HistoryRecord[] = [];
  readonly #startNs = process.hrtime.bigint();
  #processes = 0;
  #served = 0;

  /** Since the history began. */
  nowNs(): number {
    return Number(process.hrtime.bigint() - this.#startNs);
  }

  nextProcess(): number {
    this.#processes += 1;
    return this.#processes;
  }

  add(record: HistoryRecord): void {
    this.records.push(record);
    if (isRegisterRecord(record) && record.level === 'linearizable' && record.status === 'ok') this.#served += 1;
  }

  /** Linearizable operations on keys that were answered. */
  get served(): number {
    return this.#served;
  }
}

/** How many operations there were of each level and name, by what became of them. */
export type Tally = Readonly<Record<string, Readonly<Record<Status, number>>>>;

export function tallyOf(records: readonly HistoryRecord[]): Tally {
  const tally: Record<string, Record<Status, number>> = {};
  for (const { level, op, status } of records) {
    const name = `${level satisfies Level} ${op}`;
    tally[name] ??= { ok: 0, fail: 0, info: 0 };
    tally[name][status] += 1;
  }
  return tally;
}

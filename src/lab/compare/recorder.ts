/** Everything that was measured in a comparison, on one clock. */
import { historyLine } from '../../check/history/line.js';
import type { HistoryRecord } from '../../check/history/record.js';
import { History } from '../workload/history.js';
import { type Measured, measuredLine } from './measured.js';

export class Recorder {
  readonly measured: Measured[] = [];
  /** Keeps the clock and the process numbers, and what replicas show at the end. */
  readonly history = new History();

  add(measured: Measured): void {
    this.measured.push(measured);
  }

  /** What checkers judge: all requests, and what replicas showed at the end. */
  records(): readonly HistoryRecord[] {
    return [...this.measured.map(({ record }) => record), ...this.history.records];
  }

  /** `history.jsonl`. */
  lines(): readonly string[] {
    return [...this.measured.map(measuredLine), ...this.history.records.map(historyLine)];
  }
}

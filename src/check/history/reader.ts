/** Reads a history file piece by piece: pieces of text go in as they come, records come out as their lines are complete. */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { refuseLine } from './fields.js';
import { parseLine } from './parse.js';
import type { HistoryRecord } from './record.js';

const BYTE_ORDER_MARK = '\ufeff';

export class HistoryReader {
  readonly #file: string;
  readonly #maxOperations: number;
  #line = 0;
  #records = 0;
  #rest = '';

  /** `file` is named where something is refused. */
  constructor(file: string, maxOperations: number = LIMITS.historyMaxOperations) {
    this.#file = file;
    this.#maxOperations = maxOperations;
  }

  /** The records of all lines that end in `text`. @throws CausewayError `invalid-history` */
  push(text: string): readonly HistoryRecord[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    const records = lines.flatMap((line) => this.#take(line));
    if (this.#rest.length > LIMITS.historyLineMaxChars) this.#refuseLength(this.#line + 1);
    return records;
  }

  /** The record of a last line without a line break. @throws CausewayError `invalid-history` */
  end(): readonly HistoryRecord[] {
    const rest = this.#rest;
    this.#rest = '';
    return this.#take(rest);
  }

  #take(text: string): readonly HistoryRecord[] {
    this.#line += 1;
    if (text.length > LIMITS.historyLineMaxChars) this.#refuseLength(this.#line);
    const line = this.#line === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    if (line.trim() === '') return [];
    this.#records += 1;
    if (this.#records > this.#maxOperations) {
      throw new CausewayError('invalid-history', `${this.#file} has more than ${this.#maxOperations} operations`);
    }
    return [parseLine(line, { file: this.#file, line: this.#line })];
  }

  #refuseLength(line: number): never {
    return refuseLine({ file: this.#file, line }, `the line has more than ${LIMITS.historyLineMaxChars} characters`);
  }
}

/** Sequences: numbers from 1 on, each handed out once, in the order of the requests. */
import { answerOf, documentOf, violation } from './answers.js';
import type { Reply } from './attempt.js';
import type { Caller } from './caller.js';
import { numberAt } from './json.js';
import { namePath } from './keys.js';
import type { Answer, CallOptions, CoordinationOptions } from './types.js';

export interface SequenceValue extends Answer {
  readonly value: number;
}

export class Sequences {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * The next number. A number is lost, never handed out twice, if the answer to its request is: a retry under the same
   * idempotency key gets the same number.
   */
  async next(name: string, options: CoordinationOptions = {}): Promise<SequenceValue> {
    const path = `${sequencePath(name)}/next`;
    return readValue(await this.#caller.write({ method: 'POST', path, level: 'linearizable' }, options));
  }

  /** The number handed out last; 0 before the first. Linearizable unless the options name a weaker level. */
  async get(name: string, options: CallOptions = {}): Promise<SequenceValue> {
    return readValue(await this.#caller.readObject(sequencePath(name), options));
  }
}

function sequencePath(name: string): string {
  return namePath('sequences', name);
}

function readValue(reply: Reply): SequenceValue {
  const value = numberAt(documentOf(reply), 'value') ?? violation(reply, 'has no value');
  return { ...answerOf(reply), value };
}

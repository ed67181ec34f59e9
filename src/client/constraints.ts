/** Unique constraints: of the JSON values under a prefix, no two have the same value in a field. */
import { answerOf, documentOf, violation } from './answers.js';
import type { Caller } from './caller.js';
import { jsonBody } from './content.js';
import { stringAt } from './json.js';
import { namePath } from './keys.js';
import type { Answer, CallOptions, CoordinationOptions } from './types.js';

export interface Constraint {
  /** Of the keys that it speaks about. */
  readonly prefix: string;
  /** A JSON pointer (RFC 6901), e.g. `/email`. */
  readonly field: string;
}

export type ConstraintResult = Answer & (({ readonly found: true } & Constraint) | { readonly found: false });

export class Constraints {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * From now on keys under the prefix are written at `linearizable` only. One of the same name is replaced.
   * @throws CausewayApiError `unique-violation` with the offending `keys` if the data breaks it already.
   */
  async declare(name: string, { prefix, field }: Constraint, options: CoordinationOptions = {}): Promise<Answer> {
    const path = namePath('constraints', name);
    const body = jsonBody({ prefix, field });
    return answerOf(await this.#caller.write({ method: 'PUT', path, level: 'linearizable', body }, options));
  }

  /** Dropping what does not exist succeeds as well. */
  async drop(name: string, options: CoordinationOptions = {}): Promise<Answer> {
    const path = namePath('constraints', name);
    return answerOf(await this.#caller.write({ method: 'DELETE', path, level: 'linearizable' }, options));
  }

  /** Linearizable unless the options name a weaker level. */
  async get(name: string, options: CallOptions = {}): Promise<ConstraintResult> {
    const path = namePath('constraints', name);
    const reply = await this.#caller.readObject(path, options, { mayBeAbsent: true });
    if (reply.status === 404) return { ...answerOf(reply), found: false };
    const document = documentOf(reply);
    const prefix = stringAt(document, 'prefix') ?? violation(reply, 'has no prefix');
    const field = stringAt(document, 'field') ?? violation(reply, 'has no field');
    return { ...answerOf(reply), found: true, prefix, field };
  }
}

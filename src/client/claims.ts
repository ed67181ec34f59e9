/** Unique claims: a value of a namespace belongs to whoever claims it first, until he gives it back. */
import { answerOf, documentOf, violation } from './answers.js';
import type { Caller, WriteCall } from './caller.js';
import { jsonBody } from './content.js';
import { stringAt } from './json.js';
import { namePath } from './keys.js';
import type { Answer, CallOptions, CoordinationOptions } from './types.js';

export interface ClaimReceipt extends Answer {
  readonly owner: string;
  /** False if the owner had it already. */
  readonly created: boolean;
}

export type ClaimResult = Answer & ({ readonly found: true; readonly owner: string } | { readonly found: false });

export class Claims {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** @throws CausewayApiError `already-claimed` with the `owner`, if that is somebody else. */
  async claim(
    namespace: string,
    value: string,
    owner: string,
    options: CoordinationOptions = {},
  ): Promise<ClaimReceipt> {
    const reply = await this.#caller.write(claimCall('PUT', namespace, value, owner), options);
    return { ...answerOf(reply), owner, created: reply.status === 201 };
  }

  /** Give it back. That nobody has it is no failure. @throws CausewayApiError `already-claimed` if another owner has it. */
  async release(namespace: string, value: string, owner: string, options: CoordinationOptions = {}): Promise<Answer> {
    return answerOf(await this.#caller.write(claimCall('DELETE', namespace, value, owner), options));
  }

  /** Whose it is. Linearizable unless the options name a weaker level. */
  async get(namespace: string, value: string, options: CallOptions = {}): Promise<ClaimResult> {
    const path = namePath('claims', namespace, value);
    const reply = await this.#caller.readObject(path, options, { mayBeAbsent: true });
    if (reply.status === 404) return { ...answerOf(reply), found: false };
    const owner = stringAt(documentOf(reply), 'owner') ?? violation(reply, 'has no owner');
    return { ...answerOf(reply), found: true, owner };
  }
}

function claimCall(method: 'PUT' | 'DELETE', namespace: string, value: string, owner: string): WriteCall {
  return { method, path: namePath('claims', namespace, value), level: 'linearizable', body: jsonBody({ owner }) };
}

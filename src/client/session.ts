/**
 * What a session remembers: one causal token that covers every answer it has had. It holds no connection and no state
 * at any replica, so its token can be stored and the session resumed by another process, at another replica.
 */
import type { TokenMemory } from './core.js';
import { InvalidArgumentError } from './errors.js';
import { joinTokens } from './token.js';

export class SessionMemory implements TokenMemory {
  readonly isKept = true;
  #token: string | undefined;

  constructor(token: string | undefined) {
    if (token === '') throw new InvalidArgumentError('an empty string is not a causal token');
    this.#token = token;
  }

  get token(): string | undefined {
    return this.#token;
  }

  /** Cover `token` as well. False, and nothing changes, if that cannot be done here. */
  join(token: string): boolean {
    const held = this.#token;
    const joined = held === undefined || held === token ? token : joinTokens(held, token);
    if (joined === undefined) return false;
    this.#token = joined;
    return true;
  }

  observe(received: string, sent: string | undefined): boolean {
    if (this.join(received)) return true;
    // Not readable here: of a newer form, perhaps. It covers what it answers, so it may still replace just that.
    if (this.#token !== sent) return false;
    this.#token = received;
    return true;
  }

  glean(received: string): void {
    if (joinTokens(received, received) !== undefined) this.join(received);
  }
}

/** Calls outside of sessions carry no token and keep none. */
export const FORGETFUL: TokenMemory = {
  token: undefined,
  isKept: false,
  observe: () => true,
  glean: () => undefined,
};

/** A request that the total order refused. Whoever is told why has seen what it was refused by. */
import { CausewayError, type ErrorFacts } from '../base/errors.js';
import type { Refusal } from '../base/refusal.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { Timing } from './request-types.js';

export class LogRefusal extends CausewayError {
  /** Request token joined with the past of the entry. */
  readonly token: VersionVector;
  readonly timing: Timing;

  constructor(
    { code, detail, facts }: Omit<Refusal, 'kind' | 'facts'> & { readonly facts: ErrorFacts },
    token: VersionVector,
    timing: Timing,
  ) {
    super(code, detail, facts);
    this.token = token;
    this.timing = timing;
  }

  /** The same with more to say. */
  with(facts: ErrorFacts): LogRefusal {
    const { code, message: detail, token, timing } = this;
    return new LogRefusal({ code, detail, facts: { ...this.facts, ...facts } }, token, timing);
  }
}

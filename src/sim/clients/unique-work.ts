/** Requests on keys that a unique constraint is over: few values, so that they meet. */
import { CausewayError } from '../../base/errors.js';
import { LOG_ORIGIN } from '../../base/ids.js';
import type { CoordinateResult } from '../../replica/ordered-handle.js';
import type { WriteResult } from '../../replica/request-types.js';
import { CONSTRAINT, UNIQUE_KEYS } from '../watch/uniqueness.js';
import { type Client, refusalOf } from './client.js';
import { OrderedWork, orderedOf } from './ordered-work.js';
import { drawOp } from './weak-work.js';

const KINDS = { ordered: 8, declare: 1, weakly: 1 } as const;
const VALUES = 6;

export class UniqueWork {
  readonly #client: Client;
  readonly #ordered: OrderedWork;

  constructor(client: Client) {
    this.#client = client;
    const newValue = () => this.#newValue();
    this.#ordered = new OrderedWork(client, { keys: UNIQUE_KEYS, prefix: CONSTRAINT.prefix, newValue });
  }

  async next(): Promise<void> {
    const kind = this.#client.random.weighted(KINDS);
    if (kind === 'ordered') await this.#ordered.next();
    else if (kind === 'declare') await this.#declare();
    else await this.#writeWeakly();
  }

  #newValue(): string {
    return JSON.stringify({ n: this.#client.random.int(VALUES), by: this.#client.newValue() });
  }

  async #declare(): Promise<void> {
    const { cluster } = this.#client;
    const told = await this.#client.ask<CoordinateResult>({
      what: JSON.stringify(CONSTRAINT),
      describe: ({ answer }) => JSON.stringify(answer),
      level: 'linearizable',
      send: (replica, context) => orderedOf(replica).coordinate({ command: CONSTRAINT }, context),
    });
    if (told.status === 'ok') cluster.uniqueness.declared(told.answeredMs, told.result.token.get(LOG_ORIGIN));
    if (refusalOf(told)?.code === 'unique-violation') cluster.counts.uniqueViolations += 1;
    this.#client.concluded(told);
  }

  /** Only where the constraint must be known: elsewhere the write would be taken, and could break it. */
  async #writeWeakly(): Promise<void> {
    const client = this.#client;
    const { random, cluster } = client;
    const level = random.pick(['eventual', 'causal'] as const);
    const key = random.pick(UNIQUE_KEYS);
    const op = drawOp(client, key, undefined, () => this.#newValue());
    let applied = 0;
    const told = await client.ask<WriteResult>({
      what: `write ${key} under the constraint`,
      level,
      send: (replica, rest) => {
        applied = replica.status().appliedIndex;
        if (!cluster.uniqueness.isKnownAt(applied)) return Promise.reject(notAsked());
        return replica.write({ ops: [op], durability: 'local' }, { ...rest, level });
      },
    });
    if (told.status === 'ok') cluster.uniqueness.passedWeakly(key, applied);
    client.concluded(told);
  }
}

function notAsked(): CausewayError {
  return new CausewayError('level-too-weak', 'the replica may not know the constraint yet, and is not asked');
}

/**
 * The g-counter and pn-counter workloads: every incarnation of a replica keeps the sum of what was added at it, in a key
 * that nobody else writes, and the value is the sum of the sums. Source: the state-based counters of M. Shapiro et al., "A
 * comprehensive study of Convergent and Commutative Replicated Data Types" (2011), section 3.1.
 */
import { LIMITS } from '../base/limits.js';
import type { Replica } from '../replica/handle.js';
import type { Json } from './json.js';
import { ProtocolError } from './protocol-error.js';
import { CAUSAL, fieldOf, putJson, shownJson, type Workload } from './workload.js';

const PREFIX = 'counter/';

/** An addition that waits for its turn. */
interface Addition {
  readonly delta: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function counter(replica: Replica, mayDecrease: boolean): Workload {
  const sums = new Sums(replica);
  return {
    handlers: {
      add: async (body) => {
        await sums.add(deltaOf(fieldOf(body, 'delta'), mayDecrease));
        return {};
      },
      read: async () => ({ value: (await sums.values()).reduce(plus, 0) }),
    },
    isInUse: async () => (await sums.values()).length > 0,
  };
}

class Sums {
  readonly #replica: Replica;
  #waiting: Addition[] = [];
  #isStoring = false;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  /** Resolves when it is durable. */
  add(delta: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ delta, resolve, reject });
      if (!this.#isStoring) void this.#store();
    });
  }

  async values(): Promise<number[]> {
    const request = { prefix: PREFIX, after: '', limit: LIMITS.listMaxItems };
    const { states } = await this.#replica.list(request, CAUSAL);
    return states.map((state) => numberOf(shownJson(state)));
  }

  /** One read and one write for all that waits; the next ones see what they have written. */
  async #store(): Promise<void> {
    this.#isStoring = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#addToOwn(batch.map(({ delta }) => delta).reduce(plus, 0));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#isStoring = false;
  }

  async #addToOwn(delta: number): Promise<void> {
    const key = PREFIX + this.#replica.status().incarnation;
    const { state } = await this.#replica.read(key, CAUSAL);
    const sum = plus(numberOf(shownJson(state)), delta);
    await this.#replica.write({ ops: [putJson(key, sum)], durability: 'local' }, CAUSAL);
  }
}

function deltaOf(delta: Json, mayDecrease: boolean): number {
  if (typeof delta !== 'number' || !Number.isSafeInteger(delta)) {
    throw new ProtocolError('malformed-request', 'delta must be an integer');
  }
  if (delta < 0 && !mayDecrease) throw new ProtocolError('malformed-request', 'a g-counter only grows');
  return delta;
}

function numberOf(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0;
}

function plus(a: number, b: number): number {
  const sum = a + b;
  if (Number.isSafeInteger(sum)) return sum;
  throw new ProtocolError('abort', 'the counter would leave the integers that can be told apart');
}

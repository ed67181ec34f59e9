/**
 * The sets of the broadcast and g-set workloads: every element is a key of its own, named after what it is, so that
 * adding it twice or at two nodes at once is the same as adding it once.
 */
import { createHash } from 'node:crypto';
import { LIMITS } from '../base/limits.js';
import type { Replica } from '../replica/handle.js';
import { canonicalJson, type Json } from './json.js';
import { CAUSAL, fieldOf, putJson, shownJson, type Workload } from './workload.js';

export function broadcast(replica: Replica): Workload {
  const messages = new ElementSet(replica, 'broadcast/');
  let hasTopology = false;
  return {
    handlers: {
      // Whom to send what is the replica's own business: everybody hears of every write, or fetches it.
      topology: () => {
        hasTopology = true;
        return Promise.resolve({});
      },
      broadcast: (body) => messages.add(fieldOf(body, 'message')),
      read: async () => ({ messages: await messages.elements() }),
    },
    isInUse: async () => hasTopology || (await messages.hasAny()),
  };
}

export function growOnlySet(replica: Replica): Workload {
  const elements = new ElementSet(replica, 'g-set/');
  return {
    handlers: {
      add: (body) => elements.add(fieldOf(body, 'element')),
      read: async () => ({ value: await elements.elements() }),
    },
    isInUse: () => elements.hasAny(),
  };
}

class ElementSet {
  readonly #replica: Replica;
  readonly #prefix: string;

  constructor(replica: Replica, prefix: string) {
    this.#replica = replica;
    this.#prefix = prefix;
  }

  async add(element: Json): Promise<Record<string, never>> {
    const name = createHash('sha256').update(canonicalJson(element)).digest('hex');
    await this.#replica.write({ ops: [putJson(this.#prefix + name, element)], durability: 'local' }, CAUSAL);
    return {};
  }

  async elements(): Promise<Json[]> {
    const elements: Json[] = [];
    let after: string | undefined = '';
    while (after !== undefined) {
      const request = { prefix: this.#prefix, after, limit: LIMITS.listMaxItems };
      const { states, next } = await this.#replica.list(request, CAUSAL);
      for (const state of states) {
        const element = shownJson(state);
        if (element !== undefined) elements.push(element);
      }
      after = next;
    }
    return elements;
  }

  async hasAny(): Promise<boolean> {
    const { states } = await this.#replica.list({ prefix: this.#prefix, after: '', limit: 1 }, CAUSAL);
    return states.length > 0;
  }
}

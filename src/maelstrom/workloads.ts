/** All workloads of a node, and which of them a request is for. */
import type { Time } from '../ports/time.js';
import type { Replica } from '../replica/handle.js';
import { counter } from './counter.js';
import { ECHO } from './echo.js';
import { broadcast, growOnlySet } from './element-set.js';
import type { JsonObject } from './json.js';
import { linearizableRegisters } from './lin-kv.js';
import { ProtocolError } from './protocol-error.js';
import { uniqueIds } from './unique-ids.js';
import type { Handler, Workload } from './workload.js';
import type { WorkloadName } from './workload-names.js';

export class Workloads {
  readonly #all: Readonly<Record<WorkloadName, Workload>>;
  readonly #chosen: WorkloadName | undefined;

  /** @param chosen the one that is run; without it each request says by its form what it is for. */
  constructor(replica: Replica, time: Time, chosen: WorkloadName | undefined) {
    this.#chosen = chosen;
    this.#all = {
      echo: ECHO,
      'unique-ids': uniqueIds(replica),
      broadcast: broadcast(replica),
      'g-set': growOnlySet(replica),
      'g-counter': counter(replica, false),
      'pn-counter': counter(replica, true),
      'lin-kv': linearizableRegisters(replica, time),
    };
  }

  /** @throws ProtocolError, CausewayError */
  async answer(type: string, body: JsonObject): Promise<JsonObject> {
    const name = this.#chosen ?? (await this.#guess(type, body));
    const handler = handlerOf(this.#all[name], type);
    if (handler !== undefined) return handler(body);
    throw new ProtocolError('not-supported', `the workload ${name} has no requests of type ${JSON.stringify(type)}`);
  }

  async #guess(type: string, body: JsonObject): Promise<WorkloadName> {
    if (type === 'add') return Object.hasOwn(body, 'delta') ? 'pn-counter' : 'g-set';
    if (type === 'read') return Object.hasOwn(body, 'key') ? 'lin-kv' : this.#inUse();
    const names = Object.keys(this.#all) as WorkloadName[];
    const name = names.find((workload) => handlerOf(this.#all[workload], type) !== undefined);
    if (name !== undefined) return name;
    throw new ProtocolError('not-supported', `no workload has requests of type ${JSON.stringify(type)}`);
  }

  /** Three workloads have a `read` that says no more, and their answers differ. */
  async #inUse(): Promise<WorkloadName> {
    for (const name of ['broadcast', 'g-set', 'pn-counter'] as const) {
      if (await this.#all[name].isInUse()) return name;
    }
    const text = 'nothing was written yet that would tell what is read: start the node with --workload';
    throw new ProtocolError('temporarily-unavailable', text);
  }
}

function handlerOf({ handlers }: Workload, type: string): Handler | undefined {
  return Object.hasOwn(handlers, type) ? handlers[type] : undefined;
}

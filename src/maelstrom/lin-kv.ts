/** The lin-kv workload: registers in the total order, read, written and swapped by linearizable requests of a replica. */
import { utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { Time } from '../ports/time.js';
import type { Replica } from '../replica/handle.js';
import type { OrderedReplica } from '../replica/ordered-handle.js';
import { canonicalJson, type JsonObject } from './json.js';
import { ProtocolError } from './protocol-error.js';
import { CAUSAL, fieldOf, jsonBytes, putJson, shownJson, type Workload } from './workload.js';

/** How long the first requests wait for the nodes to find each other and elect a leader. */
const BEGIN_MAX_MS = 2_000;

export function linearizableRegisters(replica: Replica, time: Time): Workload {
  let begun: Promise<void> | undefined;
  const order = async () => {
    begun ??= leaderKnown(replica, time);
    await begun;
    return orderOf(replica);
  };
  return {
    handlers: {
      read: async (body) => read(await order(), keyOf(body)),
      write: async (body) => write(await order(), body),
      cas: async (body) => swap(await order(), body),
    },
    isInUse: () => Promise.resolve(false),
  };
}

/** Also resolves when it has taken too long: the request then fails like every other without a quorum. */
async function leaderKnown(replica: Replica, time: Time): Promise<void> {
  const deadlineMs = time.monotonicMs() + BEGIN_MAX_MS;
  while (!replica.readiness('linearizable').ready && time.monotonicMs() < deadlineMs) {
    await new Promise<void>((resolve) => time.after(LIMITS.tickMs, resolve));
  }
}

async function read(order: OrderedReplica, key: string): Promise<JsonObject> {
  const { state } = await order.read(key, CAUSAL);
  const value = shownJson(state);
  if (value === undefined) throw absent();
  return { value };
}

async function write(order: OrderedReplica, body: JsonObject): Promise<JsonObject> {
  await order.write({ ops: [putJson(keyOf(body), fieldOf(body, 'value'))] }, CAUSAL);
  return {};
}

async function swap(order: OrderedReplica, body: JsonObject): Promise<JsonObject> {
  const key = keyOf(body);
  const condition = { kind: 'value', bytes: jsonBytes(fieldOf(body, 'from')) } as const;
  const { succeeded, results } = await order.txn(
    {
      checks: [{ key, condition }],
      onSuccess: [putJson(key, fieldOf(body, 'to'))],
      onFailure: [{ kind: 'get', key }],
    },
    CAUSAL,
  );
  if (succeeded) return {};
  if (results[0]?.kind !== 'found') throw absent();
  throw new ProtocolError('precondition-failed', 'the key has another value');
}

function orderOf(replica: Replica): OrderedReplica {
  if (replica.ordered !== undefined) return replica.ordered;
  throw new ProtocolError('not-supported', 'this replica runs without a consensus module');
}

function keyOf(body: JsonObject): string {
  const key = `lin-kv/${canonicalJson(fieldOf(body, 'key'))}`;
  if (utf8Encode(key).length <= LIMITS.keyMaxBytes) return key;
  throw new ProtocolError('malformed-request', `the key has more than ${LIMITS.keyMaxBytes} bytes`);
}

function absent(): ProtocolError {
  return new ProtocolError('key-does-not-exist', 'the key shows no value');
}

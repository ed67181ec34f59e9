/** Requests at eventual and causal. */
import { utf8Encode } from '../../base/bytes.js';
import { parseOrigin } from '../../base/ids.js';
import type { Dot } from '../../clocks/dot.js';
import { VersionVector } from '../../clocks/version-vector.js';
import type { Fence } from '../../keyspace/ordered/coordinator.js';
import type {
  Durability,
  KeyState,
  MultiReadResult,
  WeakLevel,
  WriteOp,
  WriteResult,
} from '../../replica/request-types.js';
import type { Client, Told } from './client.js';
import { fencingOf, noteFences } from './fences.js';
import { type Looking, look } from './looking.js';
import { allValues, describeShown, shownValue } from './recorder.js';

const KINDS = { read: 5, readMany: 1.5, list: 0.5, put: 4, delete: 1, batch: 1 } as const;

export async function weakWork(client: Client, keys: readonly string[], level: WeakLevel): Promise<void> {
  const { random } = client;
  const kind = random.weighted(KINDS);
  switch (kind) {
    case 'read':
    case 'readMany':
    case 'list':
      return readKeys(client, level, kind, kind === 'read' ? [random.pick(keys)] : keys);
    case 'put':
    case 'delete':
    case 'batch': {
      const written = kind === 'batch' ? keys.filter(() => random.chance(0.6)) : [random.pick(keys)];
      if (written.length === 0) return;
      return writeKeys(
        client,
        level,
        written.map((key) => drawOp(client, key, kind === 'delete')),
      );
    }
  }
}

/** A put of a new value, or a deletion. */
export function drawOp(
  client: Client,
  key: string,
  isDelete = client.random.chance(0.2),
  newValue = () => client.newValue(),
): WriteOp {
  if (isDelete) return { kind: 'delete', key };
  return { kind: 'put', key, contentType: 'text/plain', bytes: utf8Encode(newValue()) };
}

/** The version that an entity tag names. */
export function dotOf(etag: string): Dot {
  const at = etag.lastIndexOf('.');
  const origin = parseOrigin(etag.slice(1, at));
  if (origin === undefined) throw new Error(`${etag} is no entity tag`);
  return { origin, counter: Number(etag.slice(at + 1, -1)) };
}

/** For the transcript. */
export function describeOps(ops: readonly WriteOp[]): string {
  return ops.map((op) => `${op.key}=${writtenBy(op)}`).join();
}

export function describeFences(fences: readonly Fence[]): string {
  return fences.map(({ lock, token }) => ` under ${lock}=${token}`).join('');
}

/** What an operation writes, as the history has it. */
export function writtenBy(op: WriteOp): string | null {
  return op.kind === 'put' ? Buffer.from(op.bytes).toString() : null;
}

async function readKeys(client: Client, level: WeakLevel, how: Looking, keys: readonly string[]): Promise<void> {
  const past = level === 'causal' ? client.past.vector : VersionVector.EMPTY;
  const told = await client.ask<MultiReadResult>({
    what: `${how} ${keys.join()}`,
    describe: describeShown,
    level,
    send: (replica, rest) => look(how, { keys, prefix: 'k' }, replica, { ...rest, level }),
  });
  if (told.status === 'ok') {
    const { states } = told.result;
    const shown = withAbsent(states, keys);
    if (level === 'causal') client.past.listed(states, keys, past, how);
    else for (const one of shown) client.cluster.ledger.checkShown(one, `${client.name}: eventual ${how}`);
    for (const { key, versions } of shown) {
      if (versions.length > 1) client.cluster.counts.siblings += 1;
      client.record(level, told, { op: 'read', key, output: shownValue(versions), outputs: allValues(versions) });
    }
  }
  client.concluded(told);
}

/** A list does not name what is absent. */
export function withAbsent(states: readonly KeyState[], keys: readonly string[]): readonly KeyState[] {
  return keys.map((key) => states.find((state) => state.key === key) ?? { key, versions: [] });
}

async function writeKeys(client: Client, level: WeakLevel, ops: readonly WriteOp[]): Promise<void> {
  const { random } = client;
  const durability: Durability = random.weighted({ local: 8, majority: 2, all: 0.5 });
  const tries = random.chance(0.3) ? 3 : 1;
  const idempotencyKey = tries > 1 || random.chance(0.2) ? client.newValue() : undefined;
  const fences = client.drawFences();
  let applied = 0;
  const told = await client.ask<WriteResult>({
    what: `write ${describeOps(ops)} ${durability} ${idempotencyKey ?? ''}${describeFences(fences)}`,
    level,
    tries,
    describe: ({ etag }) => etag,
    acknowledged: ({ etag }) => ({ dot: dotOf(etag), durability }),
    send: (replica, rest) => {
      const retry = idempotencyKey === undefined ? {} : { idempotencyKey };
      applied = replica.status().appliedIndex;
      return replica.write({ ops, durability, fences, ...retry }, { ...rest, level });
    },
  });
  if (told.status === 'ok') {
    if (told.result.replayed) client.cluster.counts.replays += 1;
    if (level === 'causal') client.past.wrote(dotOf(told.result.etag));
  }
  // A replay was judged when it was first sent, wherever that was.
  noteFences(client, fences, told, told.status === 'ok' && !told.result.replayed ? applied : undefined);
  recordWrite(client, level, told, ops, { durability, fences });
  client.concluded(told);
}

export function recordWrite(
  client: Client,
  level: WeakLevel | 'linearizable',
  told: Told<WriteResult>,
  ops: readonly WriteOp[],
  { durability, fences = [] }: { readonly durability: Durability; readonly fences?: readonly Fence[] },
): void {
  const dot = told.status === 'ok' ? { durability, dot: told.result.etag.slice(1, -1) } : {};
  const reached = { ...dot, ...fencingOf(fences) };
  const [op] = ops;
  if (ops.length > 1 || op === undefined) {
    const onSuccess = ops.map((one) =>
      one.kind === 'put' ? { kind: 'put', key: one.key, value: writtenBy(one) } : { kind: 'delete', key: one.key },
    );
    client.record(level, told, { op: 'txn', checks: [], onSuccess, onFailure: [], ...reached });
  } else if (op.kind === 'put')
    client.record(level, told, { op: 'write', key: op.key, value: writtenBy(op), ...reached });
  else client.record(level, told, { op: 'delete', key: op.key, ...reached });
}

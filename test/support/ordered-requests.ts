/** Requests as a client makes them of a replica of an `OrderedCluster`. */
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { Condition } from '../../src/keyspace/ordered/condition.js';
import type { Fence } from '../../src/keyspace/ordered/coordinator.js';
import type { Version } from '../../src/keyspace/version.js';
import type { Coordinated } from '../../src/replica/order/linearizable-writes.js';
import type { OrderedContext, OrderedWriteResult } from '../../src/replica/ordered-handle.js';
import type { Durability, ReadResult, WriteOp, WriteResult } from '../../src/replica/request-types.js';
import type { OrderedCluster } from './ordered-cluster.js';
import { textOf } from './requests.js';

export interface Asked {
  readonly token?: VersionVector;
  readonly timeoutMs?: number;
  readonly condition?: Condition;
  readonly idempotencyKey?: string;
  readonly fences?: readonly Fence[];
  readonly signal?: AbortSignal;
}

export function asking({ token = VersionVector.EMPTY, timeoutMs = 5_000, signal }: Asked = {}): OrderedContext {
  return { token, timeoutMs, ...(signal && { signal }) };
}

export function read(cluster: OrderedCluster, at: number, key: string, asked?: Asked): Promise<ReadResult> {
  return cluster.node(at).ordered.read(key, asking(asked));
}

/** What the read shows: the winner and its siblings, tombstones as undefined. */
export async function shown(cluster: OrderedCluster, at: number, key: string, asked?: Asked) {
  return textsOf((await cluster.during(read(cluster, at, key, asked))).state.versions);
}

export function write(
  cluster: OrderedCluster,
  at: number,
  ops: readonly WriteOp[],
  asked: Asked = {},
): Promise<OrderedWriteResult> {
  const { condition, idempotencyKey, fences } = asked;
  const request = {
    ops,
    ...(condition && { condition }),
    ...(fences && { fences }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  };
  return cluster.node(at).ordered.write(request, asking(asked));
}

export function weakly(
  cluster: OrderedCluster,
  at: number,
  op: WriteOp,
  rest: { readonly durability?: Durability; readonly token?: VersionVector; readonly fences?: readonly Fence[] } = {},
): Promise<WriteResult> {
  const { durability = 'local', token = VersionVector.EMPTY, fences } = rest;
  const request = { ops: [op], durability, ...(fences && { fences }) };
  return cluster.node(at).writes.write(request, { level: 'causal', timeoutMs: 5_000, token });
}

export function command(
  cluster: OrderedCluster,
  at: number,
  of: Parameters<OrderedCluster['nodes'][number]['ordered']['coordinate']>[0],
  asked: Asked = {},
): Promise<Coordinated> {
  return cluster.node(at).ordered.coordinate(of, asking(asked), asked.idempotencyKey);
}

export function textsOf(versions: readonly Version[]): (string | undefined)[] {
  return versions.map(textOf);
}

/** Requests as a client makes them of a simulated replica, with answers short enough to compare. */

import { utf8Encode } from '../../src/base/bytes.js';
import { CausewayError } from '../../src/base/errors.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { Version } from '../../src/keyspace/version.js';
import type { Replica } from '../../src/replica/handle.js';
import type { Durability, WeakLevel, WriteOp, WriteResult } from '../../src/replica/request-types.js';
import { context, type SimulatedCluster } from './simulated-cluster.js';

export function putOp(key: string, text: string): WriteOp {
  return { kind: 'put', key, contentType: 'text/plain', bytes: utf8Encode(text) };
}

export interface WriteSpec {
  readonly level?: WeakLevel;
  readonly token?: VersionVector;
  readonly timeoutMs?: number;
  readonly durability?: Durability;
  readonly idempotencyKey?: string;
}

/** A request that was sent and perhaps not answered yet. */
export function write(replica: Replica, ops: readonly WriteOp[], spec: WriteSpec = {}): Promise<WriteResult> {
  const { level = 'causal', token = VersionVector.EMPTY, timeoutMs, durability = 'local', idempotencyKey } = spec;
  const request = { ops, durability, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) };
  return replica.write(request, context(level, token, timeoutMs));
}

/** One client of a cluster: virtual time runs while it waits. */
export class Client {
  readonly #cluster: SimulatedCluster;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
  }

  put(at: number, key: string, text: string, spec: WriteSpec = {}): Promise<WriteResult> {
    return this.write(at, [putOp(key, text)], spec);
  }

  delete(at: number, key: string, spec: WriteSpec = {}): Promise<WriteResult> {
    return this.write(at, [{ kind: 'delete', key }], spec);
  }

  write(at: number, ops: readonly WriteOp[], spec: WriteSpec = {}): Promise<WriteResult> {
    return this.#cluster.during(write(this.#cluster.replica(at), ops, spec));
  }

  /** What the key shows: the value, or undefined if there is none. */
  async get(at: number, key: string, spec: WriteSpec = {}): Promise<string | undefined> {
    return (await this.siblings(at, key, spec))[0];
  }

  /** All versions of the key, the winner first; tombstones as undefined. */
  async siblings(at: number, key: string, spec: WriteSpec = {}): Promise<(string | undefined)[]> {
    const { level = 'causal', token = VersionVector.EMPTY, timeoutMs } = spec;
    const read = this.#cluster.replica(at).read(key, context(level, token, timeoutMs));
    return (await this.#cluster.during(read)).state.versions.map(textOf);
  }

  /** Live keys under the prefix with their values. */
  async list(at: number, prefix: string, level: WeakLevel): Promise<Record<string, string | undefined>> {
    const list = this.#cluster.replica(at).list({ prefix, after: '', limit: 1_000 }, context(level));
    const { states } = await this.#cluster.during(list);
    return Object.fromEntries(states.map(({ key, versions }) => [key, versions[0] && textOf(versions[0])]));
  }
}

export function textOf(version: Version): string | undefined {
  return version.kind === 'value' ? Buffer.from(version.bytes).toString() : undefined;
}

/** The failure a request ends with. */
export async function failure(request: Promise<unknown>): Promise<CausewayError> {
  const outcome = await request.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome instanceof CausewayError) return outcome;
  throw new Error(outcome === undefined ? 'the request did not fail' : `no coded failure: ${String(outcome)}`);
}

/** A number of the replica's own metrics. */
export function metric(replica: Replica, name: string): number {
  const sample = replica.metrics().find((one) => one.name === name);
  if (sample === undefined) throw new Error(`no metric ${name}`);
  return sample.value;
}

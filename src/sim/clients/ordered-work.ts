/** Requests on keys at linearizable. */
import { utf8Encode } from '../../base/bytes.js';
import { CausewayError } from '../../base/errors.js';
import type { TxnStep, Value } from '../../check/history/record.js';
import type { Dot } from '../../clocks/dot.js';
import type { Check, TxnOp } from '../../keyspace/ordered/command.js';
import type { Condition } from '../../keyspace/ordered/condition.js';
import type { Fence } from '../../keyspace/ordered/coordinator.js';
import type { OpResult } from '../../keyspace/ordered/outcome.js';
import type { Replica } from '../../replica/handle.js';
import type { OrderedReplica, OrderedWriteResult, TxnResult } from '../../replica/ordered-handle.js';
import type { KeyState, MultiReadResult, WriteOp } from '../../replica/request-types.js';
import { type Client, refusalOf, type Told } from './client.js';
import { noteFences } from './fences.js';
import { type Looking, look } from './looking.js';
import { describeShown, shownValue } from './recorder.js';
import { describeFences, describeOps, dotOf, drawOp, recordWrite, withAbsent, writtenBy } from './weak-work.js';

const KINDS = { read: 5, readMany: 1, list: 0.3, write: 3, batch: 0.7, cas: 2, create: 0.7, txn: 1.5 } as const;
const LEVEL = 'linearizable';

/** What a client was last shown of a key at this level. */
interface Known {
  readonly dot: Dot;
  readonly value: Value;
}

/** Where it works. */
export interface OrderedWorkOptions {
  /** All that begin with the prefix. */
  readonly keys: readonly string[];
  readonly prefix: string;
  /** A value that nobody else writes. */
  readonly newValue: () => string;
}

export class OrderedWork {
  readonly #client: Client;
  readonly #options: OrderedWorkOptions;
  readonly #known = new Map<string, Known>();

  constructor(client: Client, options: OrderedWorkOptions) {
    this.#client = client;
    this.#options = options;
  }

  get #keys(): readonly string[] {
    return this.#options.keys;
  }

  #draw(key: string, isDelete?: boolean): WriteOp {
    return drawOp(this.#client, key, isDelete, this.#options.newValue);
  }

  async next(): Promise<void> {
    const { random } = this.#client;
    const key = random.pick(this.#keys);
    const kind = random.weighted(KINDS);
    switch (kind) {
      case 'read':
      case 'readMany':
      case 'list':
        return this.#read(kind, kind === 'read' ? [key] : this.#keys);
      case 'write':
        return this.#write([this.#draw(key)]);
      case 'batch': {
        const keys = this.#keys.filter(() => random.chance(0.6));
        return this.#write((keys.length > 0 ? keys : [key]).map((one) => this.#draw(one)));
      }
      case 'create':
        return this.#conditional(this.#draw(key, false), { kind: 'absent' }, null);
      case 'cas': {
        const known = this.#known.get(key);
        if (known === undefined) return this.#read('read', [key]);
        const condition = { kind: 'etag', dots: [known.dot] } as const;
        return this.#conditional(this.#draw(key, false), condition, known.value);
      }
      case 'txn':
        return this.#txn(key);
    }
  }

  async #read(how: Looking, keys: readonly string[]): Promise<void> {
    const client = this.#client;
    const { prefix } = this.#options;
    const past = client.past.vector;
    const told = await client.ask<MultiReadResult>({
      what: `${how} ${keys.join()}`,
      describe: describeShown,
      level: LEVEL,
      send: async (replica, context) => look(how, { keys, prefix }, orderedOf(replica), context),
    });
    if (told.status === 'ok') {
      const { states } = told.result;
      const shown = withAbsent(states, keys);
      client.past.listed(states, keys, past, `linearizable ${how}`);
      client.cluster.uniqueness.shown(states, told.invokedMs, `${client.name}: ${how}`);
      for (const state of shown) this.#learn(state);
      const [only] = shown;
      if (how === 'read' && only !== undefined) {
        client.record(LEVEL, told, { op: 'read', key: only.key, output: shownValue(only.versions) });
      } else {
        const onSuccess = keys.map((key) => ({ kind: 'get', key }));
        const results = shown.map(({ versions }) => shownValue(versions));
        const output = { succeeded: true, results };
        client.record(LEVEL, told, { op: 'txn', checks: [], onSuccess, onFailure: [], output });
      }
    }
    client.concluded(told);
  }

  async #write(ops: readonly WriteOp[]): Promise<void> {
    const client = this.#client;
    const fences = client.drawFences();
    const told = await this.#send(ops, undefined, fences);
    noteFences(client, fences, told, told.status === 'ok' ? dotOf(told.result.etag).counter - 1 : undefined);
    recordWrite(client, LEVEL, told, ops, { durability: 'majority', fences });
    client.concluded(told);
  }

  /** @param expect What the key must show. */
  async #conditional(op: WriteOp, condition: Condition, expect: Value): Promise<void> {
    const client = this.#client;
    const told = await this.#send([op], condition, []);
    const { key } = op;
    const fields = expect === null ? { op: 'create' } : { op: 'cas', expect };
    client.record(LEVEL, told, { ...fields, key, value: writtenBy(op) });
    client.concluded(told);
  }

  async #send(
    ops: readonly WriteOp[],
    condition: Condition | undefined,
    fences: readonly Fence[],
  ): Promise<Told<OrderedWriteResult>> {
    const client = this.#client;
    const tries = client.random.chance(0.3) ? 3 : 1;
    const idempotencyKey = tries > 1 ? client.newValue() : undefined;
    const told = await client.ask<OrderedWriteResult>({
      what: `${condition?.kind ?? 'write'} ${describeOps(ops)} ${idempotencyKey ?? ''}${describeFences(fences)}`,
      level: LEVEL,
      tries,
      describe: ({ etag }) => etag,
      acknowledged: ({ etag }) => ({ dot: dotOf(etag), durability: 'majority' }),
      send: (replica, context) => {
        const retry = idempotencyKey === undefined ? {} : { idempotencyKey };
        const when = condition === undefined ? {} : { condition };
        return orderedOf(replica).write({ ops, fences, ...retry, ...when }, context);
      },
    });
    if (told.status === 'ok') {
      if (told.result.replayed) client.cluster.counts.replays += 1;
      const dot = dotOf(told.result.etag);
      client.past.wrote(dot);
      for (const op of ops) this.#know(op.key, dot, writtenBy(op));
    } else
      this.#refused(
        told,
        ops.map(({ key }) => key),
      );
    return told;
  }

  /** Looks at several keys and writes several. */
  async #txn(first: string): Promise<void> {
    const client = this.#client;
    const checks = this.#keys.filter((key) => key === first || client.random.chance(0.3));
    const asked = checks.map((key) => ({ key, value: this.#known.get(key)?.value ?? null }));
    const touched = this.#keys.filter((key) => key === first || client.random.chance(0.4));
    const onSuccess = touched.map((key): TxnOp => (client.random.chance(0.3) ? { kind: 'get', key } : this.#draw(key)));
    const onFailure = checks.map((key): TxnOp => ({ kind: 'get', key }));
    const tries = client.random.chance(0.3) ? 2 : 1;
    const retry = tries > 1 ? { idempotencyKey: client.newValue() } : {};
    const told = await client.ask<TxnResult>({
      what: `txn if ${asked.map(({ key, value }) => `${key}=${value}`).join()} then ${onSuccess.map(describeOp).join()}`,
      level: LEVEL,
      tries,
      describe: ({ succeeded, etag, results }) => {
        return `${succeeded ? 'succeeded' : 'failed'} ${etag} ${results.map(describeResult).join()}`;
      },
      send: (replica, context) => {
        return orderedOf(replica).txn({ checks: asked.map(checkOf), onSuccess, onFailure, ...retry }, context);
      },
    });
    const output =
      told.status === 'ok'
        ? { output: { succeeded: told.result.succeeded, results: told.result.results.map(foundValue) } }
        : {};
    if (told.status === 'ok') this.#foundAll(told.result.results, told.invokedMs);
    else this.#refused(told, touched);
    const steps = { onSuccess: onSuccess.map(stepOf), onFailure: onFailure.map(stepOf) };
    client.record(LEVEL, told, { op: 'txn', checks: asked, ...steps, ...output });
    client.concluded(told);
  }

  #refused(told: Told<unknown>, keys: readonly string[]): void {
    const { counts, uniqueness } = this.#client.cluster;
    const refusal = refusalOf(told);
    if (refusal?.code === 'precondition-failed') counts.conditionsFailed += 1;
    if (refusal?.code !== 'unique-violation') return;
    counts.uniqueViolations += 1;
    uniqueness.refused(keys, refusal.facts.owner);
  }

  #foundAll(results: readonly OpResult[], invokedMs: number): void {
    const { cluster, name } = this.#client;
    for (const result of results) this.#found(result);
    const found = results.flatMap((one) => (one.kind === 'found' ? [{ key: one.key, versions: [one.version] }] : []));
    cluster.uniqueness.shown(found, invokedMs, `${name}: txn`);
  }

  #learn({ key, versions }: KeyState): void {
    const [winner] = versions;
    this.#know(key, winner?.dot, shownValue(versions));
  }

  #found(result: OpResult): void {
    if (result.kind === 'absent') this.#known.delete(result.key);
    else if (result.kind === 'found') this.#know(result.key, result.version.dot, shownValue([result.version]));
  }

  #know(key: string, dot: Dot | undefined, value: Value): void {
    if (dot === undefined || value === null) this.#known.delete(key);
    else this.#known.set(key, { dot, value });
  }
}

/** @throws CausewayError `level-not-offered` */
export function orderedOf({ ordered }: Replica): OrderedReplica {
  if (ordered === undefined) throw new CausewayError('level-not-offered', 'this replica has no consensus module');
  return ordered;
}

function checkOf({ key, value }: { readonly key: string; readonly value: Value }): Check {
  if (value === null) return { key, condition: { kind: 'absent' } };
  return { key, condition: { kind: 'value', bytes: utf8Encode(String(value)) } };
}

function stepOf(op: TxnOp): TxnStep {
  return op.kind === 'put' ? { kind: 'put', key: op.key, value: writtenBy(op) } : { kind: op.kind, key: op.key };
}

function foundValue(result: OpResult): Value {
  return result.kind === 'found' ? shownValue([result.version]) : null;
}

function describeOp(op: TxnOp): string {
  return op.kind === 'get' ? `get ${op.key}` : `${op.key}=${writtenBy(op)}`;
}

function describeResult(result: OpResult): string {
  return result.kind === 'written' ? `${result.key} written` : `${result.key}=${foundValue(result)}`;
}

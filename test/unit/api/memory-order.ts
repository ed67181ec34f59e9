/**
 * The total order of one replica in memory: entries are applied as they are asked for, with the real coordination objects
 * behind them and a clock that only tests turn. What cannot be had is said as a real replica says it.
 */
import { CausewayError, type ErrorFacts } from '../../../src/base/errors.js';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import type { Refusal } from '../../../src/base/refusal.js';
import type { ShownValue } from '../../../src/base/shown-value.js';
import { StateOverlay } from '../../../src/base/state-table.js';
import type { Dot } from '../../../src/clocks/dot.js';
import type { Hlc } from '../../../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { type CoordinationAnswer, decodeAnswer } from '../../../src/coordination/answer.js';
import { readConstraint } from '../../../src/coordination/catalog.js';
import { readClaim } from '../../../src/coordination/claims.js';
import { type CoordinationCommand, encodeCoordination } from '../../../src/coordination/command.js';
import { COORDINATION } from '../../../src/coordination/coordination.js';
import { readLock } from '../../../src/coordination/lock-state.js';
import { readSequence } from '../../../src/coordination/sequences.js';
import type { LockSpace } from '../../../src/coordination/state-keys.js';
import { isLive, pastOf } from '../../../src/keyspace/key-record.js';
import { holds, shownEtag } from '../../../src/keyspace/ordered/condition.js';
import type { Fence } from '../../../src/keyspace/ordered/coordinator.js';
import { etagOf } from '../../../src/keyspace/version.js';
import { LogRefusal } from '../../../src/replica/log-refusal.js';
import type {
  CoordinateRequest,
  CoordinateResult,
  LockView,
  MembershipChange,
  MembershipView,
  ObjectName,
  ObjectResult,
  ObjectState,
  OrderedContext,
  OrderedReplica,
  OrderedWriteRequest,
  OrderedWriteResult,
  TxnRequest,
  TxnResult,
} from '../../../src/replica/ordered-handle.js';
import type {
  CallerSignal,
  KeyState,
  ListRequest,
  ListResult,
  MultiReadResult,
  ReadResult,
  WriteOp,
} from '../../../src/replica/request-types.js';
import { MemoryMembers } from './memory-members.js';

/** The keys, which the levels share. */
export interface MemoryKeys {
  record(key: string): KeyState['versions'];
  keys(): readonly string[];
  /** Milliseconds until everything the token names was here. */
  admit(context: OrderedContext): Promise<number>;
  apply(ops: readonly WriteOp[], dot: Dot, base: VersionVector): { readonly hlc: Hlc; readonly token: VersionVector };
}

interface Waiter {
  readonly space: LockSpace;
  readonly name: string;
  readonly ticket: number;
  readonly deadlineMs: number;
  readonly resolve: (answer: CoordinationAnswer) => void;
  readonly reject: (error: CausewayError) => void;
}

interface Observer {
  readonly space: LockSpace;
  readonly name: string;
  readonly listener: (lock: LockView | undefined) => void;
}

/** What each request spends, so that a test can find it in `Server-Timing`. */
const LOG_MS = 3;

export class MemoryOrder implements OrderedReplica {
  index = 0;
  hasQuorum = true;
  readonly members = new MemoryMembers();
  readonly observers = new Set<Observer>();
  readonly #keys: MemoryKeys;
  readonly #state = new StateOverlay({ get: () => undefined, range: () => [] });
  readonly #retries = new Map<string, { readonly fingerprint: string; readonly result: unknown }>();
  readonly #leases = new Map<string, { readonly renewal: number; readonly endMs: number }>();
  readonly #waiters = new Set<Waiter>();
  #nowMs = 0;

  constructor(keys: MemoryKeys) {
    this.#keys = keys;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** Time passes for leases and for those who wait. */
  turnClock(ms: number): void {
    this.#nowMs += ms;
    for (const [lock, { renewal, endMs }] of [...this.#leases]) {
      const { space, name } = JSON.parse(lock) as { readonly space: LockSpace; readonly name: string };
      const token = readLock(this.#state, space, name)?.holder.token;
      if (endMs <= this.#nowMs && token !== undefined) this.#run({ kind: 'expire', space, name, token, renewal });
    }
    for (const waiter of [...this.#waiters]) if (waiter.deadlineMs <= this.#nowMs) this.#giveUp(waiter);
  }

  async read(key: string, context: OrderedContext): Promise<ReadResult> {
    const { states, token, timing } = await this.readMany([key], context);
    return { state: states[0] ?? { key, versions: [] }, token, timing };
  }

  async readMany(keys: readonly string[], context: OrderedContext): Promise<MultiReadResult> {
    const waitMs = await this.#admit(context);
    const states = keys.map((key) => ({ key, versions: this.#keys.record(key) }));
    const token = states.reduce((past, { versions }) => pastOf(versions, past), context.token);
    return { states, token, timing: { waitMs, logMs: LOG_MS, storeMs: 0 } };
  }

  async list({ prefix, after, limit }: ListRequest, context: OrderedContext): Promise<ListResult> {
    const keys = this.#keys.keys().filter((key) => key.startsWith(prefix) && key > after);
    const live = keys.filter((key) => isLive(this.#keys.record(key)));
    const page = live.slice(0, limit);
    const result = await this.readMany(page, context);
    return { ...result, next: live.length > limit ? page.at(-1) : undefined };
  }

  async write(request: OrderedWriteRequest, context: OrderedContext): Promise<OrderedWriteResult> {
    const waitMs = await this.#admit(context);
    const { ops, condition, fences = [] } = request;
    return this.#once(request.idempotencyKey, { ops, condition }, () => {
      this.checkFences(fences);
      const [first] = ops;
      const record = first === undefined ? [] : this.#keys.record(first.key);
      if (condition !== undefined && !holds(condition, record)) {
        const facts = { etag: shownEtag(record) };
        const seen = context.token.with({ origin: LOG_ORIGIN, counter: this.index });
        const timing = { waitMs, logMs: LOG_MS, storeMs: 0 };
        throw new LogRefusal(
          { code: 'precondition-failed', detail: 'The key shows something else.', facts },
          seen,
          timing,
        );
      }
      const created = !isLive(record);
      const { hlc, token, dot } = this.#apply(ops, context);
      const timing = { waitMs, logMs: LOG_MS, storeMs: 0 };
      return { etag: etagOf(dot), hlc, durability: 'majority', token, created, replayed: false, timing };
    });
  }

  async txn(request: TxnRequest, context: OrderedContext): Promise<TxnResult> {
    const waitMs = await this.#admit(context);
    const { checks, onSuccess, onFailure, fences = [] } = request;
    return this.#once(request.idempotencyKey, { checks, onSuccess, onFailure }, () => {
      this.checkFences(fences);
      const succeeded = checks.every(({ key, condition }) => holds(condition, this.#keys.record(key)));
      const ops = succeeded ? onSuccess : onFailure;
      const results = ops.map((op): TxnResult['results'][number] => {
        const record = this.#keys.record(op.key);
        const [winner] = record;
        if (op.kind !== 'get') return { kind: 'written', key: op.key, existed: isLive(record) };
        if (winner?.kind !== 'value') return { kind: 'absent', key: op.key };
        return { kind: 'found', key: op.key, version: winner, conflicts: record.length - 1 };
      });
      const writes = ops.filter((op) => op.kind !== 'get');
      const { token, dot } = this.#apply(writes, context);
      const timing = { waitMs, logMs: LOG_MS, storeMs: 0 };
      return { succeeded, results, etag: etagOf(dot), token, replayed: false, timing };
    });
  }

  async coordinate(request: CoordinateRequest, context: OrderedContext): Promise<CoordinateResult> {
    const waitMs = await this.#admit(context);
    const { command, idempotencyKey } = request;
    return this.#once(idempotencyKey, command, async () => {
      const answer = await this.#attended(command, this.#run(command), context.signal);
      const token = context.token.with({ origin: LOG_ORIGIN, counter: this.index });
      return { answer, token, replayed: false, timing: { waitMs, logMs: LOG_MS, storeMs: 0 } };
    });
  }

  async object(name: ObjectName, context: Parameters<OrderedReplica['object']>[1]): Promise<ObjectResult> {
    const waitMs = context.level === 'linearizable' ? await this.#admit(context) : await this.#keys.admit(context);
    const timing = context.level === 'linearizable' ? { waitMs, logMs: LOG_MS, storeMs: 0 } : { waitMs, storeMs: 0 };
    const seen = this.index === 0 ? VersionVector.EMPTY : VersionVector.of([[LOG_ORIGIN, this.index]]);
    return { state: this.#look(name), token: context.token.join(seen), timing };
  }

  observe(space: LockSpace, name: string, listener: (lock: LockView | undefined) => void, signal: AbortSignal): void {
    const observer = { space, name, listener };
    this.observers.add(observer);
    signal.addEventListener('abort', () => this.observers.delete(observer), { once: true });
    listener(this.#view(space, name));
  }

  membership(): MembershipView {
    return this.members.view();
  }

  async changeMembership(change: MembershipChange, context: OrderedContext): Promise<MembershipView> {
    await this.#admit(context);
    return this.members.change(change);
  }

  /** @throws CausewayError `fenced` */
  checkFences(fences: readonly Fence[]): void {
    for (const fence of fences) {
      const refused = COORDINATION.checkFence(this.#state, fence);
      if (refused !== undefined) throw this.#errorOf(refused);
    }
  }

  async #admit(context: OrderedContext): Promise<number> {
    const waitMs = await this.#keys.admit(context);
    if (!this.hasQuorum) throw new CausewayError('no-quorum', 'One of three voters can be reached.');
    return waitMs;
  }

  #apply(ops: readonly WriteOp[], context: OrderedContext): { hlc: Hlc; token: VersionVector; dot: Dot } {
    this.#admitChanges(ops);
    this.index += 1;
    const dot = { origin: LOG_ORIGIN, counter: this.index };
    const { hlc, token } = this.#keys.apply(ops, dot, context.token);
    return { hlc, token, dot };
  }

  #admitChanges(ops: readonly WriteOp[]): void {
    const changes = ops.map((op) => {
      const [winner] = this.#keys.record(op.key);
      const before = winner?.kind === 'value' ? winner.bytes : undefined;
      return { key: op.key, before, after: op.kind === 'put' ? op.bytes : undefined };
    });
    const refused = COORDINATION.admit(this.#state, changes);
    if (refused !== undefined) throw this.#errorOf(refused);
  }

  /** @throws CausewayError what the objects decide */
  #run(command: CoordinationCommand): CoordinationAnswer {
    const encoded = encodeCoordination(command);
    this.index += 1;
    const result = COORDINATION.run(this.#state, this.index, encoded, (prefix) => this.#shown(prefix));
    if (result.kind === 'refused') throw this.#errorOf(result, command);
    if ('space' in command) this.#follow(command.space, command.name);
    return decodeAnswer(result.answer);
  }

  /** The lock has changed: its lease, who gets it, and who wants to know. */
  #follow(space: LockSpace, name: string): void {
    const lock = readLock(this.#state, space, name);
    const key = JSON.stringify({ space, name });
    if (lock === undefined) this.#leases.delete(key);
    else if (this.#leases.get(key)?.renewal !== lock.holder.renewal) {
      const { renewal, ttlMs } = lock.holder;
      this.#leases.set(key, { renewal, endMs: this.#nowMs + ttlMs });
    }
    for (const waiter of [...this.#waiters]) {
      if (lock === undefined || waiter.space !== space || waiter.name !== name) continue;
      if (waiter.ticket !== lock.holder.token) continue;
      this.#waiters.delete(waiter);
      waiter.resolve({ kind: 'held', holder: lock.holder });
    }
    for (const observer of this.observers) {
      if (observer.space === space && observer.name === name) observer.listener(this.#view(space, name));
    }
  }

  #attended(
    command: CoordinationCommand,
    answer: CoordinationAnswer,
    signal: CallerSignal | undefined,
  ): CoordinationAnswer | Promise<CoordinationAnswer> {
    if (answer.kind !== 'queued' || command.kind !== 'acquire') return answer;
    const { space, name, waitMs } = command;
    return new Promise((resolve, reject) => {
      const deadlineMs = this.#nowMs + waitMs;
      const waiter = { space, name, ticket: answer.ticket, deadlineMs, resolve, reject };
      this.#waiters.add(waiter);
      signal?.addEventListener('abort', () => this.#waiters.has(waiter) && this.#giveUp(waiter), { once: true });
    });
  }

  #giveUp(waiter: Waiter): void {
    const { space, name, ticket } = waiter;
    this.#waiters.delete(waiter);
    this.#run({ kind: 'abandon', space, name, ticket });
    const held = this.#view(space, name);
    const facts = held === undefined ? {} : { owner: held.owner, remainingMs: held.remainingMs };
    waiter.reject(new CausewayError('lock-held', 'It was not released in time.', facts));
  }

  #look(name: ObjectName): ObjectState {
    switch (name.kind) {
      case 'sequence':
        return { kind: 'sequence', value: readSequence(this.#state, name.name) };
      case 'claim':
        return { kind: 'claim', claim: readClaim(this.#state, name.namespace, name.value) };
      case 'constraint':
        return { kind: 'constraint', constraint: readConstraint(this.#state, name.name) };
      case 'lock':
        return { kind: 'lock', lock: this.#view(name.space, name.name) };
    }
  }

  #view(space: LockSpace, name: string): LockView | undefined {
    const lock = readLock(this.#state, space, name);
    if (lock === undefined) return undefined;
    const { owner, token, ttlMs } = lock.holder;
    const endMs = this.#leases.get(JSON.stringify({ space, name }))?.endMs ?? this.#nowMs;
    return {
      owner,
      token,
      ttlMs,
      remainingMs: endMs - this.#nowMs,
      waiting: lock.waiters.map((waiter) => waiter.owner),
    };
  }

  *#shown(prefix: string): Generator<ShownValue> {
    for (const key of this.#keys.keys()) {
      const [winner] = this.#keys.record(key);
      if (key.startsWith(prefix) && winner?.kind === 'value') yield { key, bytes: winner.bytes };
    }
  }

  #errorOf({ code, detail, facts }: Refusal, command?: CoordinationCommand): CausewayError {
    const all: ErrorFacts = facts;
    if (code !== 'lock-held' || command === undefined || !('space' in command))
      return new CausewayError(code, detail, all);
    const remainingMs = this.#view(command.space, command.name)?.remainingMs;
    return new CausewayError(code, detail, remainingMs === undefined ? all : { ...all, remainingMs });
  }

  /** The stored outcome of an earlier request with the same key, or what `run` makes of it now. */
  async #once<R extends { readonly replayed: boolean }>(
    key: string | undefined,
    asked: unknown,
    run: () => R | Promise<R>,
  ): Promise<R> {
    if (key === undefined) return run();
    const fingerprint = JSON.stringify(asked);
    const earlier = this.#retries.get(key);
    if (earlier === undefined) {
      const result = await run();
      this.#retries.set(key, { fingerprint, result });
      return result;
    }
    if (earlier.fingerprint === fingerprint) return { ...(earlier.result as R), replayed: true };
    throw new CausewayError('idempotency-key-reused', 'The key was used for something else.');
  }
}

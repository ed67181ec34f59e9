/**
 * A replica in memory, alone in its cluster but able to receive what others wrote: the whole `Replica` interface with
 * real semantics and nothing behind it, so that the HTTP layer is tested against behaviour and not against expectations.
 */
import { CausewayError } from '../../../src/base/errors.js';
import { type ClusterId, makeOrigin, type Origin, parseClusterId, parseReplicaId } from '../../../src/base/ids.js';
import { type Dot, formatDot } from '../../../src/clocks/dot.js';
import { compareHlc, HLC_ZERO, type Hlc, tickHlc } from '../../../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { ActiveFault, Fault, FaultControl } from '../../../src/replica/faults/fault-control.js';
import type { MemberView, MetricSample, Readiness, Replica, ReplicaStatus } from '../../../src/replica/handle.js';
import type {
  KeyState,
  ListRequest,
  ListResult,
  MultiReadResult,
  ReadResult,
  RequestContext,
  WeakLevel,
  WriteOp,
  WriteRequest,
  WriteResult,
} from '../../../src/replica/request-types.js';
import { MemoryOrder } from './memory-order.js';

type Version = KeyState['versions'][number];

interface Waiter {
  readonly token: VersionVector;
  readonly settle: (error?: CausewayError) => void;
}

export interface MemoryReplicaOptions {
  readonly cluster?: string;
  readonly faults?: boolean;
  /** With a total order of its own; without, it runs as a replica without a consensus module. */
  readonly ordered?: boolean;
}

const WINNER_FIRST = (a: Version, b: Version): number =>
  compareHlc(b.hlc, a.hlc) || (a.dot.origin < b.dot.origin ? 1 : -1);

export class MemoryReplica implements Replica {
  readonly ordered: MemoryOrder | undefined;
  readonly id = parseReplicaId('r1');
  readonly clusterId: ClusterId;
  readonly faults: FaultControl | undefined;
  readonly origin: Origin = makeOrigin(this.id, 0x1234abcd);
  /** Set to make every call fail as a bug would. */
  bug: Error | undefined;
  /** Requests that have reached this replica. */
  calls = 0;
  readonly #records = new Map<string, readonly Version[]>();
  readonly #retries = new Map<string, { readonly fingerprint: string; readonly result: WriteResult }>();
  readonly #waiters = new Set<Waiter>();
  #vector = VersionVector.EMPTY;
  #hlc: Hlc = HLC_ZERO;
  #draining = false;
  #ready = true;

  constructor(options: MemoryReplicaOptions = {}) {
    this.clusterId = parseClusterId(options.cluster ?? 'test');
    this.faults = options.faults === false ? undefined : new MemoryFaults();
    this.ordered =
      options.ordered === true
        ? new MemoryOrder({
            record: (key) => this.#state(key).versions,
            keys: () => [...this.#records.keys()].sort(),
            admit: ({ token, timeoutMs, signal }) =>
              this.#admit({ level: 'causal', token, timeoutMs, ...(signal && { signal }) }),
            apply: (ops, dot, base) => this.#apply(ops, dot, base),
          })
        : undefined;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** What other replicas wrote arrives: versions of `key`, and with them their dots. */
  receive(key: string, ...versions: readonly Version[]): void {
    this.#records.set(key, [...(this.#records.get(key) ?? []), ...versions].sort(WINNER_FIRST));
    for (const { dot } of versions) this.#vector = this.#vector.with(dot);
    for (const waiter of [...this.#waiters]) if (this.#vector.includes(waiter.token)) waiter.settle();
  }

  becomeUnready(): void {
    this.#ready = false;
  }

  async read(key: string, context: RequestContext): Promise<ReadResult> {
    const waitMs = await this.#admit(context);
    const state = this.#state(key);
    return { state, token: tokenOf([state], context), timing: { waitMs, storeMs: 0 } };
  }

  readNow(key: string, context: RequestContext): ReadResult | undefined {
    if (!this.#isCovered(context)) return undefined;
    this.#enter();
    const state = this.#state(key);
    return { state, token: tokenOf([state], context), timing: { waitMs: 0, storeMs: 0 } };
  }

  async readMany(keys: readonly string[], context: RequestContext): Promise<MultiReadResult> {
    const waitMs = await this.#admit(context);
    const states = keys.map((key) => this.#state(key));
    return { states, token: tokenOf(states, context), timing: { waitMs, storeMs: 0 } };
  }

  async list({ prefix, after, limit }: ListRequest, context: RequestContext): Promise<ListResult> {
    const waitMs = await this.#admit(context);
    const keys = [...this.#records.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const states = keys.map((key) => this.#state(key)).filter(({ versions }) => versions[0]?.kind === 'value');
    const page = states.slice(0, limit);
    const next = states.length > limit ? page.at(-1)?.key : undefined;
    return { states: page, next, token: tokenOf(page, context), timing: { waitMs, storeMs: 0 } };
  }

  async write(request: WriteRequest, context: RequestContext): Promise<WriteResult> {
    const waitMs = await this.#admit(context);
    this.ordered?.checkFences(request.fences ?? []);
    if (request.idempotencyKey === undefined) return this.#issue(request, context, waitMs);
    const fingerprint = JSON.stringify(request.ops);
    const earlier = this.#retries.get(request.idempotencyKey);
    if (earlier !== undefined) {
      if (earlier.fingerprint === fingerprint) return { ...earlier.result, replayed: true };
      throw new CausewayError('idempotency-key-reused', 'the key was used for something else');
    }
    const result = this.#issue(request, context, waitMs);
    this.#retries.set(request.idempotencyKey, { fingerprint, result });
    return result;
  }

  status(): ReplicaStatus {
    return {
      id: this.id,
      incarnation: this.origin,
      clusterId: this.clusterId,
      role: this.ordered === undefined ? 'observer' : 'leader',
      term: this.ordered === undefined ? 0 : 1,
      leader: this.ordered === undefined ? null : this.id,
      logIndex: this.ordered?.index ?? 0,
      commitIndex: this.ordered?.index ?? 0,
      appliedIndex: this.ordered?.index ?? 0,
      vector: this.#vector,
      stable: VersionVector.EMPTY,
      buffered: 0,
      hlc: this.#hlc,
      keys: this.#records.size,
      peers: ['r2', 'r3'].map((id) => ({
        id: parseReplicaId(id),
        reachable: false,
        lagOps: 0,
        lagMs: 0,
        lastContactMs: undefined,
        url: undefined,
      })),
      transport: 'memory',
      transportConnected: true,
      catchingUp: false,
      url: 'http://127.0.0.1:7101',
      startedMs: 0,
    };
  }

  members(): readonly MemberView[] {
    const own = { incarnation: this.origin, vector: this.#vector, buffered: 0, keys: 0, hlc: this.#hlc, startedMs: 0 };
    return [
      { id: this.id, url: 'http://127.0.0.1:7101', reachable: true, status: own },
      ...['r2', 'r3'].map((id) => ({ id: parseReplicaId(id), url: undefined, reachable: false, status: undefined })),
    ];
  }

  readiness(level: WeakLevel | 'linearizable'): Readiness {
    if (level === 'linearizable' && this.ordered?.hasQuorum !== true) return { ready: false, reason: 'no quorum' };
    return this.#ready ? { ready: true } : { ready: false, reason: 'installing a snapshot' };
  }

  metrics(): readonly MetricSample[] {
    return [
      { name: 'keys', kind: 'gauge', help: 'Live keys', value: this.#records.size },
      { name: 'refused_total', kind: 'counter', help: 'Refused', value: 1, labels: { reason: 'a "quoted" one' } },
      { name: 'refused_total', kind: 'counter', help: 'Refused', value: 2, labels: { reason: 'stranger' } },
    ];
  }

  async drain(): Promise<void> {
    this.#draining = true;
    for (const waiter of [...this.#waiters]) waiter.settle(new CausewayError('shutting-down', 'shutting down'));
  }

  async close(): Promise<void> {
    await this.drain();
  }

  #state(key: string): KeyState {
    return { key, versions: this.#records.get(key) ?? [] };
  }

  #issue(request: WriteRequest, context: RequestContext, waitMs: number): WriteResult {
    const dot: Dot = { origin: this.origin, counter: this.#vector.get(this.origin) + 1 };
    const base = context.level === 'causal' ? context.token : VersionVector.EMPTY;
    const { hlc, token } = this.#apply(request.ops, dot, base);
    return {
      etag: `"${formatDot(dot)}"`,
      hlc,
      durability: request.durability,
      token: context.token.join(token),
      replayed: false,
      timing: { waitMs, storeMs: 0 },
    };
  }

  /** One write group: every key shows it alone, since it has seen whatever was there. */
  #apply(ops: readonly WriteOp[], dot: Dot, base: VersionVector): { hlc: Hlc; token: VersionVector } {
    const deps = tokenOf(
      ops.map(({ key }) => this.#state(key)),
      { token: base },
    );
    this.#hlc = tickHlc(this.#hlc, Date.now());
    for (const op of ops) {
      const stem = { dot, hlc: this.#hlc, deps, seen: 0, twins: [] };
      const version: Version =
        op.kind === 'put'
          ? { ...stem, kind: 'value', contentType: op.contentType, bytes: op.bytes }
          : { ...stem, kind: 'tombstone' };
      this.#records.set(op.key, [version]);
    }
    this.#vector = this.#vector.with(dot);
    return { hlc: this.#hlc, token: deps.with(dot) };
  }

  async #admit(context: RequestContext): Promise<number> {
    this.#enter();
    if (this.#isCovered(context)) return 0;
    const startedMs = performance.now();
    await this.#wait(context);
    return performance.now() - startedMs;
  }

  #enter(): void {
    this.calls += 1;
    if (this.bug !== undefined) throw this.bug;
    if (this.#draining) throw new CausewayError('shutting-down', 'this replica is shutting down');
  }

  #isCovered({ level, token }: RequestContext): boolean {
    return level === 'eventual' || this.#vector.includes(token);
  }

  #wait({ token, timeoutMs, signal }: RequestContext): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => waiter.settle(new CausewayError('causal-wait-timeout', 'the client stopped waiting'));
      const timer = setTimeout(() => waiter.settle(this.#timedOut(token)), timeoutMs);
      const waiter: Waiter = {
        token,
        settle: (error) => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          this.#waiters.delete(waiter);
          if (error === undefined) resolve();
          else reject(error);
        },
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  #timedOut(token: VersionVector): CausewayError {
    return new CausewayError('causal-wait-timeout', 'waited in vain', {
      missing: this.#vector.missing(token),
      served: ['eventual'],
    });
  }
}

/** `base` joined with everything the shown versions depend on. */
function tokenOf(states: readonly KeyState[], base: { readonly token: VersionVector }): VersionVector {
  let token = base.token;
  for (const { versions } of states) for (const { deps, dot } of versions) token = token.join(deps).with(dot);
  return token;
}

class MemoryFaults implements FaultControl {
  readonly #faults = new Map<string, Fault>();

  list(): readonly ActiveFault[] {
    return [...this.#faults.values()].map((fault) => ({ ...fault, remainingMs: fault.ttlMs }));
  }

  put(fault: Fault): void {
    if (fault.kind === 'partition') this.#faults.set(`partition ${fault.name}`, fault);
    else if (fault.kind === 'link') this.#faults.set(`link ${fault.from} ${fault.to}`, fault);
    else this.#faults.set('clock', fault);
  }

  removePartition(name: string): boolean {
    return this.#faults.delete(`partition ${name}`);
  }

  removeLink(from: string, to: string): boolean {
    return this.#faults.delete(`link ${from} ${to}`);
  }

  removeClock(): boolean {
    return this.#faults.delete('clock');
  }

  clear(): void {
    this.#faults.clear();
  }
}

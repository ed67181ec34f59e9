/**
 * A cluster without network, disks or time: replicas with a causal and an ordered view, one log, and a schedule that says
 * who does what next. Proposals stay in flight for as long as the schedule likes, and come in any order, twice or never.
 */
import { LOG_ORIGIN, type Origin, parseReplicaId } from '../../src/base/ids.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { type GroupBody, type GroupOp, type GroupStem, versionOf } from '../../src/keyspace/group-body.js';
import { applyVersion, isForgettable, type KeyRecord, pastOf, seenOf } from '../../src/keyspace/key-record.js';
import { adoptable, mayForget, mayForgetOrdered } from '../../src/keyspace/ordered/adoption.js';
import type { Applied } from '../../src/keyspace/ordered/apply.js';
import { type Command, keysOf } from '../../src/keyspace/ordered/command.js';
import { type Entry, encodeEntry } from '../../src/keyspace/ordered/entry.js';
import { type Forgotten, NOTHING_FORGOTTEN, readForgotten } from '../../src/keyspace/ordered/progress.js';
import { readOrdered } from '../../src/keyspace/ordered/state-keys.js';
import { applyNext, entryOf, PlainTable, putOp } from './ordered-log.js';
import { plain } from './plain.js';
import { originOf } from './plane-values.js';

export const KEYS = ['k', 'l'] as const;
export const REPLICAS = 3;

/**
 * `calm` lets all that is written arrive everywhere; proposals stay in flight. `forget` proposes to forget, and `sweep`
 * forgets in one causal view what may be. `retire` deletes a key and has the log agree that this may be forgotten.
 */
export type StepKind =
  | 'write'
  | 'delete'
  | 'deliver'
  | 'propose'
  | 'append'
  | 'lose'
  | 'repeat'
  | 'apply'
  | 'foreign'
  | 'calm'
  | 'forget'
  | 'retire'
  | 'sweep';

export interface ScheduleStep {
  readonly kind: StepKind;
  readonly at: number;
  readonly pick: number;
  readonly other: number;
}

interface Group extends GroupStem {
  readonly body: GroupBody;
  /** What its issuer had when it issued it; undefined for a group of the log. */
  readonly issuedAt: VersionVector | undefined;
}

interface Replica {
  readonly origin: Origin;
  readonly ordered: PlainTable;
  readonly causal: Map<string, KeyRecord>;
  vector: VersionVector;
  applied: number;
  /** What the entries of the log said that are delivered in the causal plane. */
  forgotten: Forgotten;
}

export class TwoViews {
  readonly replicas: readonly Replica[];
  /** Groups of the weaker writes, and of the log as far as some replica has applied it. */
  readonly groups: Group[] = [];
  readonly log: (Uint8Array | undefined)[] = [];
  readonly results: Applied[] = [];
  readonly counts = { adopted: 0, stale: 0, replayed: 0, forgotten: 0, swept: 0, refused: 0, siblings: 0 };
  readonly #forgottenAt: Forgotten[] = [];
  readonly #inFlight: Uint8Array[] = [];
  #clock = 100_000;

  constructor() {
    this.replicas = Array.from({ length: REPLICAS }, (_, i) => ({
      origin: originOf(parseReplicaId(`r${i + 1}`)),
      ordered: new PlainTable(),
      causal: new Map(),
      vector: VersionVector.EMPTY,
      applied: 0,
      forgotten: NOTHING_FORGOTTEN,
    }));
  }

  take(step: ScheduleStep): void {
    const replica = this.replicas[step.at % REPLICAS] as Replica;
    const key = KEYS[step.other % KEYS.length] as string;
    this.#clock += (step.pick % 70) - 30;
    switch (step.kind) {
      case 'write':
      case 'delete':
        this.#write(replica, key, step.kind === 'delete');
        break;
      case 'deliver':
        this.#deliverOne(replica, step.pick);
        break;
      case 'propose':
        this.#propose(replica, this.#command(step, key), step);
        break;
      case 'append':
      case 'lose':
      case 'repeat':
        this.#append(step);
        break;
      case 'apply':
        this.#apply(replica);
        break;
      case 'foreign':
        this.log.push(undefined);
        break;
      case 'calm':
        this.#catchUp();
        break;
      case 'forget':
        this.#proposeForget(replica);
        break;
      case 'retire':
        this.#write(replica, key, true);
        this.#catchUp();
        this.#proposeForget(replica);
        this.#append({ ...step, kind: 'append', pick: this.#inFlight.length - 1 });
        this.#catchUp();
        break;
      case 'sweep':
        this.#sweep(replica, key);
        break;
    }
  }

  /** Let everything arrive, adopt what is left, and forget what may be. */
  settle(): void {
    for (;;) {
      while (this.#inFlight.length > 0) this.#append({ kind: 'append', at: 0, pick: 0, other: 0 });
      this.#catchUp();
      const first = this.replicas[0] as Replica;
      const left = KEYS.filter((key) => this.#toAdopt(first, key).length > 0);
      if (left.length === 0) break;
      for (const key of left) this.#submit(first, [key], { kind: 'adopt' });
    }
    for (const replica of this.replicas) for (const key of KEYS) this.#sweep(replica, key);
  }

  /** The record in either view; empty where it is only deletions that may be forgotten, whether they are yet or not. */
  shown(replica: Replica, key: string): { readonly ordered: unknown; readonly causal: unknown } {
    const { stable } = readForgotten(replica.ordered);
    const rest = (record: KeyRecord) => plain(isForgettable(record, stable) ? [] : record);
    return { ordered: rest(readOrdered(replica.ordered, key)), causal: rest(replica.causal.get(key) ?? []) };
  }

  #write(replica: Replica, key: string, deletes: boolean): void {
    const record = replica.causal.get(key) ?? [];
    const dot = { origin: replica.origin, counter: replica.vector.get(replica.origin) + 1 };
    const deps = pastOf(record, replica.forgotten.stable);
    const stem = { key, seen: seenOf(record) };
    const op: GroupOp = deletes
      ? { kind: 'delete', ...stem }
      : ({ ...putOp(key, `${dot.origin}.${dot.counter}`), ...stem } as GroupOp);
    const group = {
      dot,
      deps,
      hlc: { ms: this.#clock, logical: 0 },
      body: { retry: undefined, ops: [op] },
      issuedAt: replica.vector,
    };
    this.groups.push(group);
    this.#deliver(replica, group);
  }

  #deliverable(replica: Replica): Group[] {
    return this.groups.filter(({ dot, deps }) => {
      if (dot.origin === LOG_ORIGIN && dot.counter > replica.applied) return false;
      return dot.counter === replica.vector.get(dot.origin) + 1 && replica.vector.includes(deps);
    });
  }

  #deliverOne(replica: Replica, pick: number): void {
    const ready = this.#deliverable(replica);
    if (ready.length > 0) this.#deliver(replica, ready[pick % ready.length] as Group);
  }

  #deliver(replica: Replica, group: Group): void {
    for (const op of group.body.ops) {
      const record = applyVersion(replica.causal.get(op.key) ?? [], versionOf(op, op.seen, group));
      replica.causal.set(op.key, record);
      this.counts.siblings += Number(record.length > 1);
    }
    replica.vector = replica.vector.with(group.dot);
    if (group.dot.origin !== LOG_ORIGIN) return;
    replica.forgotten = this.#forgottenAt[group.dot.counter - 1] ?? NOTHING_FORGOTTEN;
  }

  #command({ pick, other }: ScheduleStep, key: string): Command {
    const shape = pick % 6;
    const op = putOp(key, `l${this.log.length}.${pick}`);
    if (shape === 0) return { kind: 'adopt' };
    if (shape === 1) return { kind: 'write', op: { kind: 'delete', key }, condition: undefined };
    if (shape === 2) return { kind: 'write', op, condition: { kind: other % 2 === 0 ? 'absent' : 'exists' } };
    if (shape > 3) return { kind: 'write', op, condition: undefined };
    const second = KEYS[(other + 1) % KEYS.length] as string;
    return {
      kind: 'txn',
      checks: [{ key: second, condition: { kind: 'exists' } }],
      onSuccess: [op, { kind: 'delete', key: second }],
      onFailure: [putOp(second, 'made'), { kind: 'get', key }],
    };
  }

  #propose(replica: Replica, command: Command, { pick, other }: ScheduleStep): void {
    const keys = command.kind === 'adopt' ? [KEYS[other % KEYS.length] as string] : keysOf(command);
    const retry = pick % 5 === 0 ? { key: `request${other % 4}`, fingerprint: 'f' } : undefined;
    this.#submit(replica, keys, command, { retry, token: pick % 3 === 0 ? replica.vector : VersionVector.EMPTY });
  }

  #submit(
    replica: Replica,
    keys: readonly string[],
    command: Command,
    rest: { readonly retry?: Entry['retry']; readonly token?: VersionVector } = {},
  ): void {
    const adopted = keys
      .map((key) => ({ key, versions: this.#toAdopt(replica, key) }))
      .filter(({ versions }) => versions.length > 0);
    const deps = adopted.reduce((past, { versions }) => pastOf(versions, past), rest.token ?? VersionVector.EMPTY);
    const hlc = { ms: this.#clock, logical: 1 };
    this.#inFlight.push(
      encodeEntry(entryOf({ base: replica.applied, retry: rest.retry, deps, adopted, hlc, command })),
    );
  }

  #toAdopt(replica: Replica, key: string): KeyRecord {
    const forgotten = readForgotten(replica.ordered);
    return adoptable(readOrdered(replica.ordered, key), replica.causal.get(key) ?? [], forgotten);
  }

  #append({ kind, pick }: ScheduleStep): void {
    if (this.#inFlight.length === 0) return;
    const at = pick % this.#inFlight.length;
    const entry = this.#inFlight[at] as Uint8Array;
    if (kind !== 'repeat') this.#inFlight.splice(at, 1);
    if (kind !== 'lose') this.log.push(entry);
  }

  #apply(replica: Replica): void {
    if (replica.applied >= this.log.length) return;
    const result = applyNext(replica.ordered, this.log[replica.applied]);
    const first = this.results[replica.applied];
    replica.applied += 1;
    if (first !== undefined) {
      if (JSON.stringify(plain(first)) !== JSON.stringify(plain(result)))
        throw new Error(`entry ${result.index} differs`);
      return;
    }
    this.results.push(result);
    this.groups.push({ ...result.group, issuedAt: undefined });
    this.#forgottenAt.push(readForgotten(replica.ordered));
    this.#count(result);
  }

  #count(result: Applied): void {
    this.counts.stale += Number(result.outcome.kind === 'stale');
    this.counts.refused += Number(result.outcome.kind === 'refused');
    this.counts.replayed += Number(result.replayed);
    this.counts.adopted +=
      result.writes.filter(({ key }) => key[0] === 1).length > result.group.body.ops.length ? 1 : 0;
    this.counts.forgotten += result.writes.filter(({ key, value }) => key[0] === 1 && value === undefined).length;
  }

  /** What everybody has, and what nothing on its way has not seen. */
  #proposeForget(replica: Replica): void {
    let stable = this.replicas.reduce((cut, { vector }) => cut.meet(vector), replica.vector);
    for (const { dot, issuedAt } of this.groups) {
      const isEverywhere = this.replicas.every(({ vector }) => vector.covers(dot));
      if (issuedAt !== undefined && !isEverywhere) stable = stable.meet(issuedAt);
    }
    const keys = KEYS.filter((key) =>
      mayForgetOrdered(replica.causal.get(key) ?? [], readOrdered(replica.ordered, key), stable),
    );
    this.#submit(replica, [], { kind: 'forget', stable, keys });
  }

  #sweep(replica: Replica, key: string): void {
    const record = replica.causal.get(key) ?? [];
    if (record.length > 0 && mayForget(record, readOrdered(replica.ordered, key), replica.forgotten)) {
      replica.causal.delete(key);
      this.counts.swept += 1;
    }
  }

  #catchUp(): void {
    for (const replica of this.replicas) while (replica.applied < this.log.length) this.#apply(replica);
    for (const replica of this.replicas) {
      for (let ready = this.#deliverable(replica); ready.length > 0; ready = this.#deliverable(replica)) {
        this.#deliver(replica, ready[ready.length - 1] as Group);
      }
    }
  }
}

/** Records against a dumb definition: all delivered versions, minus those some delivered version has in its past. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeOrigin, type Origin, type ReplicaId } from '../../../src/base/ids.js';
import { equalDots, formatDot } from '../../../src/clocks/dot.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { type GroupStem, versionOf } from '../../../src/keyspace/group-body.js';
import {
  applyTwin,
  applyVersion,
  decodeRecord,
  encodeRecord,
  type KeyRecord,
  mergeRecords,
  pastOf,
  reconcileRecords,
} from '../../../src/keyspace/key-record.js';
import { judgeRetry, type RetryEntry } from '../../../src/keyspace/retry-entry.js';
import { arbitrate, type Version } from '../../../src/keyspace/version.js';

interface Group extends GroupStem {
  readonly version: Version;
  readonly retry: string | undefined;
}

interface Replica {
  readonly origin: Origin;
  vector: VersionVector;
  record: KeyRecord;
  readonly delivered: Group[];
  readonly retries: Map<string, RetryEntry>;
}

type Step =
  | {
      readonly kind: 'write';
      readonly at: number;
      readonly deletes: boolean;
      readonly skewMs: number;
      readonly retry: boolean;
    }
  | { readonly kind: 'deliver'; readonly at: number; readonly pick: number };

const replicaCount = 3;
const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      at: fc.nat(replicaCount - 1),
      deletes: fc.boolean(),
      skewMs: fc.integer({ min: -50, max: 50 }),
      retry: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('deliver' as const), at: fc.nat(replicaCount - 1), pick: fc.nat(100) }),
  ),
  { maxLength: 40 },
);

function newReplica(index: number): Replica {
  const origin = makeOrigin(`r${index}` as ReplicaId, index + 1);
  return { origin, vector: VersionVector.EMPTY, record: [], delivered: [], retries: new Map() };
}

function deliver(replica: Replica, group: Group): void {
  const known = group.retry === undefined ? undefined : replica.retries.get(group.retry);
  const verdict = group.retry === undefined ? undefined : judgeRetry(known, 'f', group);
  if (group.retry !== undefined && verdict !== undefined && verdict.kind !== 'known') {
    replica.retries.set(group.retry, verdict.entry);
  }
  replica.record =
    verdict?.kind === 'twin'
      ? applyTwin(replica.record, group.version, verdict.twins)
      : applyVersion(replica.record, group.version);
  replica.vector = replica.vector.with(group.dot);
  replica.delivered.push(group);
}

function write(replica: Replica, step: Step & { kind: 'write' }, clock: number): Group | undefined {
  const retry = step.retry ? 'the-one-retry' : undefined;
  if (retry !== undefined && replica.retries.has(retry)) return undefined;
  const dot = { origin: replica.origin, counter: replica.vector.get(replica.origin) + 1 };
  const stem: GroupStem = {
    dot,
    hlc: { ms: 1000 + clock + step.skewMs, logical: 0 },
    deps: pastOf(replica.record, VersionVector.EMPTY),
  };
  const op = step.deletes
    ? ({ kind: 'delete', key: 'k', seen: 0 } as const)
    : ({
        kind: 'put',
        key: 'k',
        seen: 0,
        contentType: 'text/plain',
        bytes: new TextEncoder().encode(formatDot(dot)),
      } as const);
  return { ...stem, version: versionOf(op, op.seen, stem), retry };
}

function deliverable(replica: Replica, groups: readonly Group[]): Group[] {
  return groups.filter(
    ({ dot, deps }) => dot.counter === replica.vector.get(dot.origin) + 1 && replica.vector.includes(deps),
  );
}

function run(schedule: readonly Step[]): { replicas: Replica[]; groups: Group[] } {
  const replicas = Array.from({ length: replicaCount }, (_, i) => newReplica(i));
  const groups: Group[] = [];
  schedule.forEach((step, clock) => {
    const replica = replicas[step.at] as Replica;
    if (step.kind === 'write') {
      const group = write(replica, step, clock);
      if (group === undefined) return;
      groups.push(group);
      deliver(replica, group);
    } else {
      const ready = deliverable(replica, groups);
      if (ready.length > 0) deliver(replica, ready[step.pick % ready.length] as Group);
    }
  });
  return { replicas, groups };
}

function deliverAll(replica: Replica, groups: readonly Group[]): void {
  for (let ready = deliverable(replica, groups); ready.length > 0; ready = deliverable(replica, groups)) {
    deliver(replica, ready[ready.length - 1] as Group);
  }
}

/** Dots of the surviving writes, twins together, each as one sorted text. */
function survivors(delivered: readonly Group[]): string[] {
  const writes = new Map<string, Group[]>();
  for (const group of delivered) {
    const name = group.retry ?? formatDot(group.dot);
    writes.set(name, [...(writes.get(name) ?? []), group]);
  }
  return [...writes.values()]
    .filter(
      (twins) =>
        !delivered.some((later) => !twins.includes(later) && twins.some((twin) => later.deps.covers(twin.dot))),
    )
    .map((twins) =>
      twins
        .map((twin) => formatDot(twin.dot))
        .sort()
        .join('+'),
    )
    .sort();
}

function shown(record: KeyRecord): string[] {
  return record.map((version) => [version.dot, ...version.twins].map(formatDot).sort().join('+')).sort();
}

describe('a key record', () => {
  it('holds exactly the writes no delivered write supersedes, at every replica and at any moment', () => {
    fc.assert(
      fc.property(steps, (schedule) => {
        for (const replica of run(schedule).replicas)
          expect(shown(replica.record)).toEqual(survivors(replica.delivered));
      }),
      { numRuns: 400 },
    );
  });

  it('is byte-equal everywhere once everything is delivered, whatever the order', () => {
    fc.assert(
      fc.property(steps, (schedule) => {
        const { replicas, groups } = run(schedule);
        for (const replica of replicas) deliverAll(replica, groups);
        const [first, ...others] = replicas.map((replica) => replica.record);
        for (const other of others) expect(other).toEqual(first);
      }),
      { numRuns: 400 },
    );
  });

  it('lists the arbitration winner first', () => {
    fc.assert(
      fc.property(steps, (schedule) => {
        for (const { record } of run(schedule).replicas) {
          for (let i = 1; i < record.length; i += 1) {
            expect(arbitrate(record[i - 1] as Version, record[i] as Version)).toBeGreaterThan(0);
          }
        }
      }),
    );
  });

  it('merged with a peer’s snapshot equals the record after delivering everything of both', () => {
    fc.assert(
      fc.property(steps, (schedule) => {
        const plain = schedule.map((step) => (step.kind === 'write' ? { ...step, retry: false } : step));
        const { replicas, groups } = run(plain);
        const [a, b] = replicas as [Replica, Replica];
        const merged = mergeRecords(a.record, a.vector, b.record, b.vector);
        const joined = a.vector.join(b.vector);
        deliverAll(
          a,
          groups.filter((group) => joined.covers(group.dot)),
        );
        expect(a.vector.equals(joined)).toBe(true);
        expect(merged).toEqual(a.record);
      }),
      { numRuns: 400 },
    );
  });

  it('merged with a snapshot neither brings back nor keeps what either side has deleted, and forgotten since', () => {
    const r1 = newReplica(1);
    const step = { kind: 'write', at: 0, deletes: false, skewMs: 0, retry: false } as const;
    const { dot, version } = write(r1, step, 1) as Group;
    const before = VersionVector.of([[dot.origin, dot.counter]]);
    const after = VersionVector.of([[dot.origin, dot.counter + 1]]);
    expect(mergeRecords([], after, [version], before)).toEqual([]);
    expect(mergeRecords([version], before, [], after)).toEqual([]);
    expect(mergeRecords([], VersionVector.EMPTY, [version], before)).toEqual([version]);
  });

  it('reconciled with a copy that lost versions is whole again', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (schedule, pick) => {
        const { replicas, groups } = run(schedule);
        const replica = replicas[0] as Replica;
        deliverAll(replica, groups);
        const lost = replica.record.filter((_, i) => i !== pick % Math.max(1, replica.record.length));
        expect(reconcileRecords(lost, replica.record)).toEqual(replica.record);
        expect(reconcileRecords(replica.record, lost)).toEqual(replica.record);
      }),
    );
  });

  it('survives encoding', () => {
    fc.assert(
      fc.property(steps, (schedule) => {
        for (const { record } of run(schedule).replicas) {
          if (record.length > 0) expect(decodeRecord(encodeRecord(record))).toEqual(record);
        }
      }),
    );
  });

  it('never brings a superseded write back by a late retry', () => {
    const [r1, r2] = [newReplica(1), newReplica(2)];
    const first = write(r1, { kind: 'write', at: 0, deletes: false, skewMs: 0, retry: true }, 1) as Group;
    const retry = write(r2, { kind: 'write', at: 1, deletes: false, skewMs: 0, retry: true }, 9) as Group;
    deliver(r1, first);
    const over = write(r1, { kind: 'write', at: 0, deletes: false, skewMs: 0, retry: false }, 2) as Group;
    deliver(r1, over);
    deliver(r1, retry);
    deliver(r2, retry);
    deliver(r2, first);
    deliver(r2, over);
    expect(r1.record.map((version) => version.dot)).toEqual([over.dot]);
    expect(r2.record).toEqual(r1.record);
    expect(equalDots(over.dot, retry.dot)).toBe(false);
  });
});

/**
 * A replica that installs a peer's snapshot over what it has must end where delivering the same groups one by one would
 * have brought it - with retries of one request applied at several replicas, which must stay one write.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MemoryStorage, openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { utf8Encode } from '../../../src/base/bytes.js';
import { makeOrigin, type Origin, parseReplicaId } from '../../../src/base/ids.js';
import { formatDot } from '../../../src/clocks/dot.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { decodeBody, encodeBody, type GroupBody, type RetryName } from '../../../src/keyspace/group-body.js';
import { type KeyRecord, pastOf, reconcileRecords, seenOf } from '../../../src/keyspace/key-record.js';
import { decodeRetryEntry } from '../../../src/keyspace/retry-entry.js';
import { KeyspaceTurn } from '../../../src/replica/causal/keyspace-turn.js';
import { operationWrite } from '../../../src/replica/causal/operation-log.js';
import { installPage } from '../../../src/replica/causal/snapshot-install.js';
import { SnapshotServer } from '../../../src/replica/causal/snapshot-server.js';
import { EMPTY_STATE, stateWrite } from '../../../src/replica/stored-state.js';
import type { SnapshotCursor } from '../../../src/replication/messages.js';
import { sealGroup, type WriteGroup } from '../../../src/replication/write-group.js';
import { plain } from '../../support/plain.js';

const REPLICAS = 3;
const KEYS = ['k', 'l'];

interface Write {
  readonly kind: 'write';
  readonly at: number;
  readonly key: number;
  readonly deletes: boolean;
  readonly skewMs: number;
  /** Number of the request this is a try of; undefined = one that is never retried. */
  readonly request: number | undefined;
}
interface Deliver {
  readonly kind: 'deliver';
  readonly at: number;
  readonly pick: number;
}
type Step = Write | Deliver;

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      at: fc.nat(REPLICAS - 1),
      key: fc.nat(KEYS.length - 1),
      deletes: fc.boolean(),
      skewMs: fc.integer({ min: -50, max: 50 }),
      request: fc.option(fc.nat(2), { nil: undefined }),
    }),
    fc.record({ kind: fc.constant('deliver' as const), at: fc.nat(REPLICAS - 1), pick: fc.nat(100) }),
  ),
  { maxLength: 30 },
);

/**
 * Requests 0 and 1 share an Idempotency-Key and ask for different things. None writes what another does: two that
 * overwrite each other in both orders, at two replicas, have no order; the keyspace audit makes siblings of them.
 */
const REQUESTS: readonly { readonly name: RetryName; readonly key: string }[] = [
  { name: { key: 'one', fingerprint: 'f' }, key: 'k' },
  { name: { key: 'one', fingerprint: 'g' }, key: 'l' },
  { name: { key: 'two', fingerprint: 'f' }, key: 'm' },
];

class Replica {
  readonly origin: Origin;
  readonly storage: MemoryStorage = openMemoryStorage();
  vector = VersionVector.EMPTY;

  constructor(index: number) {
    this.origin = makeOrigin(parseReplicaId(`r${index}`), index);
  }

  /** As the write path does it. Undefined if the outcome of the request is known here. */
  async write(step: Write, clock: number): Promise<WriteGroup | undefined> {
    const turn = new KeyspaceTurn(this.storage);
    const request = step.request === undefined ? undefined : REQUESTS[step.request];
    if (request !== undefined && turn.retry(request.name, 0)?.fingerprint === request.name.fingerprint)
      return undefined;
    const key = request?.key ?? (KEYS[step.key] as string);
    const record = turn.record(key);
    const dot = { origin: this.origin, counter: this.vector.get(this.origin) + 1 };
    const stem = { key, seen: seenOf(record) };
    const deletes = request === undefined && step.deletes;
    const value = { kind: 'put', contentType: 'text/plain', bytes: utf8Encode(formatDot(dot)), ...stem } as const;
    const body: GroupBody = { retry: request?.name, ops: [deletes ? { kind: 'delete', ...stem } : value] };
    const hlc = { ms: 1_000 + clock + step.skewMs, logical: 0 };
    const group = sealGroup(dot, hlc, pastOf(record, VersionVector.EMPTY), encodeBody(body));
    await this.deliver(group);
    return group;
  }

  async deliver(group: WriteGroup): Promise<void> {
    const turn = new KeyspaceTurn(this.storage);
    turn.deliver(group, decodeBody(group.body));
    this.vector = this.vector.with(group.dot);
    const state = stateWrite({ ...EMPTY_STATE, vector: this.vector });
    await this.storage.commit([operationWrite(group), ...turn.finish().writes, state]);
  }

  deliverable(groups: readonly WriteGroup[]): WriteGroup[] {
    return groups.filter(
      ({ dot, deps }) => dot.counter === this.vector.get(dot.origin) + 1 && this.vector.includes(deps),
    );
  }

  async deliverAll(groups: readonly WriteGroup[]): Promise<void> {
    for (let ready = this.deliverable(groups); ready.length > 0; ready = this.deliverable(groups)) {
      await this.deliver(ready[ready.length - 1] as WriteGroup);
    }
  }

  /** Page by page, each in a transaction of its own. */
  async install(from: Replica): Promise<void> {
    const server = new SnapshotServer(from.storage);
    const own = this.vector;
    let cursor: SnapshotCursor | undefined = { table: 'keyspace', after: undefined };
    while (cursor !== undefined) {
      const page = server.page(parseReplicaId('r9'), 1, cursor, 0);
      if (page.kind !== 'snapshot-page') throw new Error(page.kind);
      const turn = new KeyspaceTurn(this.storage);
      const beside = installPage({ page, own, first: false, last: false }, turn, this.storage);
      await this.storage.commit([...beside, ...turn.finish().writes]);
      this.vector = page.next === undefined ? this.vector.join(page.vector) : this.vector;
      cursor = page.next;
    }
  }

  shown(): string[] {
    return [...this.storage.range('keyspace', {})].map(
      ({ key, value }) => `${Buffer.from(key).toString()} ${Buffer.from(value).toString('hex')}`,
    );
  }

  /** Dots under which each request is known, in any order. */
  outcomes(): string[] {
    return [...this.storage.range('retries', {})].map(({ key, value }) => {
      const entry = decodeRetryEntry(value);
      return `${Buffer.from(key).toString('hex')} ${[entry.dot, ...entry.twins].map(formatDot).sort().join()}`;
    });
  }
}

async function run(schedule: readonly Step[]): Promise<{ replicas: Replica[]; groups: WriteGroup[] }> {
  const replicas = Array.from({ length: REPLICAS }, (_, i) => new Replica(i));
  const groups: WriteGroup[] = [];
  for (const [clock, step] of schedule.entries()) {
    const replica = replicas[step.at] as Replica;
    if (step.kind === 'write') {
      const group = await replica.write(step, clock);
      if (group !== undefined) groups.push(group);
      continue;
    }
    const ready = replica.deliverable(groups);
    if (ready.length > 0) await replica.deliver(ready[step.pick % ready.length] as WriteGroup);
  }
  return { replicas, groups };
}

describe('a snapshot installed over what a replica has', () => {
  it('ends where delivering the same groups would have ended, retries of one request being one write', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const { replicas, groups } = await run(schedule);
        const [a, b, c] = replicas as [Replica, Replica, Replica];
        await a.install(b);
        const reached = a.vector;
        await c.deliverAll(groups.filter(({ dot }) => reached.covers(dot)));
        await a.deliverAll(groups.filter(({ dot }) => c.vector.covers(dot)));
        fc.pre(a.vector.equals(c.vector));
        expect(a.shown()).toEqual(c.shown());
        expect(a.outcomes()).toEqual(c.outcomes());
      }),
      { numRuns: 400 },
    );
  });

  it('leaves nothing behind that later deliveries would treat differently', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const { replicas, groups } = await run(schedule);
        await (replicas[0] as Replica).install(replicas[1] as Replica);
        for (const replica of replicas) await replica.deliverAll(groups);
        const [first, ...others] = replicas as [Replica, Replica, Replica];
        for (const other of others) {
          expect(other.shown()).toEqual(first.shown());
          expect(other.outcomes()).toEqual(first.outcomes());
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('records that differ although their replicas have the same groups', () => {
  async function recordAfter(
    schedule: readonly Step[],
    order: (groups: WriteGroup[]) => WriteGroup[],
  ): Promise<KeyRecord> {
    const { groups } = await run(schedule);
    const replica = new Replica(8);
    await replica.deliverAll(order(groups));
    return new KeyspaceTurn(replica.storage).record('k');
  }

  it('are joined to what knows most of a retry, and no sibling is invented', async () => {
    const twice: Step[] = [0, 1].map((at) => ({
      kind: 'write',
      at,
      key: 0,
      deletes: false,
      skewMs: 0,
      request: 0,
    }));
    const whole = await recordAfter(twice, (groups) => groups);
    const [first, second] = [
      await recordAfter(twice, (all) => all.slice(0, 1)),
      await recordAfter(twice, (all) => all.slice(1)),
    ];
    expect(whole).toHaveLength(1);
    for (const part of [first, second]) {
      expect(plain(reconcileRecords(part, whole))).toEqual(plain(whole));
      expect(reconcileRecords(whole, part)[0]).toBe(whole[0]);
    }
  });

  it('are left as they are if they do not differ', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (schedule) => {
        const record = await recordAfter(schedule, (groups) => groups);
        const again = await recordAfter(schedule, (groups) => groups);
        const joined = reconcileRecords(record, again);
        expect(joined.map((version, i) => version === record[i])).toEqual(record.map(() => true));
      }),
      { numRuns: 50 },
    );
  });
});

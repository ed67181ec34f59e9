/** What the properties of the codecs are drawn from: every message and record a replica sends or stores. */
import fc from 'fast-check';
import { LOG_ORIGIN, makeOrigin, parseReplicaId, replicaOf } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import type { Dot } from '../../../src/clocks/dot.js';
import type { Hlc } from '../../../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { Configuration } from '../../../src/consensus/configuration.js';
import type { Entry } from '../../../src/consensus/entry.js';
import type { SnapshotMeta } from '../../../src/consensus/log-reader.js';
import type { Message } from '../../../src/consensus/messages.js';
import type { GroupBody, GroupOp } from '../../../src/keyspace/group-body.js';
import type { RetryEntry } from '../../../src/keyspace/retry-entry.js';
import type { Version } from '../../../src/keyspace/version.js';
import type { StoredState } from '../../../src/replica/stored-state.js';
import type { AuditMessage } from '../../../src/replica/wire/audit-codec.js';
import type { Sender } from '../../../src/replica/wire/envelope.js';
import type { GossipMessage } from '../../../src/replica/wire/gossip-codec.js';
import type { OrderMessage } from '../../../src/replica/wire/order-codec.js';
import type { PlaneMessage, SnapshotCursor } from '../../../src/replication/messages.js';
import { sealGroup, type WriteGroup } from '../../../src/replication/write-group.js';
import { clusters, counters, fewVectors, vectors as longVectors, origins } from '../clocks/arbitraries.js';

export const payloads: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 200 });
const vectors = fc.oneof({ weight: 5, arbitrary: fewVectors }, { weight: 1, arbitrary: longVectors });
const someBytes = fc.uint8Array({ maxLength: 40 });
const keyBytes = fc.uint8Array({ minLength: 1, maxLength: 20 });
const flags = fc.boolean();
const numbers = fc.oneof(fc.nat(300), fc.maxSafeNat());
const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ minLength: 60, maxLength: 70 }));
/** Storage and the wire carry strings as UTF-8, so a key is whatever that can say. */
const keys = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });

export const dots: fc.Arbitrary<Dot> = fc.record({ origin: origins, counter: counters });
export const stamps: fc.Arbitrary<Hlc> = fc.record({
  ms: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 48 - 1 })),
  logical: fc.nat(0xffff),
});

export const senders: fc.Arbitrary<Sender> = fc
  .record({ cluster: clusters, origin: origins.filter((origin) => origin !== LOG_ORIGIN), boot: fc.nat(0xffffffff) })
  .map((parts) => ({ ...parts, replica: replicaOf(parts.origin) as Sender['replica'] }));

function without(vector: VersionVector, dot: Dot): VersionVector {
  return VersionVector.of(vector.entries().filter(([origin]) => origin !== dot.origin));
}

export const groups: fc.Arbitrary<WriteGroup> = fc
  .tuple(dots, stamps, vectors, payloads)
  .map(([dot, hlc, deps, body]) => sealGroup(dot, hlc, without(deps, dot), body));

const cursors: fc.Arbitrary<SnapshotCursor> = fc.record({
  table: fc.constantFrom('keyspace' as const, 'retries' as const),
  after: fc.option(keyBytes, { nil: undefined }),
});
const entries = fc.array(fc.record({ key: keyBytes, value: someBytes }), { maxLength: 5 });
const ranges = fc.array(
  fc
    .tuple(origins, fc.nat(1000), fc.integer({ min: 1, max: 1000 }))
    .map(([origin, have, more]) => ({ origin, have, need: have + more })),
  { maxLength: 5 },
);
const groupLists = fc.array(groups, { maxLength: 4 });

export const planeMessages: fc.Arbitrary<PlaneMessage> = fc.oneof(
  fc.record({ kind: fc.constant('groups' as const), vector: vectors, wantReport: flags, groups: groupLists }),
  fc.record({ kind: fc.constant('report' as const), vector: vectors }),
  fc.record({
    kind: fc.constant('digest' as const),
    vector: vectors,
    floor: vectors,
    forgotten: vectors,
    holding: fc.array(origins, { maxLength: 5 }),
    heard: fc.array(origins, { maxLength: 5 }),
    members: fc.array(origins, { maxLength: 5 }),
    joined: flags,
    wantReply: flags,
  }),
  fc.record({ kind: fc.constant('fetch' as const), request: numbers, ranges }),
  fc.record({
    kind: fc.constant('fetched' as const),
    request: numbers,
    vector: vectors,
    floor: vectors,
    behind: flags,
    groups: groupLists,
  }),
  fc.record({ kind: fc.constant('snapshot-fetch' as const), session: numbers, cursor: cursors }),
  fc.record({
    kind: fc.constant('snapshot-page' as const),
    session: numbers,
    cursor: cursors,
    vector: vectors,
    forgotten: vectors,
    entries,
    next: fc.option(cursors, { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('snapshot-gone' as const), session: numbers }),
);

const orders = fc.option(origins, { nil: undefined });
const ids = fc.constantFrom('r1', 'r2', 'node-3').map(parseReplicaId);

export const gossipMessages: fc.Arbitrary<GossipMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    url: texts,
    startedMs: numbers,
    keys: numbers,
    buffered: numbers,
    hlc: stamps,
    order: orders,
    position: fc.record({ term: numbers, commit: numbers }),
  }),
  fc.constant({ kind: 'probe' as const }),
  fc.record({ kind: fc.constant('taken' as const), startedMs: numbers }),
  fc.record({ kind: fc.constant('found-ask' as const), round: numbers }),
  fc.record({
    kind: fc.constant('found-answer' as const),
    round: numbers,
    order: orders,
    configured: fc.array(ids, { maxLength: 16 }),
  }),
  fc.record({
    kind: fc.constant('expelled' as const),
    origin: origins,
    boot: fc.nat(),
    why: fc.constantFrom('removed' as const, 'outdated' as const),
  }),
  fc.record({
    kind: fc.constant('change-ask' as const),
    number: numbers,
    change: fc.record({ kind: fc.constantFrom('add', 'promote', 'remove', 'transfer'), id: ids }),
    timeoutMs: numbers,
  }),
  fc.record({
    kind: fc.constant('change-answer' as const),
    number: numbers,
    result: fc.oneof(
      fc.record({ kind: fc.constant('done' as const), index: numbers }),
      fc.record({
        kind: fc.constant('refused' as const),
        code: fc.constantFrom('membership-conflict', 'invalid-request', 'no-quorum', 'outcome-unknown'),
        detail: texts,
      }),
    ),
  }),
);

const roundNames = { run: fc.nat(0xffffffff), round: numbers };
export const orderMessages: fc.Arbitrary<OrderMessage> = fc.oneof(
  fc.record({ kind: fc.constant('vector-request' as const), ...roundNames }),
  fc.record({ kind: fc.constant('vector-reply' as const), ...roundNames, vector: vectors }),
);

const bound = fc.option(keyBytes, { nil: undefined });
const keyRanges = fc.record({ after: bound, last: bound });
export const auditMessages: fc.Arbitrary<AuditMessage> = fc.oneof(
  fc.record({
    kind: fc.constant('audit-hash' as const),
    vector: vectors,
    range: keyRanges,
    hash: fc.string({ maxLength: 20 }),
  }),
  fc.record({
    kind: fc.constant('audit-records' as const),
    vector: vectors,
    range: keyRanges,
    entries,
    wantReply: flags,
  }),
);

export const memberIds = origins.filter((origin) => origin !== LOG_ORIGIN);
const memberLists = fc.uniqueArray(memberIds, { maxLength: 4 }).map((members) => members.sort());
export const configurations: fc.Arbitrary<Configuration> = fc.record({
  voters: memberLists,
  outgoing: memberLists,
  learners: memberLists,
});
export const snapshotMetas: fc.Arbitrary<SnapshotMeta> = fc.record({
  index: numbers,
  term: numbers,
  configuration: configurations,
  sizeBytes: numbers.map((size) => Math.max(1, size)),
  checksum: fc.nat(0xffffffff),
});
/** An entry at `index`. */
export function entriesAt(index: number): fc.Arbitrary<Entry> {
  return fc.oneof(
    fc.record({ kind: fc.constant('command' as const), index: fc.constant(index), term: numbers, bytes: payloads }),
    fc.record({
      kind: fc.constant('configuration' as const),
      index: fc.constant(index),
      term: numbers,
      configuration: configurations,
    }),
    fc.record({ kind: fc.constant('empty' as const), index: fc.constant(index), term: numbers }),
  );
}
const logEntries = fc
  .tuple(fc.nat(2 ** 40), fc.nat(4))
  .chain(([previousIndex, count]) =>
    fc.tuple(
      fc.constant(previousIndex),
      fc.tuple(...Array.from({ length: count }, (_, i) => entriesAt(previousIndex + 1 + i))),
    ),
  );
/** Who sends what `raftMessages` draws: the envelope says so, the message does not. */
export const RAFT_SENDER = makeOrigin(parseReplicaId('r1'), 1);
const sessions = fc.nat(0xffffffff);
const raftStem = { from: fc.constant(RAFT_SENDER), to: memberIds, term: numbers };
type RaftParts<K extends Message['kind']> = Omit<
  Extract<Message, { readonly kind: K }>,
  'kind' | keyof typeof raftStem
>;
function ofRaft<const K extends Message['kind']>(
  kind: K,
  parts: { readonly [P in keyof RaftParts<K>]: fc.Arbitrary<RaftParts<K>[P]> },
): fc.Arbitrary<Message> {
  return fc.record({
    kind: fc.constant(kind),
    ...raftStem,
    ...parts,
  }) as fc.Arbitrary<unknown> as fc.Arbitrary<Message>;
}
export const raftMessages: fc.Arbitrary<Message> = fc.oneof(
  ofRaft('pre-vote-request', { lastIndex: numbers, lastTerm: numbers }),
  ofRaft('pre-vote-answer', { granted: flags, removedAt: fc.option(fc.integer({ min: 1 }), { nil: undefined }) }),
  ofRaft('vote-request', { lastIndex: numbers, lastTerm: numbers, transfer: flags }),
  ofRaft('vote-answer', { granted: flags }),
  fc
    .tuple(fc.record({ ...raftStem, previousTerm: numbers, commit: numbers }), logEntries)
    .map(([stem, [previousIndex, list]]) => ({ kind: 'append' as const, ...stem, previousIndex, entries: list })),
  ofRaft('append-accepted', { matched: numbers }),
  ofRaft('append-rejected', { previousIndex: numbers, hintIndex: numbers, hintTerm: numbers }),
  ofRaft('heartbeat', { commit: numbers, round: numbers }),
  ofRaft('commit-news', { commit: numbers }),
  ofRaft('heartbeat-answer', { round: numbers }),
  ofRaft('snapshot-chunk', { snapshot: snapshotMetas, offset: numbers, bytes: payloads }),
  ofRaft('snapshot-wanted', { snapshot: snapshotMetas, offset: numbers }),
  ofRaft('handover', {}),
  ofRaft('forwarded-proposals', {
    session: sessions,
    batch: numbers,
    commands: fc.array(payloads, { maxLength: 4 }),
  }),
  ofRaft('proposals-answer', {
    session: sessions,
    batch: numbers,
    appended: fc.option(fc.record({ firstIndex: numbers, term: numbers }), { nil: undefined }),
  }),
  ofRaft('read-request', { session: sessions, context: numbers }),
  ofRaft('read-answer', { session: sessions, context: numbers, index: numbers }),
);

const versionStem = { dot: dots, hlc: stamps, deps: vectors, seen: numbers, twins: fc.array(dots, { maxLength: 3 }) };
export const versions: fc.Arbitrary<Version> = fc.oneof(
  fc.record({ kind: fc.constant('value' as const), ...versionStem, contentType: texts, bytes: payloads }),
  fc.record({ kind: fc.constant('tombstone' as const), ...versionStem }),
);
export const records: fc.Arbitrary<readonly Version[]> = fc.array(versions, { minLength: 1, maxLength: 3 });

const ops: fc.Arbitrary<GroupOp> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key: keys, seen: numbers, contentType: texts, bytes: payloads }),
  fc.record({ kind: fc.constant('delete' as const), key: keys, seen: numbers }),
);
export const bodies: fc.Arbitrary<GroupBody> = fc.record({
  retry: fc.option(
    fc.record({ key: fc.string({ minLength: 1, maxLength: 128 }), fingerprint: fc.string({ maxLength: 16 }) }),
    { nil: undefined },
  ),
  ops: fc.array(ops, { minLength: 1, maxLength: 5 }),
});

export const retryEntries: fc.Arbitrary<RetryEntry> = fc.record({
  fingerprint: fc.string({ maxLength: 16 }),
  dot: dots,
  hlc: stamps,
  deps: vectors,
  twins: fc.array(dots, { maxLength: 3 }),
});

export const storedStates: fc.Arbitrary<StoredState> = fc.record({
  vector: vectors,
  floor: vectors,
  forgotten: vectors,
  hlc: stamps,
  installTarget: fc.option(vectors, { nil: undefined }),
  liveKeys: numbers,
});

/** A varuint no input is long enough for. */
export const HUGE = 2 ** 40;
export const TOO_MANY_ENTRIES = LIMITS.vectorMaxEntries + 1;

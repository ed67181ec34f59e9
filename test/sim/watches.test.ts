/** Those who look on in a simulated cluster say so when something is wrong: each is shown what it must not let pass. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../src/base/bytes.js';
import { makeOrigin, parseReplicaId } from '../../src/base/ids.js';
import type { Dot } from '../../src/clocks/dot.js';
import { HLC_ZERO } from '../../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { Entry } from '../../src/consensus/entry.js';
import { encodeBody, type GroupOp } from '../../src/keyspace/group-body.js';
import type { Version } from '../../src/keyspace/version.js';
import type { StorageWrite } from '../../src/ports/storage.js';
import { encodeHead, encodeRecord, entryKey, HEAD_KEY } from '../../src/replica/order/raft-rows.js';
import { EMPTY_STATE, readState, stateWrite } from '../../src/replica/stored-state.js';
import { sealGroup } from '../../src/replication/write-group.js';
import { CoordinationWatch } from '../../src/sim/watch/coordination.js';
import { DiskWatch } from '../../src/sim/watch/disk-watch.js';
import { Ledger } from '../../src/sim/watch/ledger.js';
import { LogWatch } from '../../src/sim/watch/log-watch.js';
import { SessionPast } from '../../src/sim/watch/sessions.js';
import { UniquenessWatch } from '../../src/sim/watch/uniqueness.js';
import { SimDisk } from '../../src/sim/world/disk.js';

const [R1, R2] = [parseReplicaId('r1'), parseReplicaId('r2')];
const [A, B] = [makeOrigin(R1, 1), makeOrigin(R2, 1)];
const { EMPTY } = VersionVector;

function watched() {
  const broken: string[] = [];
  const fail = (rule: string) => void broken.push(rule);
  const ledger = new Ledger(fail);
  const logs = new LogWatch(fail);
  const open = (id = R1) => {
    const disk = new SimDisk();
    new DiskWatch({ id, disk, ledger, logs, fail });
    return disk;
  };
  return { broken, fail, ledger, logs, open };
}

function putGroup(dot: Dot, deps: VersionVector, key: string, text: string) {
  const op: GroupOp = { kind: 'put', key, seen: 0, contentType: 't', bytes: utf8Encode(text) };
  return sealGroup(dot, HLC_ZERO, deps, encodeBody({ retry: undefined, ops: [op] }));
}

function versionOf(dot: Dot, deps: VersionVector, text: string): Version {
  return { kind: 'value', dot, hlc: HLC_ZERO, deps, seen: 0, twins: [], contentType: 't', bytes: utf8Encode(text) };
}

describe('the ledger', () => {
  const first = { origin: A, counter: 1 };
  const second = { origin: B, counter: 1 };
  const afterFirst = EMPTY.with(first);

  it('sees a dot that names two groups', () => {
    const { broken, ledger } = watched();
    ledger.note(putGroup(first, EMPTY, 'k', 'a').encoded);
    ledger.note(putGroup(first, EMPTY, 'k', 'a').encoded);
    expect(broken).toEqual([]);
    ledger.note(putGroup(first, EMPTY, 'k', 'b').encoded);
    expect(broken).toEqual(['dot-names-one-group']);
  });

  it('sees a value that nobody wrote', () => {
    const { broken, ledger } = watched();
    ledger.note(putGroup(first, EMPTY, 'k', 'a').encoded);
    ledger.checkShown({ key: 'k', versions: [versionOf(first, EMPTY, 'a')] }, 'c1');
    expect(broken).toEqual([]);
    ledger.checkShown({ key: 'k', versions: [versionOf(first, EMPTY, 'b')] }, 'c1');
    ledger.checkShown({ key: 'k', versions: [versionOf(second, EMPTY, 'a')] }, 'c1');
    expect(broken).toEqual(['nothing-out-of-thin-air', 'nothing-out-of-thin-air']);
  });

  it('sees a session that is shown less than it saw, and takes what came after for it', () => {
    const { broken, ledger } = watched();
    ledger.note(putGroup(first, EMPTY, 'k', 'a').encoded);
    ledger.note(putGroup(second, afterFirst, 'k', 'b').encoded);
    const later = { key: 'k', versions: [versionOf(second, afterFirst, 'b')] };
    const session = new SessionPast(ledger, 'c1');
    session.read([later], session.vector, 'read');
    session.read([later], session.vector, 'read');
    expect(broken).toEqual([]);
    session.read([{ key: 'k', versions: [versionOf(first, EMPTY, 'a')] }], session.vector, 'read');
    session.read([{ key: 'k', versions: [] }], session.vector, 'read');
    expect(broken).toEqual(['session-sees-its-past', 'session-sees-its-past', 'session-sees-its-past']);
  });

  it('sees half of what one moment shows of two keys', () => {
    const { broken, ledger } = watched();
    ledger.note(putGroup(first, EMPTY, 'question', 'why?').encoded);
    ledger.note(putGroup(second, afterFirst, 'answer', 'because').encoded);
    const session = new SessionPast(ledger, 'c1');
    const answer = { key: 'answer', versions: [versionOf(second, afterFirst, 'because')] };
    session.read([answer, { key: 'question', versions: [] }], session.vector, 'readMany');
    expect(broken).toEqual(['session-sees-its-past']);
  });

  it('says what must be left: what no other write had in its past', () => {
    const { ledger } = watched();
    ledger.note(putGroup(first, EMPTY, 'k', 'a').encoded);
    ledger.note(putGroup(second, EMPTY, 'k', 'b').encoded);
    const all = EMPTY.with(first).with(second);
    expect(ledger.survivors(all)).toEqual(new Map([['k', `${A}.1 | ${B}.1`]]));
    const third = { origin: A, counter: 2 };
    ledger.note(putGroup(third, all, 'k', 'c').encoded);
    expect(ledger.survivors(all.with(third))).toEqual(new Map([['k', `${A}.2`]]));
    expect(ledger.survivors(EMPTY.with(first))).toEqual(new Map([['k', `${A}.1`]]));
  });

  it('sees an effect that is delivered before its cause, and a vector that shrinks', () => {
    const { broken, ledger, open } = watched();
    const disk = open();
    ledger.note(putGroup(first, EMPTY, 'k', 'a').encoded);
    ledger.note(putGroup(second, afterFirst, 'k', 'b').encoded);
    disk.apply([stateWrite({ ...EMPTY_STATE, vector: EMPTY.with(second) })]);
    expect(broken).toEqual(['causes-before-effects']);
    disk.apply([stateWrite({ ...EMPTY_STATE, vector: afterFirst })]);
    expect(broken).toEqual(['causes-before-effects', 'vectors-only-grow']);
  });
});

describe('who watches the logs', () => {
  const entry = (index: number, term: number, text: string): Entry => {
    return { kind: 'command', index, term, bytes: utf8Encode(text) };
  };
  const row = (one: Entry): StorageWrite => {
    return { kind: 'put', table: 'log', key: entryKey(one.index), value: encodeRecord(one, 0, 0) };
  };
  const head = (term: number, votedFor: typeof A | undefined, commit: number, lastIndex: number): StorageWrite => {
    return {
      kind: 'put',
      table: 'log',
      key: HEAD_KEY,
      value: encodeHead({ hardState: { term, votedFor, commit }, lastIndex }),
    };
  };
  const stem = { from: A, to: B, term: 2 };

  it('sees two votes in a term, and a term that falls', () => {
    const { broken, open } = watched();
    const disk = open();
    disk.apply([head(2, A, 0, 0)]);
    disk.apply([head(3, B, 0, 0)]);
    expect(broken).toEqual([]);
    disk.apply([head(3, A, 0, 0)]);
    disk.apply([head(2, A, 0, 0)]);
    expect(broken).toEqual(['one-vote-a-term', 'terms-only-grow']);
  });

  it('sees entries that differ under one name, and a committed one that is replaced', () => {
    const { broken, open } = watched();
    const [one, other] = [open(R1), open(R2)];
    one.apply([row(entry(1, 1, 'a')), head(1, undefined, 1, 1)]);
    other.apply([row(entry(1, 1, 'a')), head(1, undefined, 1, 1)]);
    expect(broken).toEqual([]);
    other.apply([row(entry(1, 1, 'b')), head(1, undefined, 0, 1)]);
    expect(broken).toEqual(['logs-match']);
    other.apply([row(entry(1, 2, 'c')), head(2, undefined, 1, 1)]);
    expect(broken).toEqual(['logs-match', 'committed-stays']);
  });

  it('sees what is said before it is durable', () => {
    const { broken, logs, open } = watched();
    const disk = open();
    disk.apply([head(2, B, 0, 0)]);
    logs.sent(R1, disk, { kind: 'vote-answer', ...stem, granted: true });
    expect(broken).toEqual([]);
    logs.sent(R1, disk, { kind: 'vote-answer', ...stem, term: 3, granted: true });
    logs.sent(R1, disk, { kind: 'append-accepted', ...stem, matched: 1 });
    expect(broken).toEqual(['durable-before-said', 'durable-before-said']);
  });

  it('sees two leaders in a term, and one that lacks what was committed', () => {
    const { broken, logs, open } = watched();
    const [one, other] = [open(R1), open(R2)];
    one.apply([row(entry(1, 1, 'a')), head(1, undefined, 1, 1)]);
    const append = { kind: 'heartbeat', commit: 0, round: 0 } as const;
    logs.sent(R1, one, { ...append, ...stem });
    expect(broken).toEqual([]);
    logs.sent(R2, other, { ...append, ...stem, from: B });
    logs.sent(R2, other, { ...append, ...stem, from: B, term: 3 });
    expect(broken).toEqual(['one-leader-a-term', 'leaders-are-complete']);
  });

  it('counts the disks that hold what was acknowledged', () => {
    const { logs, open } = watched();
    const [one, other] = [open(R1), open(R2)];
    one.apply([row(entry(1, 1, 'a'))]);
    expect(logs.acknowledged(1, [one, other])).toBe(1);
    other.apply([row(entry(1, 1, 'a'))]);
    expect(logs.acknowledged(1, [one, other])).toBe(2);
  });
});

describe('a disk that is a copy of another', () => {
  it('holds what that held, whatever becomes of either, and is looked at from there on', () => {
    const { broken, ledger, logs, fail, open } = watched();
    const [A1, A2] = [EMPTY.with({ origin: A, counter: 1 }), EMPTY.with({ origin: A, counter: 2 })];
    const disk = open();
    disk.apply([stateWrite({ ...EMPTY_STATE, vector: A1 })]);
    const copy = disk.copy();
    disk.apply([stateWrite({ ...EMPTY_STATE, vector: A2 })]);
    const watch = new DiskWatch({ id: R1, disk: copy, ledger, logs, fail });
    expect(watch.vector).toEqual(A1);
    copy.apply([stateWrite({ ...EMPTY_STATE, vector: EMPTY })]);
    expect(broken).toEqual(['vectors-only-grow']);
    expect(readState(disk.reader).vector).toEqual(A2);
  });
});

describe('who watches locks, fences, sequences and claims', () => {
  const span = (invokedMs: number, answeredMs: number) => ({ invokedMs, answeredMs });

  it('sees a number given twice, and one that is less than an earlier one', () => {
    const broken: string[] = [];
    const watch = new CoordinationWatch((rule) => void broken.push(rule));
    watch.drew('s', 2, span(0, 10));
    watch.drew('s', 1, span(5, 20));
    expect(broken).toEqual([]);
    watch.drew('s', 2, span(30, 40));
    watch.drew('s', 0, span(30, 40));
    expect(broken).toEqual(['sequence-gives-once', 'sequence-only-grows', 'sequence-only-grows']);
  });

  it('sees two holders at a time, and one token given twice', () => {
    const broken: string[] = [];
    const watch = new CoordinationWatch((rule) => void broken.push(rule));
    watch.acquired('l', 5, 'a', 100, span(0, 10));
    watch.gaveUp('l', 5);
    watch.acquired('l', 8, 'b', 100, span(20, 30));
    watch.renewed('l', 8, 100, 60);
    watch.acquired('l', 9, 'c', 100, span(155, 160));
    expect(broken).toEqual([]);
    watch.acquired('l', 12, 'd', 100, span(170, 180));
    watch.acquired('l', 12, 'e', 100, span(300, 310));
    expect(broken).toEqual(['one-holder-at-a-time', 'one-holder-a-token']);
  });

  it('sees a write that passes under a token after another has taken the lock, whichever is heard of first', () => {
    const broken: string[] = [];
    const watch = new CoordinationWatch((rule) => void broken.push(rule));
    watch.took('l', 5);
    watch.passed('l', 5, 8);
    watch.took('l', 9);
    watch.passed('l', 9, 12);
    watch.took('another', 6);
    expect(broken).toEqual([]);
    watch.passed('l', 5, 9);
    watch.took('l', 11);
    expect(broken).toEqual(['a-later-holder-fences', 'a-later-holder-fences']);
  });

  it('sees a holder who is fenced off', () => {
    const broken: string[] = [];
    const watch = new CoordinationWatch((rule) => void broken.push(rule));
    watch.acquired('l', 5, 'a', 100, span(0, 10));
    watch.fenced('l', 5, 100);
    watch.fenced('l', 4, 50);
    expect(broken).toEqual([]);
    watch.fenced('l', 5, 99);
    expect(broken).toEqual(['a-holder-is-not-fenced']);
  });

  it('sees a claim with two owners', () => {
    const broken: string[] = [];
    const watch = new CoordinationWatch((rule) => void broken.push(rule));
    watch.claimed('c', 'a');
    watch.claimed('c', 'a');
    expect(broken).toEqual([]);
    watch.claimed('c', 'b');
    expect(broken).toEqual(['one-owner-a-claim']);
  });
});

describe('who watches the unique constraint', () => {
  const at = (key: string, n: number) => {
    return { key, versions: [versionOf({ origin: A, counter: n + 1 }, EMPTY, `{"n":${n}}`)] };
  };
  const twins = [at('u/0', 1), at('u/1', 1)];

  function declared() {
    const broken: string[] = [];
    const watch = new UniquenessWatch((rule) => void broken.push(rule));
    watch.shown(twins, 90, 'before');
    watch.passedWeakly('u/0', 1_000);
    watch.declared(100, 7);
    return { broken, watch };
  }

  it('sees one value at two keys, once it is declared', () => {
    const { broken, watch } = declared();
    watch.shown(twins, 99, 'a read that began before');
    watch.shown([at('u/0', 1), at('u/1', 2), at('k0', 1)], 101, 'a read');
    expect(broken).toEqual([]);
    watch.shown(twins, 101, 'a read');
    expect(broken).toEqual(['one-key-a-value']);
  });

  it('sees a weaker write that a replica takes which knows the constraint', () => {
    const { broken, watch } = declared();
    watch.passedWeakly('u/0', 6);
    expect(broken).toEqual([]);
    watch.passedWeakly('u/0', 7);
    expect(broken).toEqual(['weaker-writes-stay-out']);
  });

  it('sees a violation that names the writer itself, or a key of somewhere else', () => {
    const { broken, watch } = declared();
    watch.refused(['u/0'], 'u/1');
    watch.refused(['u/0', 'u/1'], 'u/1');
    expect(broken).toEqual([]);
    watch.refused(['u/0'], 'u/0');
    watch.refused(['u/0'], 'k0');
    expect(broken).toEqual(['a-violation-names-the-holder', 'a-violation-names-the-holder']);
  });
});

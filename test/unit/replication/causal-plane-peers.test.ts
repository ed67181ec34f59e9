import { describe, expect, it } from 'vitest';
import type { ReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { PlaneMessage } from '../../../src/replication/messages.js';
import { groups, PlaneSetting, page } from '../../support/plane-setting.js';
import { A, B, B2, C, digest, group, names, originOf, R1, R2, R3, stream, vector } from '../../support/plane-values.js';

const { EMPTY } = VersionVector;

describe('durability', () => {
  it('of a dot is at every member that said so, and here when it is', () => {
    const setting = new PlaneSetting();
    const { dot } = setting.issue();
    setting.receive({ kind: 'report', vector: EMPTY }, R3);
    expect(setting.plane.durableAt(dot)).toEqual([]);
    setting.persist();
    expect(setting.plane.durableAt(dot)).toEqual([R1]);
    setting.receive({ kind: 'report', vector: vector([A, 1]) }, R3);
    expect(setting.plane.durableAt(dot)).toEqual([R1, R3]);
    setting.receive(digest(EMPTY), R3, originOf(R3, 2));
    expect(setting.plane.durableAt(dot)).toEqual([R1]);
  });

  it('of peers is listed with how far they lag', () => {
    const setting = new PlaneSetting();
    setting.issue();
    setting.persist();
    setting.receive(digest(EMPTY));
    expect(
      setting.plane.peers(setting.now).map(({ replica, lagOps, reachable }) => [replica, lagOps, reachable]),
    ).toEqual([
      [R2, 1, true],
      [R3, 1, false],
    ]);
  });
});

describe('a peer that asks', () => {
  it('for groups is served what is durable here, or told that it is behind', () => {
    const setting = new PlaneSetting({ vector: vector([A, 9], [B, 3]), floor: vector([A, 4]) });
    const ask = (have: number, need: number) => {
      setting.receive({ kind: 'fetch', request: 7, ranges: [{ origin: A, have, need }] });
      return setting.plane.takeOutbox().serves;
    };
    const served = { kind: 'serve-fetch', to: R2, request: 7 };
    expect(ask(4, 20)).toEqual([{ ...served, ranges: [{ origin: A, have: 4, need: 9 }], behind: false }]);
    expect(ask(3, 9)).toEqual([{ ...served, ranges: [{ origin: A, have: 3, need: 9 }], behind: true }]);
    expect(ask(9, 12)).toEqual([{ ...served, ranges: [], behind: false }]);
  });

  it('for a snapshot is served one, but never half of one', () => {
    const cursor = { table: 'keyspace', after: undefined } as const;
    const whole = new PlaneSetting();
    whole.receive({ kind: 'snapshot-fetch', session: 5, cursor });
    expect(whole.plane.takeOutbox().serves).toEqual([{ kind: 'serve-snapshot', to: R2, session: 5, cursor }]);
    const half = new PlaneSetting({ installing: true });
    half.receive({ kind: 'snapshot-fetch', session: 5, cursor });
    const { sends, serves } = half.plane.takeOutbox();
    expect(serves).toEqual([]);
    expect(sends[0]).toEqual({ to: R2, message: { kind: 'snapshot-gone', session: 5 } });
  });
});

describe('a snapshot install', () => {
  /** Behind r2, which has forgotten everything up to `[B, 5]`. */
  function behind(): { setting: PlaneSetting; session: number } {
    const setting = new PlaneSetting();
    setting.receive(digest(vector([B, 5]), { floor: vector([B, 5]) }));
    setting.tick();
    setting.tick(LIMITS.gapRepairDelayMs);
    const fetch = setting.plane.takeOutbox().sends.find(({ message }) => message.kind === 'fetch')?.message;
    const request = fetch?.kind === 'fetch' ? fetch.request : -1;
    const floor = vector([B, 5]);
    setting.receive({ kind: 'fetched', request, vector: floor, floor, behind: true, groups: [] });
    const ask = setting.plane.takeOutbox().sends[0]?.message;
    return { setting, session: ask?.kind === 'snapshot-fetch' ? ask.session : -1 };
  }

  it('begins when a fetch is answered that it begins below the floor', () => {
    const { setting, session } = behind();
    expect(session).toBeGreaterThanOrEqual(0);
    expect(setting.plane.installing).toBe(true);
  });

  it('is awaited by two of each other: the one with the lesser name serves, until it has begun to merge', () => {
    const { setting, session } = behind();
    const asked = () => {
      setting.receive({ kind: 'snapshot-fetch', session: 7, cursor: { table: 'keyspace', after: undefined } });
      const { sends, serves } = setting.plane.takeOutbox();
      return [...serves, ...sends.map(({ message }) => message)].map(({ kind }) => kind);
    };
    expect(asked()).toEqual(['serve-snapshot']);
    setting.receive(page(session, vector([B, 5]), { next: { table: 'keyspace', after: new Uint8Array([1]) } }));
    setting.persist();
    setting.sent();
    expect(asked()).toEqual(['snapshot-gone']);
    setting.receive({ kind: 'snapshot-fetch', session: 7, cursor: { table: 'keyspace', after: new Uint8Array([1]) } });
    expect(setting.plane.takeOutbox().serves).toMatchObject([{ kind: 'serve-snapshot', session: 7 }]);
  });

  it('that nobody serves is given up before it has begun to merge, and fetching goes on', () => {
    const { setting, session } = behind();
    setting.receive({ kind: 'snapshot-gone', session });
    setting.tick(LIMITS.peerTimeoutMs);
    expect(setting.plane.installing).toBe(false);
    setting.receive(digest(vector([B, 5]), { floor: vector([B, 5]) }));
    setting.tick();
    setting.tick(LIMITS.gapRepairDelayMs);
    expect(setting.sent()).toContain('fetch to r2');
  });

  it('does not begin when what the peer has dropped has come meanwhile by another way', () => {
    const setting = new PlaneSetting();
    setting.receive(digest(vector([B, 1])));
    setting.tick();
    setting.tick(LIMITS.gapRepairDelayMs);
    const fetch = setting.plane.takeOutbox().sends.find(({ message }) => message.kind === 'fetch')?.message;
    setting.receive(groups(stream(B, 1, 1)));
    setting.persist();
    const request = fetch?.kind === 'fetch' ? fetch.request : -1;
    const floor = vector([B, 1]);
    setting.receive({ kind: 'fetched', request, vector: floor, floor, behind: true, groups: [] });
    expect(setting.plane.installing).toBe(false);
  });

  it('delivers local writes and holds back those of peers until it is complete', () => {
    const { setting, session } = behind();
    setting.receive(groups([group(C, 1)]), R3);
    setting.receive(page(session, vector([B, 5], [C, 1])));
    setting.receive(groups([group(B, 6)]));
    setting.issue();
    const batch = setting.plane.nextBatch();
    expect(names(batch?.deliveries ?? [])).toEqual(['r1.1']);
    expect(batch?.install).toMatchObject({ own: EMPTY, first: true, last: true });
    expect(batch?.vector).toEqual(vector([A, 1], [B, 5], [C, 1]));
    expect(batch?.trim?.floor).toEqual(vector([B, 5], [C, 1]));
    expect(setting.plane.installing).toBe(true);
    setting.plane.persisted(setting.now);
    expect(setting.plane.installing).toBe(false);
    expect(setting.plane.counters).toMatchObject({ snapshotsInstalled: 1, duplicates: 1 });
    expect(setting.persist()).toEqual(['r2.6']);
    expect(setting.buffered).toEqual(['+r2.6', '-r2.6']);
  });

  it('forgets nothing before it is complete', () => {
    const setting = new PlaneSetting({ vector: vector([A, 1]), installing: true });
    for (const afterMs of [0, LIMITS.peerTimeoutMs]) {
      setting.nowMs += afterMs;
      setting.receive(digest(vector([A, 1])), R2, B);
      setting.receive(digest(vector([A, 1])), R3, C);
    }
    setting.tick();
    expect(setting.plane.stable).toEqual(vector([A, 1]));
    expect(setting.plane.nextBatch()).toBeUndefined();
  });

  it('of a state that no vector could name is refused', () => {
    const { setting, session } = behind();
    const origins = Array.from({ length: LIMITS.vectorMaxEntries }, (_, n) => [originOf(R3, n), 1] as const);
    setting.receive(page(session, vector([B, 5], ...origins)));
    expect(setting.plane.nextBatch()).toBeUndefined();
  });
});

describe('an old copy of the data', () => {
  const told: readonly (readonly [string, PlaneMessage])[] = [
    ['a digest', digest(vector([A, 7]))],
    ['a group', groups([group(A, 7)])],
    ['a report', { kind: 'report', vector: vector([A, 7]) }],
  ];

  it.each(told)('is noticed by %s with a counter of our own that we never gave', (_, message) => {
    const setting = new PlaneSetting({ vector: vector([A, 6]) });
    expect(setting.plane.restored).toBeUndefined();
    setting.issue();
    setting.receive(message);
    expect(setting.plane.restored).toBe(7);
  });

  it('says, persists and serves nothing any more', () => {
    const setting = new PlaneSetting({ vector: vector([A, 6]) });
    setting.issue();
    setting.receive(digest(vector([A, 7]), { wantReply: true }));
    setting.receive({ kind: 'fetch', request: 1, ranges: [{ origin: A, have: 0, need: 6 }] });
    setting.tick();
    setting.plane.connected(setting.now);
    expect(setting.plane.takeOutbox()).toEqual({ sends: [], serves: [] });
    expect(setting.plane.nextBatch()).toBeUndefined();
  });

  it('is not suspected when a peer has all we have', () => {
    const setting = new PlaneSetting({ vector: vector([A, 6]) });
    setting.receive(digest(vector([A, 6])));
    setting.receive(groups([group(A, 6)]));
    expect(setting.plane.restored).toBeUndefined();
    expect(setting.plane.counters.duplicates).toBe(1);
  });
});

describe('a lost incarnation', () => {
  it('leaves nothing to wait for once every member has spoken long enough after it', () => {
    const setting = new PlaneSetting();
    setting.receive(groups([group(B, 2), group(B, 4)]));
    setting.receive(digest(EMPTY), R2, B2);
    setting.receive(digest(EMPTY), R3);
    setting.tick();
    expect(setting.plane.counters.lostIncarnationGroups).toBe(0);
    setting.nowMs += LIMITS.peerTimeoutMs;
    setting.receive(digest(EMPTY), R2, B2);
    setting.tick();
    expect(setting.plane.counters.lostIncarnationGroups).toBe(0);
    setting.receive(digest(EMPTY), R3);
    setting.tick();
    expect(setting.plane.counters.lostIncarnationGroups).toBe(2);
    expect(setting.plane.buffered).toBe(0);
  });

  it('is not given up while a member has what is missing, or it waits here itself', () => {
    const setting = new PlaneSetting();
    setting.receive(groups([group(B, 1, vector([C, 2])), group(C, 2)]));
    setting.receive(digest(EMPTY), R2, B2);
    setting.receive(digest(vector([C, 1])), R3, originOf(R3, 2));
    setting.nowMs += LIMITS.peerTimeoutMs;
    setting.receive(digest(EMPTY), R2, B2);
    setting.receive(digest(vector([C, 1])), R3, originOf(R3, 2));
    setting.tick();
    expect(setting.plane.counters.lostIncarnationGroups).toBe(0);
    expect(setting.plane.buffered).toBe(2);
  });
});

describe('a new incarnation', () => {
  it('has joined when it has what a member had', () => {
    const setting = new PlaneSetting();
    expect(setting.plane.joined).toBe(false);
    setting.receive(digest(vector([B, 1])));
    expect(setting.plane.joined).toBe(false);
    setting.receive(groups([group(B, 1)]));
    setting.persist();
    expect(setting.plane.joined).toBe(true);
    expect(new PlaneSetting({ vector: vector([A, 1]) }).plane.joined).toBe(true);
  });

  it('of a replica that is no member is a broken invariant', () => {
    expect(() => new PlaneSetting({}, originOf('r9' as ReplicaId))).toThrow('not a member');
  });
});

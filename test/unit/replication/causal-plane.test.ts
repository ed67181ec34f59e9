import { describe, expect, it } from 'vitest';
import { LOG_ORIGIN, type ReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { PlaneMessage } from '../../../src/replication/messages.js';
import { groups, PlaneSetting } from '../../support/plane-setting.js';
import { A, A2, B, B2, C, digest, group, names, originOf, R2, R3, stream, vector } from '../../support/plane-values.js';

const { EMPTY } = VersionVector;

describe('a local write', () => {
  it('gets the next counter, a stamp above all before, and the past it was given', () => {
    const setting = new PlaneSetting({ vector: vector([A, 4], [B, 2]) });
    const first = setting.issue(vector([B, 1]));
    const second = setting.issue();
    expect([first.dot.counter, second.dot.counter]).toEqual([5, 6]);
    expect(first.deps).toEqual(vector([B, 1]));
    expect(second.hlc).toEqual({ ms: first.hlc.ms, logical: first.hlc.logical + 1 });
    expect(setting.plane.applied).toEqual(vector([A, 6], [B, 2]));
    expect(setting.plane.durable).toEqual(vector([A, 4], [B, 2]));
  });

  it('has everything that was forgotten here in its past', () => {
    const forgotten = vector([A, 3], [B, 2]);
    const setting = new PlaneSetting({ vector: vector([A, 4], [B, 2]), floor: forgotten, forgotten });
    expect(setting.issue(EMPTY).deps.includes(forgotten)).toBe(true);
  });

  it('with a past that is not here is a broken invariant, unless a snapshot is being installed', () => {
    expect(() => new PlaneSetting().issue(vector([B, 1]))).toThrow('depends on what is not here');
    expect(new PlaneSetting({ installing: true }).issue(vector([B, 1])).deps).toEqual(vector([B, 1]));
  });

  it('while a batch is outstanding is a broken invariant', () => {
    const setting = new PlaneSetting();
    setting.issue();
    setting.plane.nextBatch();
    expect(() => setting.issue()).toThrow('while a batch is outstanding');
  });

  it('is delivered before anything of peers in the same batch', () => {
    const setting = new PlaneSetting();
    setting.receive(groups(stream(B, 1, 2)));
    setting.issue();
    expect(setting.persist()).toEqual(['r1.1', 'r2.1', 'r2.2']);
  });

  it('leaves a quarter of each batch to what peers wrote', () => {
    const setting = new PlaneSetting();
    setting.receive(groups(stream(B, 1, LIMITS.turnMaxGroups)));
    for (let n = 0; n < LIMITS.turnMaxGroups; n += 1) setting.issue();
    expect(setting.persist().length).toBe(LIMITS.turnMaxGroups * 1.25);
    expect(setting.persist().length).toBe(LIMITS.turnMaxGroups * 0.75);
  });
});

describe('a batch', () => {
  it('is one at a time', () => {
    const setting = new PlaneSetting();
    setting.issue();
    expect(setting.plane.nextBatch()).toBeDefined();
    expect(setting.plane.nextBatch()).toBeUndefined();
    setting.plane.persisted(setting.now);
    expect(setting.plane.nextBatch()).toBeUndefined();
    expect(() => setting.plane.persisted(setting.now)).toThrow('persisted without a batch');
  });

  it('carries the vector and the clock that are true after it', () => {
    const setting = new PlaneSetting();
    const own = setting.issue();
    setting.receive(groups([group(B, 1)]));
    const batch = setting.plane.nextBatch();
    expect(batch?.vector).toEqual(vector([A, 1], [B, 1]));
    expect(batch?.hlc).toEqual(own.hlc);
    expect(setting.plane.durable).toEqual(EMPTY);
    setting.plane.persisted(setting.now);
    expect(setting.plane.durable).toEqual(vector([A, 1], [B, 1]));
  });
});

describe('what is said', () => {
  it('is nothing of a write before it is durable', () => {
    const setting = new PlaneSetting();
    setting.issue();
    setting.plane.connected(setting.now);
    setting.plane.nextBatch();
    const [send] = setting.plane.takeOutbox().sends;
    expect(send?.message.kind === 'digest' && send.message.vector).toEqual(EMPTY);
    setting.plane.persisted(setting.now);
    expect(setting.sent()).toEqual(['groups to all']);
  });

  it('is a report, once, when groups are durable that a client of a peer waits for', () => {
    const setting = new PlaneSetting();
    setting.receive(groups(stream(B, 1, 1), EMPTY, true));
    setting.sent();
    const batch = setting.plane.nextBatch();
    expect(batch?.deliveries.length).toBe(1);
    expect(setting.sent()).toEqual([]);
    setting.plane.persisted(setting.now);
    expect(setting.sent()).toEqual(['report to all']);
    setting.receive(groups(stream(B, 2, 2)));
    setting.persist();
    expect(setting.sent()).toEqual([]);
  });

  it('is a report at the next tick when the groups were durable already', () => {
    const setting = new PlaneSetting({ vector: vector([B, 1]) });
    setting.tick();
    setting.receive(groups(stream(B, 1, 1), EMPTY, true));
    setting.sent();
    setting.tick();
    expect(setting.sent()).toEqual(['report to all']);
  });

  it('is that the client waits, in the announcement', () => {
    const setting = new PlaneSetting();
    setting.issue(EMPTY, true);
    setting.persist();
    expect(setting.plane.takeOutbox().sends[0]?.message).toMatchObject({ kind: 'groups', wantReport: true });
  });

  it('is no report where groups of our own leave, which say the same', () => {
    const setting = new PlaneSetting();
    setting.receive(groups(stream(B, 1, 1), EMPTY, true));
    setting.issue();
    setting.sent();
    setting.persist();
    expect(setting.sent()).toEqual(['groups to all']);
    setting.tick();
    expect(setting.sent()).not.toContain('report to all');
  });

  it('is gathered for a moment after the last groups, unless a client waits for a report', () => {
    const setting = new PlaneSetting();
    setting.issue();
    setting.persist();
    expect(setting.sent()).toEqual(['groups to all']);
    setting.issue();
    setting.persist();
    expect(setting.plane.hasMore).toBe(true);
    expect(setting.sent()).toEqual([]);
    setting.nowMs += LIMITS.gatherMs;
    setting.issue();
    setting.persist();
    expect(setting.plane.takeOutbox().sends).toMatchObject([{ message: { groups: [{}, {}], wantReport: false } }]);
    expect(setting.plane.hasMore).toBe(false);
    setting.issue(EMPTY, true);
    setting.persist();
    expect(setting.sent()).toEqual(['groups to all']);
  });

  it('is never a vector before the groups that it names', () => {
    const setting = new PlaneSetting();
    const write = () => {
      setting.issue();
      setting.persist();
    };
    write();
    setting.sent();
    write();
    setting.receive(digest(EMPTY, { wantReply: true }));
    expect(setting.sent()).toEqual(['groups to all', 'digest to r2']);
    write();
    setting.plane.requestDigests(setting.now);
    expect(setting.sent()).toEqual(['groups to all', 'digest to all']);
    write();
    setting.plane.requestDigests(setting.now);
    expect(setting.sent()).toEqual(['groups to all']);
    write();
    setting.plane.publish();
    expect(setting.sent()).toEqual(['groups to all']);
  });

  it('is a report to who asks while something is on its way to storage, when it has come there', () => {
    const setting = new PlaneSetting();
    setting.receive(digest(EMPTY));
    setting.receive(groups(stream(B, 1, 1)));
    setting.sent();
    setting.receive(digest(EMPTY, { wantReply: true }));
    expect(setting.sent()).toEqual(['digest to r2']);
    setting.persist();
    expect(setting.sent()).toEqual(['report to all']);
    setting.receive(groups(stream(B, 2, 2)));
    setting.persist();
    expect(setting.sent()).toEqual([]);
  });

  it('is a digest to a peer that asks, that is new, or that lost its data', () => {
    const setting = new PlaneSetting();
    setting.receive(digest(EMPTY));
    expect(setting.sent()).toEqual(['digest to r2']);
    setting.receive(digest(EMPTY));
    expect(setting.sent()).toEqual([]);
    setting.receive(digest(EMPTY, { wantReply: true }));
    expect(setting.sent()).toEqual(['digest to r2']);
    setting.receive(digest(EMPTY), R2, B2);
    expect(setting.sent()).toEqual(['digest to r2']);
  });

  it('is a request for digests, at most every 20 ms', () => {
    const setting = new PlaneSetting();
    setting.plane.requestDigests(setting.now);
    setting.plane.requestDigests(setting.now);
    expect(setting.plane.takeOutbox().sends).toMatchObject([{ to: 'all', message: { wantReply: true } }]);
    setting.plane.requestDigests(setting.now);
    expect(setting.sent()).toEqual([]);
    setting.nowMs += LIMITS.digestRequestIntervalMs;
    setting.plane.requestDigests(setting.now);
    expect(setting.sent()).toEqual(['digest to all']);
  });

  it('says of whom something is here that is not durable: waiting, ready, or being persisted', () => {
    const setting = new PlaneSetting();
    const holding = () => {
      setting.plane.connected(setting.now);
      const sends = setting.plane.takeOutbox().sends;
      return sends.flatMap(({ message }) => (message.kind === 'digest' ? [message.holding] : []));
    };
    expect(holding()).toEqual([[]]);
    setting.receive(groups([group(B, 2), group(C, 1)]));
    expect(holding()).toEqual([[B, C]]);
    setting.persist();
    expect(holding()).toEqual([[B]]);
    setting.receive(groups([group(B, 1)]));
    expect(holding()).toEqual([[B]]);
    setting.plane.nextBatch();
    expect(holding()).toEqual([[B]]);
    setting.plane.persisted(setting.now);
    expect(holding()).toEqual([[]]);
  });
});

describe('what is refused, and counted', () => {
  it('are messages of strangers and groups of strangers', () => {
    const setting = new PlaneSetting();
    setting.receive(groups([group(B, 1)]), 'r9' as ReplicaId);
    setting.receive(groups([group(originOf('r9' as ReplicaId), 1)]));
    expect(setting.plane.counters.refused).toBe(2);
    expect(setting.persist()).toEqual([]);
  });

  it('are groups that cannot be: of counter 0, or in their own past', () => {
    const setting = new PlaneSetting();
    setting.receive(groups([group(B, 0), group(B, 1, vector([B, 1])), group(B, 2, vector([B, 5]))]));
    expect(setting.plane.counters.refused).toBe(3);
  });

  it('are fetches that make no sense, and messages of an unknown kind', () => {
    const setting = new PlaneSetting();
    setting.receive({ kind: 'fetch', request: 1, ranges: [{ origin: A, have: 3, need: 2 }] });
    setting.receive({ kind: 'nonsense', vector: EMPTY } as unknown as PlaneMessage);
    expect(setting.plane.counters.refused).toBe(2);
    expect(setting.plane.takeOutbox().serves).toEqual([]);
  });

  it('is not the group of the log, or of a former incarnation', () => {
    const setting = new PlaneSetting();
    setting.receive(groups([group(LOG_ORIGIN, 1), group(B2, 1), group(A2, 1)]));
    expect(setting.persist()).toEqual(['lo.1', 'r2.1', 'r1.1']);
  });

  it('is what a former incarnation says of itself, but not the groups it sends', () => {
    const setting = new PlaneSetting();
    setting.receive(digest(EMPTY), R2, B);
    setting.receive(digest(EMPTY), R2, B2);
    setting.receive(digest(vector([B, 9])), R2, B);
    expect(setting.plane.durableAt({ origin: B, counter: 9 })).toEqual([]);
    setting.receive(groups([group(B, 1)], vector([B, 9])), R2, B);
    expect(setting.plane.durableAt({ origin: B, counter: 9 })).toEqual([]);
    expect(setting.persist()).toEqual(['r2.1']);
  });

  it('is a group that does not fit', () => {
    const setting = new PlaneSetting();
    setting.receive(groups([group(B, 2)]));
    const origins = Array.from({ length: LIMITS.vectorMaxEntries }, (_, n) => group(originOf(R3, n), 1));
    setting.receive(groups(origins));
    expect(setting.plane.counters.bufferDropped).toBe(3);
  });
});

describe('the eventual view', () => {
  it('is told of groups that wait until they are durable in the causal view', () => {
    const setting = new PlaneSetting();
    setting.receive(groups([group(B, 2)]));
    setting.receive(groups([group(B, 1)]));
    expect(setting.buffered).toEqual(['+r2.2']);
    expect(setting.plane.buffered).toBe(1);
    setting.plane.nextBatch();
    expect(names(setting.plane.bufferedGroups())).toEqual(['r2.2']);
    setting.plane.persisted(setting.now);
    expect(setting.buffered).toEqual(['+r2.2', '-r2.2']);
    expect(setting.plane.buffered).toBe(0);
  });
});

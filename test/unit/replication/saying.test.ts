import { describe, expect, it } from 'vitest';
import type { ReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { DigestSchedule } from '../../../src/replication/digest-schedule.js';
import type { GroupsMessage } from '../../../src/replication/messages.js';
import { Outbox } from '../../../src/replication/outbox.js';
import { Announcement, ReportDuty } from '../../../src/replication/publication.js';
import { Retention } from '../../../src/replication/retention.js';
import { Serving, type StoredView } from '../../../src/replication/serving.js';
import type { WriteGroup } from '../../../src/replication/write-group.js';
import { A, B, group, R1, R2, R3, stream, vector } from '../../support/plane-values.js';

const { EMPTY } = VersionVector;
const PORTRAIT = {
  vector: vector([A, 1]),
  floor: EMPTY,
  forgotten: EMPTY,
  holding: [],
  heard: [],
  members: [],
  joined: true,
};

function announce(groups: readonly WriteGroup[], durable: VersionVector): GroupsMessage[] {
  const announcement = new Announcement();
  announcement.hold(groups);
  return announcement.take(durable, 0);
}

describe('an announcement', () => {
  it('is one message for as many groups as fit', () => {
    const messages = announce(stream(A, 1, 500), vector([A, 500]));
    expect(messages.map(({ groups }) => groups.length)).toEqual([500]);
    expect(announce([], EMPTY)).toEqual([]);
  });

  it('is as many messages as the size of a message demands', () => {
    const big = new Uint8Array(LIMITS.groupMaxBytes / 2);
    const groups = [1, 2, 3].map((counter) => group(A, counter, EMPTY, big));
    const messages = announce(groups, vector([A, 3]));
    expect(messages.map((message) => message.groups.map(({ dot }) => dot.counter))).toEqual([[1, 2], [3]]);
    for (const message of messages) {
      const bytes = message.groups.reduce((sum, { encoded }) => sum + encoded.length, 0);
      expect(bytes).toBeLessThan(LIMITS.messageMaxBytes);
    }
  });

  it('takes even the largest group there is', () => {
    const largest = group(A, 1, EMPTY, new Uint8Array(LIMITS.groupMaxBytes));
    expect(announce([largest], vector([A, 1])).length).toBe(1);
  });

  it('wants a report for the message with the group that a client waits for, once', () => {
    const announcement = new Announcement();
    announcement.awaitReport(2);
    const want = (groups: readonly WriteGroup[]) => {
      announcement.hold(groups);
      return announcement.take(vector([A, 6]), 0).map(({ wantReport }) => wantReport);
    };
    expect(want(stream(A, 1, 3))).toEqual([true]);
    expect(want(stream(A, 4, 6))).toEqual([false]);
  });

  it('of what is not durable is a broken invariant', () => {
    expect(() => announce(stream(A, 1, 3), vector([A, 2]))).toThrow('published before durable');
  });

  it('is due at once after a pause, and then only when a moment has been gathered for', () => {
    const announcement = new Announcement();
    expect(announcement.isDue(1_000)).toBe(false);
    announcement.hold([group(A, 1)]);
    expect(announcement.isDue(1_000)).toBe(true);
    announcement.take(vector([A, 1]), 1_000);
    expect(announcement.isEmpty).toBe(true);
    announcement.hold([group(A, 2)]);
    announcement.hold([group(A, 3)]);
    expect(announcement.isDue(1_000 + LIMITS.gatherMs / 2)).toBe(false);
    expect(announcement.isDue(1_000 + LIMITS.gatherMs)).toBe(true);
    const messages = announcement.take(vector([A, 3]), 1_000 + LIMITS.gatherMs);
    expect(messages.map(({ groups }) => groups.map(({ dot }) => dot.counter))).toEqual([[2, 3]]);
  });

  it('is not held up where a client waits for the peers, or they hear of the groups otherwise', () => {
    const announcement = new Announcement();
    announcement.hold([group(A, 1)]);
    announcement.take(vector([A, 1]), 1_000);
    announcement.hasten();
    expect(announcement.isDue(1_000)).toBe(false);
    announcement.hold([group(A, 2)]);
    announcement.hasten();
    expect(announcement.isDue(1_000)).toBe(true);
    announcement.take(vector([A, 2]), 1_000);
    announcement.awaitReport(3);
    announcement.hold([group(A, 3)]);
    expect(announcement.isDue(1_000)).toBe(true);
  });
});

describe('a report', () => {
  it('is due when what was asked for is durable, once', () => {
    const duty = new ReportDuty();
    expect(duty.isDue(vector([A, 9]))).toBe(false);
    duty.want(stream(A, 3, 5));
    expect(duty.isDue(vector([A, 2]))).toBe(false);
    expect(duty.isDue(vector([A, 5]))).toBe(true);
    expect(duty.isDue(vector([A, 5]))).toBe(false);
  });

  it('is due again for what was asked for later', () => {
    const duty = new ReportDuty();
    duty.want([group(A, 2), group(A, 9), group(B, 1)]);
    expect(duty.isDue(vector([A, 4]))).toBe(true);
    expect(duty.isDue(vector([A, 4]))).toBe(false);
    expect(duty.isDue(vector([A, 9]))).toBe(true);
    expect(duty.isDue(vector([B, 1]))).toBe(true);
    expect(duty.isDue(vector([A, 99], [B, 99]))).toBe(false);
  });
});

describe('the schedule of digests', () => {
  it('lets a digest out at once and then on a timer with a quarter of jitter either way', () => {
    for (const [random, factor] of [
      [0, 0.75],
      [0.5, 1],
      [1, 1.25],
    ] as const) {
      const schedule = new DigestSchedule(() => random);
      const intervalMs = LIMITS.digestIntervalMs * factor;
      expect(schedule.isDue(1_000)).toBe(true);
      expect(schedule.isDue(1_000 + intervalMs - 1)).toBe(false);
      expect(schedule.isDue(1_000 + intervalMs)).toBe(true);
    }
  });

  it('starts again after a digest for another reason, which may not be asked for too often', () => {
    const schedule = new DigestSchedule(() => 0.5);
    expect(schedule.mayRequest(0)).toBe(true);
    schedule.sent(0);
    expect(schedule.isDue(LIMITS.digestIntervalMs - 1)).toBe(false);
    expect(schedule.mayRequest(LIMITS.digestRequestIntervalMs - 1)).toBe(false);
    expect(schedule.mayRequest(LIMITS.digestRequestIntervalMs)).toBe(true);
  });
});

describe('the outbox', () => {
  it('is empty when it was taken', () => {
    const outbox = new Outbox();
    outbox.digest(false);
    outbox.report();
    outbox.digestTo(R2);
    expect(outbox.take(() => PORTRAIT).sends.length).toBe(2);
    expect(outbox.take(() => PORTRAIT)).toEqual({ sends: [], serves: [] });
  });

  it('says the present when it is taken, not when it was asked', () => {
    const outbox = new Outbox();
    outbox.report();
    const [send] = outbox.take(() => ({ ...PORTRAIT, vector: vector([A, 7]) })).sends;
    expect(send?.message).toEqual({ kind: 'report', vector: vector([A, 7]) });
  });

  it('says one digest to all instead of many, and one to each that asked otherwise', () => {
    const outbox = new Outbox();
    outbox.digestTo(R3);
    outbox.digestTo(R2);
    outbox.digestTo(R3);
    expect(outbox.take(() => PORTRAIT).sends.map(({ to }) => to)).toEqual([R2, R3]);
    outbox.digestTo(R3);
    outbox.digest(true);
    outbox.digest(false);
    const { sends } = outbox.take(() => PORTRAIT);
    expect(sends).toEqual([{ to: 'all', message: { kind: 'digest', ...PORTRAIT, wantReply: true } }]);
  });

  it('keeps the last question of each kind of each peer', () => {
    const outbox = new Outbox();
    for (const request of [1, 2]) outbox.serve({ kind: 'serve-fetch', to: R2, request, ranges: [], behind: false });
    outbox.serve({ kind: 'serve-snapshot', to: R2, session: 1, cursor: { table: 'keyspace', after: undefined } });
    const { serves } = outbox.take(() => PORTRAIT);
    expect(serves.map((serve) => (serve.kind === 'serve-fetch' ? serve.request : serve.kind))).toEqual([
      2,
      'serve-snapshot',
    ]);
  });
});

describe('a snapshot', () => {
  const opens = (self: ReplicaId, to: ReplicaId, view: StoredView): boolean => {
    const outbox = new Outbox();
    const cursor = { table: 'keyspace', after: undefined } as const;
    new Serving(self, outbox, new Retention(EMPTY, EMPTY)).snapshot(
      to,
      { kind: 'snapshot-fetch', session: 1, cursor },
      view,
    );
    const { sends, serves } = outbox.take(() => PORTRAIT);
    expect(sends.length + serves.length).toBe(1);
    return serves.length === 1;
  };

  it('is given of a whole state to anybody, and of a mixture to nobody', () => {
    expect([opens(R1, R2, 'whole'), opens(R2, R1, 'whole')]).toEqual([true, true]);
    expect([opens(R1, R2, 'mixed'), opens(R2, R1, 'mixed')]).toEqual([false, false]);
  });

  it('is given by one of two that wait for each other, never by both', () => {
    expect([opens(R1, R2, 'awaiting'), opens(R2, R1, 'awaiting')]).toEqual([true, false]);
  });
});

import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { AntiEntropy } from '../../../src/replication/anti-entropy.js';
import { type BufferBounds, CausalBuffer } from '../../../src/replication/causal-buffer.js';
import { FetchRanges, servableRanges, subtractGaps } from '../../../src/replication/fetch-ranges.js';
import { HoleTable } from '../../../src/replication/hole-table.js';
import type { FetchedMessage, Outgoing } from '../../../src/replication/messages.js';
import { PeerTable } from '../../../src/replication/peer-table.js';
import { A, B, C, group, originOf, R1, R2, R3, stream, vector } from '../../support/plane-values.js';

const SILENT = { buffered: () => {}, unbuffered: () => {} };
const DELAY_MS = LIMITS.gapRepairDelayMs;

describe('a hole', () => {
  it('is fetched after a moment, up to what was known when it was noticed', () => {
    const holes = new HoleTable();
    expect(holes.due(A, 3, 10, 0)).toBe(0);
    expect(holes.due(A, 3, 20, DELAY_MS - 1)).toBe(0);
    expect(holes.due(A, 3, 20, DELAY_MS)).toBe(10);
    expect(holes.due(A, 3, 30, DELAY_MS + 5)).toBe(10);
    holes.asked(A, 10, DELAY_MS + 5);
    expect(holes.due(A, 3, 40, 2 * DELAY_MS)).toBe(10);
    expect(holes.due(A, 3, 40, 2 * DELAY_MS + 5)).toBe(30);
  });

  it('is not fetched while the stream moves on', () => {
    const holes = new HoleTable();
    for (let n = 1; n < 20; n += 1) expect(holes.due(A, n, n + 5, n * DELAY_MS)).toBe(0);
  });

  it('is fetched on without waiting once it was asked for', () => {
    const holes = new HoleTable();
    holes.due(A, 1, 100, 0);
    expect(holes.due(A, 1, 100, DELAY_MS)).toBe(100);
    holes.asked(A, 100, DELAY_MS);
    expect(holes.due(A, 41, 150, DELAY_MS + 1)).toBe(100);
    expect(holes.due(A, 101, 150, DELAY_MS + 2)).toBe(0);
  });

  it('that closed is noticed anew when it opens', () => {
    const holes = new HoleTable();
    holes.due(A, 1, 1, 0);
    expect(holes.due(A, 2, 1, DELAY_MS)).toBe(0);
    expect(holes.due(A, 1, 1, DELAY_MS)).toBe(0);
  });
});

describe('the ranges of a fetch', () => {
  it('are as many groups as one answer may bring, and no more ranges than a message may name', () => {
    const request = new FetchRanges();
    request.add(A, [{ have: 0, need: LIMITS.fetchMaxGroups - 10 }], 1e9);
    expect(request.isFull).toBe(false);
    request.add(B, [{ have: 5, need: 100 }], 1e9);
    expect(request.isFull).toBe(true);
    expect(request.ranges[1]).toEqual({ origin: B, have: 5, need: 15 });
    const many = new FetchRanges();
    many.add(
      A,
      Array.from({ length: 100 }, (_, i) => ({ have: 2 * i, need: 2 * i + 1 })),
      1e9,
    );
    expect(many.ranges.length).toBe(LIMITS.vectorMaxEntries);
    expect(many.isFull).toBe(true);
  });

  it('end where the peer has no more', () => {
    const request = new FetchRanges();
    request.add(
      A,
      [
        { have: 0, need: 4 },
        { have: 6, need: 9 },
      ],
      7,
    );
    expect(request.ranges).toEqual([
      { origin: A, have: 0, need: 4 },
      { origin: A, have: 6, need: 7 },
    ]);
  });

  it('leave out what is under way', () => {
    const under = [
      { have: 2, need: 4 },
      { have: 6, need: 12 },
    ];
    expect(subtractGaps([{ have: 0, need: 10 }], under)).toEqual([
      { have: 0, need: 2 },
      { have: 4, need: 6 },
    ]);
    expect(subtractGaps([{ have: 2, need: 4 }], under)).toEqual([]);
  });

  it('that a peer asks for are cut to what is durable, and refused if they make no sense', () => {
    const durable = vector([A, 5]);
    expect(servableRanges([{ origin: A, have: 2, need: 9 }], durable)).toEqual([{ origin: A, have: 2, need: 5 }]);
    expect(servableRanges([{ origin: A, have: 5, need: 9 }], durable)).toEqual([]);
    expect(servableRanges([{ origin: A, have: 5, need: 5 }], durable)).toBeUndefined();
    expect(servableRanges([{ origin: A, have: -1, need: 5 }], durable)).toBeUndefined();
    const tooMany = Array.from({ length: 65 }, (_, have) => ({ origin: A, have, need: have + 1 }));
    expect(servableRanges(tooMany, durable)).toBeUndefined();
  });
});

class Setting {
  readonly buffer: CausalBuffer;
  readonly peers = new PeerTable(A, [R1, R2, R3]);
  readonly antiEntropy = new AntiEntropy(() => 0);
  nowMs = 0;

  constructor(bounds?: BufferBounds) {
    this.buffer = new CausalBuffer(VersionVector.EMPTY, SILENT, bounds);
  }

  hear(replica: typeof R2, has: VersionVector): void {
    this.peers.hear({ replica, origin: originOf(replica) }, this.nowMs);
    this.peers.learn(replica, has);
  }

  plan(afterMs = 0): Outgoing[] {
    this.nowMs += afterMs;
    return this.antiEntropy.plan(this.buffer, this.peers, this.nowMs);
  }

  /** Notices what is missing, and waits for it to be due. */
  planDue(): Outgoing[] {
    this.plan();
    return this.plan(DELAY_MS);
  }
}

function ranges(sends: readonly Outgoing[]): unknown[] {
  return sends.map(({ to, message }) => [to, message.kind === 'fetch' ? message.ranges : message.kind]);
}

function answerTo(send: Outgoing | undefined, rest: Partial<FetchedMessage> = {}): FetchedMessage {
  const request = send?.message.kind === 'fetch' ? send.message.request : -1;
  const { EMPTY } = VersionVector;
  return { kind: 'fetched', request, vector: EMPTY, floor: EMPTY, behind: false, groups: [], ...rest };
}

describe('anti-entropy', () => {
  it('asks the replica that wrote a group, if it can be reached', () => {
    const setting = new Setting();
    setting.hear(R2, vector([B, 2], [C, 3]));
    setting.hear(R3, vector([B, 2], [C, 3]));
    expect(ranges(setting.planDue())).toEqual([
      [R2, [{ origin: B, have: 0, need: 2 }]],
      [R3, [{ origin: C, have: 0, need: 3 }]],
    ]);
  });

  it('asks another that has it otherwise', () => {
    const setting = new Setting();
    setting.hear(R3, vector([B, 2]));
    expect(ranges(setting.planDue())).toEqual([[R3, [{ origin: B, have: 0, need: 2 }]]]);
  });

  it('asks one that still has it in its operation log rather than the writer', () => {
    const setting = new Setting();
    setting.hear(R2, vector([B, 2]));
    setting.hear(R3, vector([B, 2]));
    setting.peers.learnFloor(R2, vector([B, 1]));
    expect(ranges(setting.planDue())).toEqual([[R3, [{ origin: B, have: 0, need: 2 }]]]);
  });

  it('asks for the holes only, and never for the same group twice at a time', () => {
    const setting = new Setting();
    for (const held of stream(B, 21, 60)) setting.buffer.offer(held);
    setting.hear(R2, vector([B, 70]));
    const expected = [
      { origin: B, have: 0, need: 20 },
      { origin: B, have: 60, need: 70 },
    ];
    expect(ranges(setting.planDue())).toEqual([[R2, expected]]);
    setting.hear(R3, vector([B, 80]));
    setting.plan(DELAY_MS);
    expect(ranges(setting.plan(DELAY_MS))).toEqual([[R3, [{ origin: B, have: 70, need: 80 }]]]);
  });

  it('has one fetch under way with each peer', () => {
    const setting = new Setting();
    setting.hear(R2, vector([B, 2]));
    expect(setting.planDue().length).toBe(1);
    setting.hear(R2, vector([B, 2], [C, 1]));
    setting.plan(DELAY_MS);
    expect(setting.plan(DELAY_MS)).toEqual([]);
  });

  it('gives up a fetch that is not answered in time, and asks another', () => {
    const setting = new Setting();
    setting.hear(R2, vector([B, 2]));
    const [lost] = setting.planDue();
    setting.hear(R3, vector([B, 2]));
    expect(setting.plan(LIMITS.fetchTimeoutMs - 1)).toEqual([]);
    expect(ranges(setting.plan(1))).toEqual([[R3, [{ origin: B, have: 0, need: 2 }]]]);
    expect(setting.antiEntropy.answered(R2, answerTo(lost), 2, setting.nowMs)).toBe('unasked');
  });

  it('goes on at once with the next page, and rests where there was nothing new', () => {
    const setting = new Setting();
    setting.hear(R2, vector([B, 10]));
    const [first] = setting.planDue();
    for (const got of stream(B, 1, 4)) setting.buffer.offer(got);
    expect(setting.antiEntropy.answered(R2, answerTo(first), 4, setting.nowMs)).toBe('groups');
    const [second] = setting.plan();
    expect(ranges([second as Outgoing])).toEqual([[R2, [{ origin: B, have: 4, need: 10 }]]]);
    expect(setting.antiEntropy.answered(R2, answerTo(second), 0, setting.nowMs)).toBe('groups');
    expect(setting.plan()).toEqual([]);
    expect(setting.plan(DELAY_MS).length).toBe(1);
  });

  it('tells apart that only a snapshot can help', () => {
    const setting = new Setting();
    setting.hear(R2, vector([B, 10]));
    const [fetch] = setting.planDue();
    expect(setting.antiEntropy.answered(R3, answerTo(fetch), 0, 0)).toBe('unasked');
    expect(setting.antiEntropy.answered(R2, answerTo(undefined), 0, 0)).toBe('unasked');
    expect(setting.antiEntropy.answered(R2, answerTo(fetch, { behind: true }), 0, 0)).toBe('behind');
  });

  it('gives every origin its turn, and first those that others wait for', () => {
    const setting = new Setting();
    const long = LIMITS.fetchMaxGroups * 3;
    setting.hear(R3, vector([B, long], [C, long]));
    const [first] = setting.planDue();
    setting.antiEntropy.answered(R3, answerTo(first), 1, setting.nowMs);
    const [second] = setting.plan();
    const origins = [first, second].map((send) => send?.message.kind === 'fetch' && send.message.ranges[0]?.origin);
    expect(new Set(origins)).toEqual(new Set([B, C]));
    setting.antiEntropy.answered(R3, answerTo(second), 1, setting.nowMs);
    setting.buffer.offer(group(B, 1, vector([C, 9])));
    const [third] = setting.plan();
    expect(third?.message.kind === 'fetch' && third.message.ranges[0]?.origin).toBe(C);
  });

  it('asks for no group of a replica that is no member, which it would refuse', () => {
    const setting = new Setting();
    setting.hear(R2, vector([originOf('r9' as typeof R2), 5]));
    expect(setting.planDue()).toEqual([]);
  });

  it('asks nobody who is silent, and everybody again after the transport was away', () => {
    const setting = new Setting();
    setting.hear(R2, vector([B, 2]));
    setting.plan();
    expect(setting.plan(LIMITS.peerTimeoutMs)).toEqual([]);
    setting.hear(R2, vector([B, 2]));
    expect(setting.plan().length).toBe(1);
    setting.antiEntropy.restart();
    expect(setting.planDue().length).toBe(1);
    expect(setting.plan(DELAY_MS)).toEqual([]);
    setting.antiEntropy.forget(R2);
    expect(setting.plan().length).toBe(1);
  });

  it('asks for no more of a stream that waits for another one when the buffer is half full', () => {
    const setting = new Setting({ maxGroups: 4, maxBytes: 1e6, maxOrigins: 3 });
    setting.hear(R2, vector([B, 9]));
    setting.hear(R3, vector([C, 9]));
    setting.buffer.offer(group(B, 1, vector([C, 5])));
    expect(ranges(setting.planDue())).toEqual([
      [R2, [{ origin: B, have: 1, need: 9 }]],
      [R3, [{ origin: C, have: 0, need: 9 }]],
    ]);
    setting.antiEntropy.restart();
    setting.buffer.offer(group(B, 2));
    expect(ranges(setting.planDue())).toEqual([[R3, [{ origin: C, have: 0, need: 9 }]]]);
  });

  it('asks for no more while delivery lags behind', () => {
    const setting = new Setting();
    for (const ready of stream(C, 1, LIMITS.turnMaxGroups * 4 + 1)) setting.buffer.offer(ready);
    setting.hear(R2, vector([B, 2]));
    expect(setting.planDue()).toEqual([]);
    setting.buffer.take(1, 1);
    expect(setting.planDue().length).toBe(1);
  });
});

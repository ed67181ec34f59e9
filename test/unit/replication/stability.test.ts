import { describe, expect, it } from 'vitest';
import type { Origin, ReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { PeerTable } from '../../../src/replication/peer-table.js';
import { countBetween, cutLongest, Retention } from '../../../src/replication/retention.js';
import { Stability } from '../../../src/replication/stability.js';
import { A, A2, B, B2, C, digest, R1, R2, R3, vector } from '../../support/plane-values.js';

class Setting {
  readonly peers = new PeerTable(A, [R1, R2, R3]);
  readonly stability = new Stability(R1);
  durable = VersionVector.EMPTY;
  nowMs = 0;

  constructor() {
    this.peers.observe(0);
  }

  /** All members have been heard, long enough ago for their words to count. */
  static underWay(): Setting {
    const setting = new Setting();
    setting.hear(R2, B, VersionVector.EMPTY);
    setting.hear(R3, C, VersionVector.EMPTY);
    return setting;
  }

  hear(replica: ReplicaId, origin: Origin, has: VersionVector, holding: readonly Origin[] = []): void {
    this.peers.hear({ replica, origin }, this.nowMs);
    this.peers.learnDigest(replica, digest(has, { holding }), this.nowMs);
    this.peers.learn(replica, has);
    this.stability.hear(replica, origin, has, this.durable);
  }

  stable(holding: readonly Origin[] = []): VersionVector {
    return this.stability.advance(this.durable, holding, this.peers, this.nowMs);
  }
}

describe('stability', () => {
  it('is what every member has said it has', () => {
    const setting = Setting.underWay();
    setting.durable = vector([A, 5]);
    setting.nowMs = LIMITS.peerTimeoutMs;
    setting.hear(R2, B, vector([A, 3]));
    expect(setting.stable()).toEqual(VersionVector.EMPTY);
    setting.hear(R3, C, vector([A, 4]));
    expect(setting.stable()).toEqual(vector([A, 3]));
  });

  it('believes a member only when everything it wrote before is here', () => {
    const setting = Setting.underWay();
    setting.durable = vector([A, 5]);
    setting.nowMs = LIMITS.peerTimeoutMs;
    setting.hear(R2, B, vector([A, 3], [B, 2]));
    setting.hear(R3, C, vector([A, 5], [B, 2]));
    expect(setting.stable()).toEqual(VersionVector.EMPTY);
    setting.durable = vector([A, 5], [B, 2]);
    expect(setting.stable()).toEqual(vector([A, 3], [B, 2]));
  });

  it('advances under a load that never lets a member catch its own latest word', () => {
    const setting = Setting.underWay();
    setting.nowMs = LIMITS.peerTimeoutMs;
    setting.hear(R3, C, vector([A, 1000], [B, 1000]));
    for (let n = 1; n <= 100; n += 1) {
      setting.durable = vector([A, n], [B, n - 1]);
      setting.hear(R2, B, vector([A, n], [B, n]), [A, C]);
    }
    expect(countBetween(VersionVector.EMPTY, setting.stable([B]))).toBeGreaterThan(100);
  });

  it('never shrinks, even when a member loses everything', () => {
    const setting = Setting.underWay();
    setting.durable = vector([A, 5]);
    setting.nowMs = LIMITS.peerTimeoutMs;
    setting.hear(R2, B, vector([A, 5]));
    setting.hear(R3, C, vector([A, 5]));
    expect(setting.stable()).toEqual(vector([A, 5]));
    setting.hear(R2, B2, VersionVector.EMPTY);
    expect(setting.stable()).toEqual(vector([A, 5]));
  });

  it('does not count what a former incarnation said for its successor', () => {
    const setting = Setting.underWay();
    setting.durable = vector([A, 5]);
    setting.hear(R2, B, vector([A, 5]));
    setting.hear(R2, B2, VersionVector.EMPTY);
    setting.nowMs = LIMITS.peerTimeoutMs;
    setting.hear(R2, B2, VersionVector.EMPTY);
    setting.hear(R3, C, vector([A, 5]));
    expect(setting.stable()).toEqual(VersionVector.EMPTY);
  });

  it('stands still while anybody holds something whose origin may have ended, whatever the holder knows of that', () => {
    const setting = new Setting();
    setting.durable = vector([A, 5]);
    setting.hear(R2, B2, vector([A, 5]));
    setting.hear(R3, C, vector([A, 5]));
    setting.nowMs = LIMITS.peerTimeoutMs;
    setting.hear(R2, B2, vector([A, 5]));
    setting.hear(R3, C, vector([A, 5]), [B]);
    expect(setting.stable()).toEqual(VersionVector.EMPTY);
    setting.hear(R3, C, vector([A, 5]));
    expect(setting.stable([B])).toEqual(VersionVector.EMPTY);
    expect(setting.stable()).toEqual(vector([A, 5]));
  });

  it('stands still until all members have the same of a former incarnation', () => {
    const setting = Setting.underWay();
    setting.nowMs = LIMITS.peerTimeoutMs;
    setting.durable = vector([A, 5], [A2, 2]);
    setting.hear(R2, B, vector([A, 5], [A2, 2]));
    setting.hear(R3, C, vector([A, 5], [A2, 1]));
    expect(setting.stable()).toEqual(VersionVector.EMPTY);
    setting.hear(R3, C, vector([A, 5], [A2, 2]));
    expect(setting.stable()).toEqual(vector([A, 5], [A2, 2]));
  });

  it('goes by the latest word on a former incarnation, also if that word does not count yet', () => {
    const setting = Setting.underWay();
    setting.nowMs = LIMITS.peerTimeoutMs;
    setting.durable = vector([A, 5], [A2, 2]);
    setting.hear(R2, B, vector([A, 5], [A2, 2]));
    setting.hear(R3, C, vector([A, 5], [A2, 2]));
    // Its own write 1 is not here, so what it says with it is not confirmed; but it has what is not here.
    setting.hear(R3, C, vector([A, 5], [A2, 3], [C, 1]));
    expect(setting.stable()).toEqual(VersionVector.EMPTY);
    setting.durable = vector([A, 5], [A2, 3], [C, 1]);
    setting.hear(R2, B, vector([A, 5], [A2, 3]));
    expect(setting.stable()).toEqual(vector([A, 5], [A2, 3]));
  });

  it('stands still until what was under way when a member, or we, began must have arrived', () => {
    const setting = new Setting();
    const all = vector([A, 5]);
    setting.durable = all;
    setting.nowMs = 10;
    setting.hear(R2, B, all);
    setting.hear(R3, C, all);
    setting.nowMs = 9 + LIMITS.peerTimeoutMs;
    setting.hear(R2, B, all);
    setting.hear(R3, C, all);
    expect(setting.stable()).toEqual(VersionVector.EMPTY);
    setting.nowMs += 1;
    setting.hear(R2, B, all);
    expect(setting.stable()).toEqual(VersionVector.EMPTY);
    setting.hear(R3, C, all);
    expect(setting.stable()).toEqual(all);
  });
});

describe('retention', () => {
  const { EMPTY } = VersionVector;

  it('forgets what is stable, at once if it is much and once in a while if it is little', () => {
    const retention = new Retention(EMPTY, EMPTY);
    const first = retention.plan(vector([A, 1]), vector([A, 9]), 0);
    expect(first).toEqual({ floor: vector([A, 1]), forgotten: vector([A, 1]) });
    expect(retention.floor).toEqual(EMPTY);
    retention.commit(first ?? { floor: EMPTY, forgotten: EMPTY });
    expect(retention.forgotten).toEqual(vector([A, 1]));
    expect(retention.plan(vector([A, 2]), vector([A, 9]), LIMITS.trimIntervalMs - 1)).toBeUndefined();
    expect(retention.plan(vector([A, 1]), vector([A, 9]), LIMITS.trimIntervalMs)).toBeUndefined();
    const much = vector([A, 1 + LIMITS.trimMinOperations]);
    expect(retention.plan(much, much, 1)?.forgotten).toEqual(much);
    expect(retention.plan(vector([A, 2]), vector([A, 9]), 1 + LIMITS.trimIntervalMs)?.forgotten).toEqual(
      vector([A, 2]),
    );
  });

  it('forgets, where there is a total order, what that has agreed; the operation log goes by what is stable', () => {
    const retention = new Retention(EMPTY, EMPTY, true);
    const durable = vector([A, 9]);
    const first = retention.plan(vector([A, 5]), durable, 0);
    expect(first).toEqual({ floor: vector([A, 5]), forgotten: EMPTY });
    retention.commit(first ?? { floor: EMPTY, forgotten: EMPTY });
    expect(retention.plan(vector([A, 5]), durable, LIMITS.trimIntervalMs)).toBeUndefined();
    retention.agree(vector([A, 4]));
    const second = retention.plan(vector([A, 5]), durable, LIMITS.trimIntervalMs);
    expect(second).toEqual({ floor: vector([A, 5]), forgotten: vector([A, 4]) });
    retention.commit(second ?? { floor: EMPTY, forgotten: EMPTY });
    expect(new Retention(vector([A, 5]), vector([A, 4]), true).forgotten).toEqual(vector([A, 4]));
    expect(retention.plan(vector([A, 5]), durable, 9 * LIMITS.trimIntervalMs)).toBeUndefined();
  });

  it('cuts the operation log of the longest origins when it is too long, and forgets nothing more for that', () => {
    const durable = vector([A, LIMITS.operationLogMaxGroups], [B, 100]);
    const trim = new Retention(EMPTY, EMPTY).plan(EMPTY, durable, 0);
    expect(trim?.forgotten).toEqual(EMPTY);
    expect(trim?.floor.get(B)).toBe(0);
    expect(countBetween(trim?.floor ?? EMPTY, durable)).toBeLessThan(LIMITS.operationLogMaxGroups);
  });

  it('levels origins down to the same length, and leaves room until the next cut', () => {
    const durable = vector([A, 100], [B, 60], [C, 5]);
    expect(cutLongest(EMPTY, durable, 165)).toBe(EMPTY);
    const floor = cutLongest(EMPTY, durable, 80);
    expect(countBetween(floor, durable)).toBeLessThanOrEqual(70);
    expect(floor).toEqual(vector([A, 68], [B, 28]));
    expect(cutLongest(vector([A, 90]), durable, 74).get(A)).toBe(90);
  });
});

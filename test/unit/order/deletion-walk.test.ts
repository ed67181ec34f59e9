/** The walk that finds deletions: when it has seen everything, and when it must begin to doubt that again. */
import { describe, expect, it } from 'vitest';
import { compareBytes, utf8Encode } from '../../../src/base/bytes.js';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import type { StateEntry } from '../../../src/base/state-table.js';
import { HLC_ZERO } from '../../../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { encodeRecord } from '../../../src/keyspace/key-record.js';
import { DeletionWalk } from '../../../src/replica/order/deletion-walk.js';

/** Two pages of deletions, in key order. */
function twoPages(): StateEntry[] {
  const stem = { dot: { origin: LOG_ORIGIN, counter: 1 }, hlc: HLC_ZERO, deps: VersionVector.EMPTY };
  const value = encodeRecord([{ kind: 'tombstone', ...stem, seen: 1, twins: [] }]);
  const keys = Array.from({ length: LIMITS.auditPageMaxKeys + 1 }, (_, i) => utf8Encode(String(i).padStart(6, '0')));
  return keys.map((key) => ({ key, value }));
}

function walkOver(entries: readonly StateEntry[]): DeletionWalk {
  return new DeletionWalk((gte = new Uint8Array(0)) => entries.filter(({ key }) => compareBytes(gte, key) <= 0));
}

describe('a walk that looks for deletions', () => {
  it('has come round at the end of the last page', () => {
    const walk = walkOver(twoPages());
    expect(walk.next().length).toBe(LIMITS.auditPageMaxKeys);
    expect(walk.isRound).toBe(false);
    expect(walk.next().length).toBe(1);
    expect(walk.isRound).toBe(true);
  });

  it('sees everything once more when it is unsettled in the middle of a round', () => {
    const walk = walkOver(twoPages());
    walk.next();
    walk.unsettle();
    walk.next();
    expect(walk.isRound).toBe(false);
    expect(walk.next().length).toBe(LIMITS.auditPageMaxKeys);
    walk.next();
    expect(walk.isRound).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { makeOrigin, parseReplicaId } from '../../../src/base/ids.js';
import { Runs } from '../../../src/replica/membership/runs.js';

const R1 = makeOrigin(parseReplicaId('r1'), 7);
const R2 = makeOrigin(parseReplicaId('r2'), 7);
const at = (term: number, commit: number) => ({ term, commit });

describe('a run of a replica', () => {
  it('is outdated if an earlier run of the same incarnation was further, by its term or by what it had committed', () => {
    const runs = new Runs();
    expect(runs.isOutdated(R1, 1, at(3, 40))).toBe(false);
    expect(runs.isOutdated(R1, 2, at(2, 40))).toBe(true);
    expect(runs.isOutdated(R1, 3, at(3, 39))).toBe(true);
    expect(runs.isOutdated(R1, 4, at(3, 40))).toBe(false);
    expect(runs.isOutdated(R2, 4, at(0, 0))).toBe(false);
  });

  it('is compared with runs heard of before it only, for messages overtake each other', () => {
    const runs = new Runs();
    runs.isOutdated(R1, 1, at(1, 10));
    expect(runs.isOutdated(R1, 1, at(1, 9))).toBe(false);
    expect(runs.isOutdated(R1, 2, at(1, 12))).toBe(false);
    expect(runs.isOutdated(R1, 1, at(1, 8))).toBe(false);
    expect(runs.isOutdated(R1, 2, at(1, 10))).toBe(false);
  });

  it('is remembered through more runs than are kept', () => {
    const runs = new Runs();
    for (let boot = 1; boot <= 50; boot += 1) expect(runs.isOutdated(R1, boot, at(boot, 0))).toBe(false);
    expect(runs.isOutdated(R1, 51, at(49, 0))).toBe(true);
  });
});

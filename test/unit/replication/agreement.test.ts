import { describe, expect, it } from 'vitest';
import { parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { PeerTable } from '../../../src/replication/peer-table.js';
import type { Agreement } from '../../../src/replication/plane-types.js';
import { groups, PlaneSetting } from '../../support/plane-setting.js';
import { A, A2, B, B2, C, digest, group, names, originOf, R1, R2, R3, vector } from '../../support/plane-values.js';

const { EMPTY } = VersionVector;
const R4 = parseReplicaId('r4');
const D = originOf(R4);
const LONG_MS = LIMITS.peerTimeoutMs;

function agreement(members: Agreement['members'], former: Agreement['former'] = []): Agreement {
  return { members, founding: false, former };
}

/** Everybody says it has `has` and goes by `members`, now and long enough after. */
function allSay(setting: PlaneSetting, has: VersionVector, members: Agreement['members']): void {
  for (const afterMs of [0, LONG_MS]) {
    setting.nowMs += afterMs;
    for (const member of members) {
      const replica = [R1, R2, R3, R4].find((id) => member.startsWith(id)) ?? R1;
      if (member !== A) setting.receive(digest(has, { members, joined: true }), replica, member);
    }
    setting.tick();
  }
}

describe('before there is an agreement', () => {
  it('nothing becomes stable by what a member said that knows an incarnation we have not heard', () => {
    const setting = new PlaneSetting({ vector: vector([A, 1]) });
    setting.receive(digest(vector([A, 1])), R2, B);
    setting.receive(digest(EMPTY), R3, C);
    setting.nowMs += LONG_MS;
    setting.receive(digest(vector([A, 1]), { heard: [A, B] }), R2, B);
    // The successor of r2 began with what r3 had before, so it may still write what competes with A.1.
    setting.receive(digest(vector([A, 1]), { heard: [A, B2] }), R3, C);
    setting.receive(groups([], vector([A, 1])), R3, C);
    setting.tick();
    expect(setting.plane.stable).toEqual(EMPTY);
    setting.receive(digest(vector([A, 1]), { heard: [A, B] }), R3, C);
    setting.tick();
    expect(setting.plane.stable).toEqual(vector([A, 1]));
  });
});

describe('with an agreement on the members', () => {
  it('stability waits for one that was added, and not for one that was removed', () => {
    const setting = new PlaneSetting({ vector: vector([A, 3]) });
    setting.plane.setMembers(agreement([A, B, D], [C]), setting.now);
    setting.receive(digest(vector([A, 3]), { members: [A, B, D], joined: true }), R2, B);
    setting.tick(LONG_MS);
    setting.receive(digest(vector([A, 3]), { members: [A, B, D], joined: true }), R2, B);
    setting.tick();
    expect(setting.plane.stable).toEqual(EMPTY);
    allSay(setting, vector([A, 3]), [A, B, D]);
    expect(setting.plane.stable).toEqual(vector([A, 3]));
  });

  it('nothing becomes stable by what was said by a member that counted in others', () => {
    const setting = new PlaneSetting({ vector: vector([A, 3]) });
    setting.plane.setMembers(agreement([A, B]), setting.now);
    setting.receive(digest(vector([A, 3]), { members: [A, B, D], joined: true }), R2, B);
    setting.tick(LONG_MS);
    allSay(setting, vector([A, 2]), [A, B]);
    expect(setting.plane.stable).toEqual(vector([A, 2]));
  });

  it('nothing becomes stable before all have gone by the same members for a while', () => {
    const setting = new PlaneSetting({ vector: vector([A, 3]) });
    setting.plane.setMembers(agreement([A, B], [C]), setting.now);
    setting.receive(digest(vector([A, 3]), { members: [A, B], joined: true }), R2, B);
    setting.tick(LONG_MS - 1);
    setting.receive(digest(vector([A, 3]), { members: [A, B], joined: true }), R2, B);
    setting.tick(0);
    expect(setting.plane.stable).toEqual(EMPTY);
    setting.nowMs += 1;
    setting.receive(digest(vector([A, 3]), { members: [A, B], joined: true }), R2, B);
    setting.tick(0);
    expect(setting.plane.stable).toEqual(vector([A, 3]));
  });

  it('nothing becomes stable while members have not the same of one that was removed', () => {
    const setting = new PlaneSetting({ vector: vector([A, 3], [C, 2]) });
    setting.plane.setMembers(agreement([A, B], [C]), setting.now);
    allSay(setting, vector([A, 3], [C, 1]), [A, B]);
    expect(setting.plane.stable).toEqual(EMPTY);
    allSay(setting, vector([A, 3], [C, 2]), [A, B]);
    expect(setting.plane.stable).toEqual(vector([A, 3], [C, 2]));
  });

  it('what a removed member wrote last is taken for a moment, and then no more', () => {
    const setting = new PlaneSetting({ vector: vector([A, 1]) });
    setting.plane.setMembers(agreement([A, B], [C]), setting.now);
    setting.receive(groups([group(C, 1)]), R3, C);
    expect(setting.persist()).toEqual(names([group(C, 1)]));
    setting.nowMs += LIMITS.farewellMs;
    setting.receive(groups([group(C, 2)]), R3, C);
    expect(setting.persist()).toEqual([]);
    expect(setting.plane.counters.refused).toBe(1);
  });

  it('what a removed member wrote is taken from others at any time', () => {
    const setting = new PlaneSetting({ vector: vector([A, 1]) });
    setting.plane.setMembers(agreement([A, B], [C]), setting.now);
    setting.receive(digest(vector([C, 1]), { members: [A, B] }), R2, B);
    setting.nowMs += LONG_MS;
    setting.receive(groups([group(C, 1)]), R2, B);
    expect(setting.persist()).toEqual(names([group(C, 1)]));
  });

  it('a replica comes back from a restart with the members that it had', () => {
    const table = new PeerTable(A, [R1, R2, R3], agreement([A, B2, D], [B]));
    expect(table.all().map(({ replica }) => replica)).toEqual([R2, R4]);
    expect(table.hear({ replica: R2, origin: B }, 0)).toBe('foreign');
    expect(table.hear({ replica: R2, origin: B2 }, 0)).toBe('new');
    expect(table.hear({ replica: R3, origin: C }, 0)).toBe('foreign');
    table.observe(5);
    expect(table.isRetired(C)).toBe(true);
    expect(table.isRetired(A2)).toBe(true);
    expect(table.admits(originOf(parseReplicaId('r9')))).toBe(true);
  });
});

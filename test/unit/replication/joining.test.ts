import { describe, expect, it } from 'vitest';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { Joining } from '../../../src/replication/joining.js';
import type { Agreement, Peer } from '../../../src/replication/plane-types.js';
import { A, B, C, digest, R2, R3, vector } from '../../support/plane-values.js';

const { EMPTY } = VersionVector;
const OTHERS = [R2, R3];
const P2: Peer = { replica: R2, origin: B };
const P3: Peer = { replica: R3, origin: C };
const ALL = [A, B, C];
const FOUNDED: Agreement = { members: ALL, founding: true, former: [] };
const LATER: Agreement = { members: ALL, founding: false, former: [] };

describe('an incarnation has joined', () => {
  it('when it has what the first member it heard had at that time', () => {
    const joining = new Joining(A, false);
    expect(joining.joined).toBe(false);
    joining.hear(P2, digest(vector([A, 3])), undefined);
    joining.hear(P2, digest(vector([A, 9])), undefined);
    joining.reach(vector([A, 2]), OTHERS);
    expect(joining.joined).toBe(false);
    joining.reach(vector([A, 3]), OTHERS);
    expect(joining.joined).toBe(true);
  });

  it('at once when there is nothing to have, or it has written before', () => {
    const joining = new Joining(A, false);
    joining.hear(P2, digest(EMPTY), undefined);
    joining.reach(EMPTY, OTHERS);
    expect(joining.joined).toBe(true);
    expect(new Joining(A, true).joined).toBe(true);
  });

  it('not before it knows what the member has that it heard', () => {
    const joining = new Joining(A, false);
    expect(joining.isUnderWay).toBe(false);
    joining.notice();
    joining.reach(EMPTY, OTHERS);
    expect(joining.isUnderWay).toBe(true);
  });

  it('not by what a member had that did not count it in yet', () => {
    for (const agreement of [undefined, LATER]) {
      const joining = new Joining(A, false);
      joining.hear(P2, digest(EMPTY, { members: [B, C], joined: true }), agreement);
      joining.reach(vector([B, 9]), OTHERS);
      expect(joining.joined).toBe(false);
      joining.hear(P2, digest(vector([B, 9]), { members: ALL, joined: true }), agreement);
      joining.reach(vector([B, 8]), OTHERS);
      expect(joining.joined).toBe(false);
      joining.reach(vector([B, 9]), OTHERS);
      expect(joining.joined).toBe(true);
    }
  });

  it('not by what one had that had not joined itself, until that one has', () => {
    const joining = new Joining(A, false);
    joining.hear(P2, digest(EMPTY, { members: ALL }), LATER);
    joining.reach(EMPTY, OTHERS);
    expect(joining.joined).toBe(false);
    joining.hear(P2, digest(vector([C, 4]), { members: ALL, joined: true }), LATER);
    joining.reach(vector([C, 3]), OTHERS);
    expect(joining.joined).toBe(false);
    joining.reach(vector([C, 4]), OTHERS);
    expect(joining.joined).toBe(true);
  });

  it('when it has what all members had, though none of them had joined', () => {
    const joining = new Joining(A, false);
    joining.hear(P2, digest(vector([B, 1]), { members: ALL }), LATER);
    joining.reach(vector([B, 1], [C, 1]), OTHERS);
    expect(joining.joined).toBe(false);
    joining.hear(P3, digest(vector([C, 1]), { members: ALL }), LATER);
    joining.reach(vector([B, 1], [C, 1]), OTHERS);
    expect(joining.joined).toBe(true);
  });

  it('by any other founder, if it is one', () => {
    const joining = new Joining(A, false);
    joining.hear(P2, digest(EMPTY, { members: ALL }), FOUNDED);
    joining.reach(EMPTY, OTHERS);
    expect(joining.joined).toBe(true);
  });

  it('not by what one had that was removed itself, and from whom it takes nothing', () => {
    const joining = new Joining(A, false);
    joining.hear(P2, digest(EMPTY, { members: [A, C], joined: true }), LATER);
    joining.reach(EMPTY, OTHERS);
    expect(joining.joined).toBe(false);
    expect(joining.takesFrom(B, [A, C], LATER)).toBe(false);
    expect(joining.takesFrom(C, [A, C], LATER)).toBe(true);
    expect(joining.takesFrom(C, [B, C], LATER)).toBe(false);
    expect(joining.takesFrom(C, undefined, LATER)).toBe(false);
    expect(new Joining(A, true).takesFrom(C, [B, C], LATER)).toBe(true);
  });

  it('without what was lost with a former incarnation', () => {
    const joining = new Joining(A, false);
    joining.hear(P2, digest(vector([B, 7])), undefined);
    joining.forget(R2);
    joining.hear(P2, digest(EMPTY), undefined);
    joining.reach(EMPTY, OTHERS);
    expect(joining.joined).toBe(true);
  });
});

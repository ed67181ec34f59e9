import { describe, expect, it } from 'vitest';
import { LOG_ORIGIN, type ReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { PeerTable } from '../../../src/replication/peer-table.js';
import { A, A2, B, B2, C, digest, originOf, R1, R2, R3, vector } from '../../support/plane-values.js';

const SILENT_MS = LIMITS.peerTimeoutMs;
const R9 = 'r9' as ReplicaId;

function table(): PeerTable {
  const peers = new PeerTable(A, [R1, R2, R3]);
  peers.observe(0);
  return peers;
}

describe('the table of peers', () => {
  it('listens to members only, under an origin of theirs, and not to itself', () => {
    const peers = table();
    expect(peers.hear({ replica: R9, origin: originOf(R9) }, 0)).toBe('foreign');
    expect(peers.hear({ replica: R2, origin: C }, 0)).toBe('foreign');
    expect(peers.hear({ replica: R1, origin: A2 }, 0)).toBe('foreign');
    expect(peers.hear({ replica: R2, origin: B }, 0)).toBe('new');
    expect(peers.hear({ replica: R2, origin: B }, 0)).toBe('known');
  });

  it('admits groups of members, former incarnations included, and of the log', () => {
    const peers = table();
    expect([A, A2, B2, LOG_ORIGIN].map((origin) => peers.admits(origin))).toEqual([true, true, true, true]);
    expect(peers.admits(originOf(R9))).toBe(false);
  });

  it('forgets what a replica knew when it comes back as another incarnation', () => {
    const peers = table();
    peers.hear({ replica: R2, origin: B }, 0);
    peers.learn(R2, vector([A, 3]));
    peers.learnFloor(R2, vector([A, 2]));
    expect(peers.holders({ origin: A, counter: 3 })).toEqual([R2]);
    expect(peers.hear({ replica: R2, origin: B2 }, 1)).toBe('new');
    expect(peers.holders({ origin: A, counter: 3 })).toEqual([]);
    expect(peers.get(R2)?.floor.size).toBe(0);
    expect(peers.isRetired(B)).toBe(true);
    expect(peers.isRetired(B2)).toBe(false);
  });

  it('does not listen to a former incarnation whose successor is alive', () => {
    const peers = table();
    peers.hear({ replica: R2, origin: B }, 0);
    peers.hear({ replica: R2, origin: B2 }, 1);
    expect(peers.hear({ replica: R2, origin: B }, 2)).toBe('retired');
    expect(peers.get(R2)?.origin).toBe(B2);
  });

  it('comes back to an incarnation it took for a former one when the other has fallen silent', () => {
    const peers = table();
    peers.hear({ replica: R2, origin: B2 }, 0);
    peers.hear({ replica: R2, origin: B }, 10);
    expect(peers.hear({ replica: R2, origin: B2 }, 9 + SILENT_MS)).toBe('retired');
    expect(peers.hear({ replica: R2, origin: B2 }, 10 + SILENT_MS)).toBe('new');
    expect(peers.isRetired(B)).toBe(true);
  });

  it('remembers a bounded number of former incarnations', () => {
    const peers = table();
    for (let n = 1; n < 100; n += 1) peers.hear({ replica: R2, origin: originOf(R2, n) }, n);
    expect(peers.get(R2)?.retired.length).toBe(LIMITS.retiredIncarnationsMax);
  });

  it('takes an origin for retired only when its successor was heard, and the log never', () => {
    const peers = table();
    expect(peers.isRetired(B)).toBe(false);
    expect(peers.isRetired(LOG_ORIGIN)).toBe(false);
    expect(peers.isRetired(A2)).toBe(true);
    expect(peers.isRetired(A)).toBe(false);
  });

  it('knows which origins certainly still write', () => {
    const peers = table();
    peers.hear({ replica: R2, origin: B }, 0);
    expect([A, LOG_ORIGIN, B].map((origin) => peers.isAlive(origin, 1))).toEqual([true, true, true]);
    expect([A2, B2, C].map((origin) => peers.isAlive(origin, 1))).toEqual([false, false, false]);
    expect(peers.isAlive(B, SILENT_MS)).toBe(false);
  });

  it('takes a retirement for quiet when all others have spoken long enough after it', () => {
    const peers = table();
    peers.hear({ replica: R2, origin: B }, 0);
    peers.hear({ replica: R3, origin: C }, 0);
    peers.hear({ replica: R2, origin: B2 }, 100);
    peers.learnDigest(R2, digest(vector()), 100 + SILENT_MS);
    peers.learnDigest(R3, digest(vector()), 99 + SILENT_MS);
    expect(peers.isQuiet(B)).toBe(false);
    peers.learnDigest(R3, digest(vector()), 100 + SILENT_MS);
    expect(peers.isQuiet(B)).toBe(true);
    expect(peers.isQuiet(A2)).toBe(true);
    expect(peers.isQuiet(C)).toBe(false);
  });

  it('states how far each peer lags, and whether it can be reached', () => {
    const peers = table();
    peers.hear({ replica: R2, origin: B }, 0);
    peers.learn(R2, vector([A, 3], [B, 9]));
    const [second, third] = peers.statuses(vector([A, 5], [C, 1]), 500);
    expect(second).toMatchObject({ replica: R2, origin: B, reachable: true, lagOps: 3, lastContactMs: 500 });
    expect(third).toMatchObject({ replica: R3, origin: undefined, reachable: false, lagOps: 6 });
    expect(third?.lastContactMs).toBeUndefined();
    expect(peers.statuses(vector(), SILENT_MS)[0]?.reachable).toBe(false);
  });
});

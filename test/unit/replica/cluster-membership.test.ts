/** To which order a replica belongs: the first message of one binds it, and is not lost by that. */
import { describe, expect, it } from 'vitest';
import { openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { makeOrigin, type Origin, parseClusterId, parseReplicaId } from '../../../src/base/ids.js';
import { ClusterMembership } from '../../../src/replica/membership/cluster-membership.js';
import { MemberTable } from '../../../src/replica/membership/member-table.js';
import { NO_MEMBERSHIP, readMembership } from '../../../src/replica/membership/stored-membership.js';
import type { Hello } from '../../../src/replica/wire/gossip-codec.js';
import { seededRandom } from '../../support/seeded-random.js';

const [R1, R2] = ['r1', 'r2'].map((id) => parseReplicaId(id)) as [
  ReturnType<typeof parseReplicaId>,
  ReturnType<typeof parseReplicaId>,
];
const SELF = makeOrigin(R2, 1);
const FOUNDER = makeOrigin(R1, 1);
const OTHER = makeOrigin(R1, 2);

function hello(order: Origin | undefined): Hello {
  const hlc = { ms: 0, logical: 0 };
  return { kind: 'hello', url: '', startedMs: 0, keys: 0, buffered: 0, hlc, order, position: { term: 0, commit: 0 } };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A replica that belongs to no order; what it commits is durable when the test says so. */
function open() {
  const flushes: (() => void)[] = [];
  const storage = openMemoryStorage({ flush: (done) => void flushes.push(done) });
  const table = new MemberTable(
    R2,
    [R1, R2].map((id) => ({ id, url: undefined })),
  );
  const said: string[] = [];
  const membership = new ClusterMembership({
    id: R2,
    self: () => ({ cluster: parseClusterId('c'), replica: R2, origin: SELF, boot: 1 }),
    table,
    stored: NO_MEMBERSHIP,
    storage,
    time: createMemoryTime(),
    random: seededRandom(1),
    trace: () => {},
    send: () => {},
    onAgreed: () => {},
    onBound: () => said.push('bound'),
    onOutdated: () => {},
    onRemoved: () => {},
    onFatal: (error) => {
      throw error;
    },
  });
  return {
    membership,
    said,
    storage,
    hears: (from: Origin, order: Origin | undefined) => table.hear(R1, from, hello(order), 0),
    admits: (from: Origin, message: string) => membership.admitToOrder(from, () => said.push(message)),
    async flush() {
      await turn();
      for (const done of flushes.splice(0)) done();
      await turn();
    },
  };
}

describe('a replica that belongs to no order', () => {
  it('is bound by the first message of one, says so, and takes that message when the bond is durable', async () => {
    const replica = open();
    replica.hears(FOUNDER, FOUNDER);
    replica.admits(FOUNDER, 'campaign');
    replica.admits(FOUNDER, 'in between');
    expect(replica.said).toEqual([]);
    await replica.flush();
    expect(replica.said).toEqual(['bound', 'campaign']);
    expect(readMembership(replica.storage).order).toBe(FOUNDER);
    replica.admits(FOUNDER, 'next');
    expect(replica.said).toEqual(['bound', 'campaign', 'next']);
  });

  it('takes nothing of somebody whose order it has not heard of, and is not bound by it', async () => {
    const replica = open();
    replica.hears(FOUNDER, undefined);
    replica.admits(FOUNDER, 'campaign');
    replica.admits(OTHER, 'campaign');
    await replica.flush();
    expect(replica.said).toEqual([]);
  });

  it('takes nothing of another order once it is bound', async () => {
    const replica = open();
    replica.hears(FOUNDER, FOUNDER);
    replica.admits(FOUNDER, 'campaign');
    await replica.flush();
    replica.hears(OTHER, OTHER);
    replica.admits(OTHER, 'another campaign');
    await replica.flush();
    expect(replica.said).toEqual(['bound', 'campaign']);
  });

  it('does not take the message that bound it if its incarnation ends meanwhile', async () => {
    const replica = open();
    replica.hears(FOUNDER, FOUNDER);
    replica.admits(FOUNDER, 'campaign');
    replica.membership.reincarnated();
    await replica.flush();
    expect(replica.said).toEqual(['bound']);
  });
});

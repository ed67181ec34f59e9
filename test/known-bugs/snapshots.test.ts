/** Bugs other systems had with snapshots, by their numbers in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../src/base/bytes.js';
import { crc32 } from '../../src/base/checksum.js';
import { makeConfiguration } from '../../src/consensus/configuration.js';
import { memberNamed, RaftCluster } from '../support/raft-cluster.js';
import { append, entriesOf, LoneMember, R1, R2, R3, type Spoken } from '../support/raft-lone.js';

const STATE = utf8Encode(JSON.stringify(['old', 'times']));
const CONFIGURATION = makeConfiguration({ voters: [R1, R2, R3], learners: [] });

/** A piece of a snapshot of `state`. */
function chunk(index: number, term: number, from: number, to = STATE.length, state = STATE): Spoken {
  const snapshot = { index, term, configuration: CONFIGURATION, sizeBytes: state.length, checksum: crc32(state) };
  return { kind: 'snapshot-chunk', from: R2, term: 3, snapshot, offset: from, bytes: state.slice(from, to) };
}

describe('known bug 22: a snapshot and the log disagree', () => {
  it('a snapshot of what the log has already takes nothing away', () => {
    const member = new LoneMember().begin(2, 1, 1, 2, 2, 2);
    member.hear(chunk(3, 2, 0));
    member.persist();
    expect(member.terms).toEqual([1, 1, 2, 2, 2]);
    expect(member.node.status).toMatchObject({ commit: 3, lastIndex: 5 });
    expect(member.installs).toBe(0);
    expect(member.said()).toMatchObject([{ kind: 'append-accepted', matched: 3 }]);
  });

  it('an old snapshot is answered with what is committed', () => {
    const member = new LoneMember().begin(1, 1, 1, 1, 1);
    member.hear(append(3, [4, 1], [], 4));
    member.hear(chunk(2, 1, 0));
    member.persist();
    expect(member.said().at(-1)).toMatchObject({ kind: 'append-accepted', matched: 4 });
    expect(member.terms).toEqual([1, 1, 1, 1]);
  });

  it('what disagrees with a newer snapshot goes, all of it', () => {
    const member = new LoneMember().begin(2, 1, 1, 1, 1, 1);
    member.hear(chunk(3, 2, 0));
    member.persist();
    expect(member.node.status).toMatchObject({ firstIndex: 4, lastIndex: 3, commit: 3, durable: 3 });
    expect(member.disk.lastIndex()).toBe(3);
    expect(member.applied).toEqual(['old', 'times']);
    member.hear(append(3, [3, 2], entriesOf(4, 3), 4));
    member.persist();
    expect(member.applied).toEqual(['old', 'times', '3.4']);
  });

  it('snapshot and log are taken over in one write: a crash leaves both old or both new', () => {
    const member = new LoneMember().begin(2, 1, 1, 1, 1, 1);
    member.hear(chunk(3, 2, 0));
    expect(member.said()).toEqual([]);
    member.crash();
    member.restart();
    expect(member.node.status).toMatchObject({ firstIndex: 1, lastIndex: 5 });
    member.hear(chunk(3, 2, 0));
    member.persist();
    member.crash();
    member.restart();
    expect(member.node.status).toMatchObject({ firstIndex: 4, lastIndex: 3, commit: 3 });
    expect(member.applied).toEqual(['old', 'times']);
  });
});

describe('known bug 23: a snapshot that is not whole is taken over', () => {
  it('a snapshot with a hole in it, or not whole, is not taken over', () => {
    const member = new LoneMember();
    member.hear(chunk(3, 2, 0, 4));
    member.hear(chunk(3, 2, 8));
    member.persist();
    expect(member.installs).toBe(0);
    expect(member.said().slice(-2)).toMatchObject([{ kind: 'snapshot-wanted', offset: 4 }, { offset: 4 }]);
    member.hear(chunk(3, 2, 4));
    expect(member.installs).toBe(1);
  });

  it('a snapshot whose checksum is wrong is thrown away, and the next one taken over', () => {
    const member = new LoneMember();
    const good = chunk(3, 2, 0);
    const bytes = STATE.slice();
    bytes[3] = 0;
    member.hear({ ...good, bytes } as Spoken);
    expect(member.installs).toBe(0);
    expect(member.node.status.commit).toBe(0);
    member.hear(good);
    expect(member.installs).toBe(1);
  });

  it('a second snapshot does not go on where the first one ended', () => {
    const member = new LoneMember();
    const newer = utf8Encode(JSON.stringify(['new', 'times']));
    member.hear(chunk(3, 2, 0, 6));
    member.hear(chunk(5, 2, 6, newer.length, newer));
    expect(member.installs).toBe(0);
    member.hear(chunk(5, 2, 0, newer.length, newer));
    expect(member.applied).toEqual(['new', 'times']);
  });

  it('two snapshots in a row are taken over one after the other', () => {
    const member = new LoneMember();
    const newer = utf8Encode(JSON.stringify(['new', 'times']));
    member.hear(chunk(3, 2, 0));
    member.hear(chunk(5, 2, 0, newer.length, newer));
    expect(member.installs).toBe(2);
    member.persist();
    expect(member.node.status).toMatchObject({ firstIndex: 6, lastIndex: 5, durable: 5 });
    member.crash();
    member.restart();
    expect(member.applied).toEqual(['new', 'times']);
  });

  it('a damaged transfer is tried again until it is whole', () => {
    const cluster = laggardCluster();
    cluster.at('r1').corruptSnapshots = true;
    cluster.heal();
    cluster.run(40);
    expect(cluster.at('r3').installs).toBe(0);
    cluster.at('r1').corruptSnapshots = false;
    cluster.run(40);
    expect(cluster.at('r3').applied).toEqual(cluster.at('r1').applied);
    expect(cluster.at('r3').installs).toBe(1);
  });

  it('a leader that compacts again while it sends goes on with the newer snapshot', () => {
    const cluster = laggardCluster();
    cluster.heal();
    cluster.at('r1').tick();
    for (let i = 0; i < 6; i += 1) {
      const message = cluster.flying.shift();
      if (message !== undefined) cluster.hand(message);
      cluster.at('r3').persist();
    }
    cluster.at('r1').propose('one', 'more');
    for (let i = 0; i < 2; i += 1) {
      cluster.at('r2').persist();
      cluster.at('r1').persist();
      for (const message of cluster.flying.filter(
        ({ to, from }) => to !== memberNamed('r3') && from !== memberNamed('r3'),
      )) {
        cluster.hand(message);
      }
    }
    cluster.at('r1').compact(0);
    cluster.run(60);
    expect(cluster.at('r3').applied).toEqual(cluster.at('r1').applied);
  });
});

describe('known bug 24: a snapshot lacks the outcomes of requests or the members', () => {
  it('a snapshot brings the membership, also to one who comes back later', () => {
    const cluster = laggardCluster();
    cluster.at('r1').change({ voters: ['r1', 'r2', 'r3'].map(memberNamed), learners: [memberNamed('r4')] });
    cluster.run(2);
    cluster.at('r1').compact(0);
    cluster.add('r4');
    cluster.heal();
    cluster.run(40);
    const newcomer = cluster.at('r4');
    expect(newcomer.installs).toBe(1);
    newcomer.crash();
    newcomer.restart();
    expect(newcomer.node.status).toMatchObject({
      standing: 'learner',
      configuration: { learners: [memberNamed('r4')] },
    });
    expect(cluster.at('r3').node.status.configuration).toEqual(newcomer.node.status.configuration);
  });
});

/** r3 is cut off, and r1 has compacted what it lacks. */
function laggardCluster(): RaftCluster {
  const cluster = new RaftCluster({ voters: ['r1', 'r2', 'r3'] });
  cluster.elect('r1');
  cluster.partition(['r1', 'r2'], ['r3']);
  cluster.at('r1').propose(...Array.from({ length: 20 }, (_, i) => `command-${i}`));
  cluster.flow();
  cluster.at('r1').compact(0);
  return cluster;
}

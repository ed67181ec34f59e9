/**
 * Random schedules over three to five members: loss, duplication, reordering, crashes that lose what was not stored,
 * partitions, changes of membership, compaction. The invariants are checked at every step; here is what must hold after
 * everything has healed.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Membership } from '../../../src/consensus/configuration.js';
import { memberNamed, nameOfMember, RaftCluster } from '../../support/raft-cluster.js';
import type { RaftReplica } from '../../support/raft-replica.js';
import { runSeed, seededRandom } from '../../support/seeded-random.js';

const KINDS = {
  tick: 8,
  tickAll: 6,
  work: 25,
  campaign: 3,
  deliver: 25,
  flow: 3,
  persist: 10,
  propose: 16,
  read: 6,
  drop: 3,
  double: 3,
  crash: 3,
  restart: 4,
  partition: 2,
  isolate: 3,
  sever: 1,
  heal: 2,
  compact: 3,
  corrupt: 1,
  transfer: 1,
  change: 3,
} as const;

type Kind = keyof typeof KINDS;

interface Step {
  readonly kind: Kind;
  readonly at: number;
  readonly count: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(...Object.entries(KINDS).map(([kind, weight]) => ({ arbitrary: fc.constant(kind as Kind), weight }))),
  at: fc.nat({ max: 4 }),
  count: fc.nat({ max: 11 }),
});

/** How many schedules, and whether a failing one is made shorter, which takes a while. */
const RUNS = Number(process.env['RUNS'] ?? 150);
const SHRINKS = process.env['SHRINK'] === '1';

const NAMES = ['r1', 'r2', 'r3', 'r4', 'r5'];

class Schedule {
  readonly cluster: RaftCluster;
  #proposed = 0;

  constructor(seed: number, voters: number) {
    const whims = seededRandom(seed + 1);
    // Whom a leader asks first is a guess, and any guess must do.
    const answersAfterTicks = () => (whims.float() < 0.2 ? Number.POSITIVE_INFINITY : whims.float() * 3);
    const tuning = { promotionMaxLagEntries: 1_000, answersAfterTicks };
    this.cluster = new RaftCluster({ voters: NAMES.slice(0, voters), newcomers: NAMES.slice(voters), seed, tuning });
  }

  play({ kind, at, count }: Step): void {
    const { cluster } = this;
    const replica = cluster.at(NAMES[at] ?? 'r1');
    switch (kind) {
      case 'tick':
        for (let i = 0; i <= count; i += 1) replica.tick();
        break;
      case 'tickAll':
        for (const each of cluster.replicas.values()) each.tick();
        break;
      case 'work':
        this.#work(1 + count);
        break;
      case 'deliver':
        this.#deliver(count);
        break;
      case 'flow':
        cluster.flow();
        break;
      case 'persist':
        replica.persist(1 + (count % 3));
        break;
      case 'partition':
        cluster.partition(NAMES.slice(0, at), NAMES.slice(at));
        break;
      case 'isolate':
        this.#isolateLeader(1 + (count % 4));
        break;
      case 'sever':
        cluster.sever(replica === cluster.at('r1') ? 'r2' : 'r1', NAMES[at] ?? 'r1');
        break;
      case 'heal':
        cluster.heal();
        break;
      case 'drop':
        cluster.flying.splice(count % (cluster.flying.length + 1), 3);
        break;
      case 'double':
        cluster.flying.push(...cluster.flying.slice(0, count));
        break;
      case 'restart':
        if (!replica.isUp) replica.restart();
        break;
      default:
        if (replica.isUp) this.#act(kind, replica, count);
    }
  }

  #act(kind: Kind, replica: RaftReplica, count: number): void {
    if (kind === 'propose') replica.propose(...this.#commands(1 + (count % 4)));
    else if (kind === 'read') replica.read();
    else if (kind === 'campaign') replica.campaign();
    else if (kind === 'compact') replica.compact(count % 4);
    else if (kind === 'corrupt') replica.corruptSnapshots = !replica.corruptSnapshots;
    else if (kind === 'transfer') replica.transfer(memberNamed(NAMES[count % 5] ?? 'r1'));
    else if (kind === 'change') this.#change(replica, count);
    else if (kind === 'crash') {
      this.cluster.invariants.forgetReads(replica);
      replica.crash();
    }
  }

  /** The leader goes on alone for a while, and gathers what will have to go. */
  #isolateLeader(commands: number): void {
    const { leader } = this.cluster;
    if (leader === undefined) return;
    const name = nameOfMember(leader.id);
    this.cluster.partition(
      [name],
      NAMES.filter((other) => other !== name),
    );
    leader.propose(...this.#commands(commands));
    leader.persist();
  }

  /** Everybody is a voter, a learner or neither; whoever is to vote first becomes a learner. */
  #change(replica: RaftReplica, count: number): void {
    const { configuration } = replica.node.status;
    const name = memberNamed(NAMES[count % 5] ?? 'r1');
    const voters = configuration.voters.filter((id) => id !== name);
    const learners = configuration.learners.filter((id) => id !== name);
    const isVoter = configuration.voters.includes(name);
    const isLearner = configuration.learners.includes(name);
    const membership: Membership = isLearner
      ? { voters: [...voters, name], learners }
      : { voters, learners: isVoter && count % 2 === 0 ? learners : [...learners, name] };
    replica.change(membership);
  }

  #deliver(count: number): void {
    const { cluster } = this;
    for (let i = 0; i <= count; i += 1) {
      const { flying, random } = cluster;
      if (flying.length === 0) return;
      const reach = random.chance(0.8) ? 1 : Math.min(flying.length, 6);
      const [message] = flying.splice(random.int(reach), 1);
      if (message !== undefined) cluster.hand(message);
    }
  }

  /** A while in which most of what is on the way arrives and most disks keep up. */
  #work(ticks: number): void {
    const { replicas, random, flying } = this.cluster;
    for (let i = 0; i < ticks; i += 1) {
      for (const each of replicas.values()) if (random.chance(0.9)) each.tick();
      for (const each of replicas.values()) if (random.chance(0.8)) each.persist();
      for (let left = random.int(flying.length + 8); left > 0; left -= 12) this.#deliver(Math.min(left, 11));
    }
  }

  #commands(count: number): string[] {
    return Array.from({ length: count }, () => {
      this.#proposed += 1;
      return `c${this.#proposed}`;
    });
  }

  /** Everything is up again and nothing is lost any more. */
  heal(): void {
    const { cluster } = this;
    cluster.heal();
    for (const replica of cluster.replicas.values()) {
      replica.corruptSnapshots = false;
      if (!replica.isUp) replica.restart();
    }
    cluster.run(120);
    cluster.leader?.propose('the end');
    cluster.run(30);
  }
}

const totals = { leaders: 0, commits: 0, truncations: 0, votes: 0, reads: 0, installs: 0, changes: 0 };

function survive(seed: number, voters: number, steps: readonly Step[]): void {
  const schedule = new Schedule(seed, voters);
  for (const each of steps) schedule.play(each);
  schedule.heal();
  const { cluster } = schedule;
  const { leader } = cluster;
  expect(leader, 'somebody leads').toBeDefined();
  if (leader === undefined) return;
  const { term, configuration, configurationIndex } = leader.node.status;
  expect(configuration.outgoing, 'the change is complete').toEqual([]);
  expect(leader.applied.at(-1)).toBe('the end');
  const members = [...configuration.voters, ...configuration.learners].map(nameOfMember);
  for (const name of members) {
    const { node, applied, appliedIndex } = cluster.at(name);
    expect({ term: node.status.term, leader: node.status.leader }, name).toEqual({ term, leader: leader.id });
    expect({ appliedIndex, applied }, name).toEqual({ appliedIndex: leader.appliedIndex, applied: leader.applied });
  }
  expect(new Set(leader.applied).size, 'no command is applied twice').toBe(leader.applied.length);
  for (const key of ['leaders', 'commits', 'truncations', 'votes', 'reads'] as const) {
    totals[key] += cluster.invariants.counts[key];
  }
  for (const replica of cluster.replicas.values()) totals.installs += replica.installs;
  if (configurationIndex > 1) totals.changes += 1;
}

describe('members of one total order keep every invariant and agree in the end', () => {
  const seed = runSeed();

  it(`under any schedule (seed ${seed})`, { timeout: 60_000 + RUNS * 500 }, () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(3, 3, 4, 5),
        fc.array(step, { minLength: 20, maxLength: 400, size: 'max' }),
        survive,
      ),
      { seed, numRuns: RUNS, endOnFailure: !SHRINKS },
    );
  });

  it('and the schedules had in them what they were for', () => {
    expect(totals.leaders).toBeGreaterThan(RUNS);
    for (const [what, count] of Object.entries(totals)) expect(count, what).toBeGreaterThan(RUNS / 15);
  });
});

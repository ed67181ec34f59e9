/** Bugs in snapshots of the log, in changes of the members, and in who a replica is. */

const SNAPSHOTS = 'test/known-bugs/snapshots.test.ts';
const MEMBERSHIP = 'test/known-bugs/membership.test.ts';
const MEMBERS = 'test/unit/consensus/membership.test.ts';
const QUORUM = 'test/property/consensus/quorum.test.ts';

export const MEMBERSHIP_MUTANTS = [
  {
    name: 'snapshot-without-configuration',
    says: 'Who takes over a snapshot goes on with the members it knew before.',
    file: 'src/consensus/member.ts',
    search: 'this.log.restore(snapshot);\n    this.configurations.reset(snapshot);',
    replace:
      'this.log.restore(snapshot);\n    this.configurations.reset({ ...snapshot, configuration: this.configuration });',
    test: { file: SNAPSHOTS, name: 'a snapshot brings the membership' },
  },
  {
    name: 'snapshot-with-later-configuration',
    says: 'A snapshot carries the newest configuration, which may never be committed.',
    file: 'src/consensus/raft-node.ts',
    search: 'configuration: configurations.at(index).configuration };',
    replace: 'configuration: configurations.latest.configuration };',
    test: { file: MEMBERSHIP, name: 'a snapshot carries the configuration of its index, not a later one' },
  },
  {
    name: 'snapshot-unverified',
    says: 'A snapshot is taken over although its checksum is wrong.',
    file: 'src/consensus/snapshot-receiver.ts',
    search: 'if (checksum !== snapshot.checksum) {',
    replace: 'if (Number.isNaN(checksum)) {',
    test: { file: SNAPSHOTS, name: 'a snapshot whose checksum is wrong is thrown away' },
  },
  {
    name: 'snapshot-over-newer-log',
    says: 'A snapshot of what the log has already replaces the log, and what follows is lost.',
    file: 'src/consensus/snapshot-receiver.ts',
    search: 'if (snapshot.index > log.commit && !log.matches(snapshot.index, snapshot.term)) {',
    replace: 'if (snapshot.index > log.commit) {',
    test: { file: SNAPSHOTS, name: 'a snapshot of what the log has already takes nothing away' },
  },
  {
    name: 'configuration-outlives-its-entry',
    says: 'A configuration goes on counting although its entry was cut off the log.',
    file: 'src/consensus/configuration-history.ts',
    search: 'while (this.#placed.length > 1 && this.latest.index >= from) this.#placed.pop();',
    replace: 'while (this.#placed.length > 1 && this.latest.index > from) this.#placed.pop();',
    test: { file: MEMBERSHIP, name: 'an uncommitted configuration goes with its entry' },
  },
  {
    name: 'change-before-own-term',
    says: 'A leader changes the members before it has committed an entry of its term.',
    file: 'src/consensus/change-rules.ts',
    search: 'if (!isEstablished) return',
    replace: 'if (membership === undefined) return',
    test: { file: MEMBERSHIP, name: 'no change begins before the leader has committed an entry of its own term' },
  },
  {
    name: 'voter-not-caught-up',
    says: 'A member becomes a voter although its log is far behind.',
    file: 'src/consensus/change-rules.ts',
    search: '!isVoter(configuration, id) && !replicator.isCaughtUp(id)',
    replace: '!isVoter(configuration, id) && replicator.matchOf(id) < 0',
    test: { file: MEMBERS, name: 'a new voter must first be a learner that follows closely' },
  },
  {
    name: 'joint-committed-by-one-majority',
    says: 'During a change the new voters alone commit.',
    file: 'src/consensus/quorum.ts',
    search: 'return Math.min(reachedByMajority(voters, reached), reachedByMajority(outgoing, reached));',
    replace: 'return reachedByMajority(voters, reached);',
    test: { file: QUORUM, name: 'has reached the most that all of some quorum have reached' },
  },
  {
    name: 'learner-counted-as-voter',
    says: 'Copies at learners count towards the majority that commits.',
    file: 'src/consensus/replicator.ts',
    search: 'const index = reachedByQuorum(configuration, (id) => this.matchOf(id));',
    replace:
      'const index = reachedByQuorum({ ...configuration, voters: membersOf(configuration) }, (id) => this.matchOf(id));',
    test: { file: MEMBERS, name: 'what only learners have is not committed' },
  },
  {
    name: 'outdated-copy-goes-on',
    says: 'A data directory that was put back from an old copy votes and counts as if nothing had happened.',
    file: 'src/replica/membership/runs.ts',
    search: 'return position.term < run.before.term || position.commit < run.before.commit;',
    replace: 'return false;',
    test: {
      file: 'test/unit/replica/runs.test.ts',
      name: 'is outdated if an earlier run of the same incarnation was further',
    },
  },
  {
    name: 'old-copy-reuses-counters',
    says: 'A replica whose peers have writes of it that it never made goes on under the same origin.',
    file: 'src/replication/intake.ts',
    search: 'if (counter > ownDurable) this.#restored',
    replace: 'if (counter > Number.MAX_SAFE_INTEGER) this.#restored',
    test: {
      file: 'test/known-bugs/causal.test.ts',
      name: 'counters are not used twice after an old copy of the data directory was put back',
    },
  },
];

/** Bugs in how a leader comes about, and how long it stays one. */

const ELECTIONS = 'test/known-bugs/elections.test.ts';
const PERSISTENCE = 'test/known-bugs/persistence.test.ts';
const QUORUM = 'test/property/consensus/quorum.test.ts';
const LOG_ON_DISK = 'test/unit/order/raft-log.test.ts';
const FLOW = 'test/unit/consensus/flow.test.ts';

export const ELECTION_MUTANTS = [
  {
    name: 'pre-vote-off',
    says: 'Whoever hears no leader enters a new term at once, instead of asking first whether it could win.',
    file: 'src/consensus/election.ts',
    search: 'if (this.#member.mayCampaign) this.preCampaign();',
    replace: 'if (this.#member.mayCampaign) this.campaign(false);',
    test: { file: ELECTIONS, name: 'a member that was cut off for long comes back and deposes nobody' },
  },
  {
    name: 'pre-vote-is-a-vote',
    says: 'A pre-vote for another term counts towards the election that is going on.',
    file: 'src/consensus/election.ts',
    search: ' || (granted && term !== this.#member.term + 1)) return;',
    replace: ') return;',
    test: { file: ELECTIONS, name: 'a pre-vote counts only for the term it was asked for' },
  },
  {
    name: 'check-quorum-off',
    says: 'A leader goes on although it has not heard a quorum for an election timeout.',
    file: 'src/consensus/leadership.ts',
    search: 'return this.replicator.hearsQuorum;',
    replace: 'return true;',
    test: { file: ELECTIONS, name: 'a leader without a quorum steps down one election timeout' },
  },
  {
    name: 'leader-not-shielded',
    says: 'A vote request of a newer term is read although a leader is heard.',
    file: 'src/consensus/admission.ts',
    search: "if (message.kind === 'vote-request' && hearsLeader && !message.transfer)",
    replace: "if (message.kind === 'vote-request' && hearsLeader && message.transfer)",
    test: { file: ELECTIONS, name: 'a vote request is refused while a leader is heard' },
  },
  {
    name: 'vote-not-persisted',
    says: 'A vote given in the current term is not written.',
    file: 'src/consensus/member.ts',
    search: 'this.#votedFor = member;\n    this.#termIsDirty = true;',
    replace: 'this.#votedFor = member;',
    test: { file: PERSISTENCE, name: 'a vote in a term that is on disk already is written before it is given' },
  },
  {
    name: 'vote-not-on-disk',
    says: 'The head of the log on disk has the term and not the vote.',
    file: 'src/replica/order/raft-log.ts',
    search: 'writes.push(headWrite(hardState, this.#last));',
    replace: 'writes.push(headWrite({ ...hardState, votedFor: undefined }, this.#last));',
    test: { file: LOG_ON_DISK, name: 'is found again as it was written' },
  },
  {
    name: 'vote-before-durable',
    says: 'The answer to a vote request leaves before the vote is on disk.',
    file: 'src/consensus/follower.ts',
    search: "outbox.promise('term', { kind: 'vote-answer'",
    replace: "outbox.send({ kind: 'vote-answer'",
    test: { file: PERSISTENCE, name: 'neither a vote nor an acceptance leaves before it is durable' },
  },
  {
    name: 'vote-cleared-in-its-term',
    says: 'A member that follows a leader of its own term forgets whom it has voted for.',
    file: 'src/consensus/election.ts',
    search: 'if (term > this.#member.term) this.#member.enterTerm(term);',
    replace: 'if (term >= this.#member.term) this.#member.enterTerm(term);',
    test: { file: PERSISTENCE, name: 'a vote outlives a lost election and a leader of the same term' },
  },
  {
    name: 'vote-for-a-shorter-log',
    says: 'A vote is given to a candidate whose log lacks what may be committed.',
    file: 'src/consensus/follower.ts',
    search: 'const granted = term === own && isFree && log.isUpToDate(lastIndex, lastTerm);',
    replace: 'const granted = term === own && isFree;',
    test: { file: FLOW, name: 'votes, or not, for who has a log that' },
  },
  {
    name: 'answer-taken-back',
    says: 'A vote that was given is undone by a refusal that arrives later.',
    file: 'src/consensus/candidacy.ts',
    search: 'if (!this.#votes.has(from)) this.#votes.set(from, granted);',
    replace: 'this.#votes.set(from, granted);',
    test: { file: ELECTIONS, name: 'what a member answered once is not undone by what it says later' },
  },
  {
    name: 'wiped-voter-votes-again',
    says: 'Who comes back with an empty disk answers to the name under which it had promised something.',
    file: 'src/consensus/admission.ts',
    search: "if (message.to !== member.self) return { kind: 'refuse', reason: 'other-incarnation' };",
    replace: '',
    test: { file: PERSISTENCE, name: 'a message for another incarnation is refused' },
  },
  {
    name: 'joint-elected-by-one-majority',
    says: 'During a change the new voters alone elect a leader.',
    file: 'src/consensus/quorum.ts',
    search: 'const verdicts = [tallyMajority(voters, voteOf), tallyMajority(outgoing, voteOf)];',
    replace: 'const verdicts = [tallyMajority(voters, voteOf)];',
    test: { file: QUORUM, name: 'has decided as soon as no vote that is still open can change it' },
  },
  {
    name: 'half-is-a-majority',
    says: 'Of an even number of voters one half is taken for a majority.',
    file: 'src/consensus/quorum.ts',
    search: 'return Math.floor(members.length / 2) + 1;',
    replace: 'return Math.ceil(members.length / 2);',
    test: { file: QUORUM, name: 'has reached the most that all of some quorum have reached' },
  },
  {
    name: 'transfer-without-catch-up',
    says: 'The leadership is handed to a member that lacks the end of the log.',
    file: 'src/consensus/succession.ts',
    search: 'heir.isTold || matchOf(heir.id) < lastIndex) return undefined;',
    replace: 'heir.isTold) return undefined;',
    test: { file: FLOW, name: 'tells its heir to campaign once that has all of the log, and not before' },
  },
];

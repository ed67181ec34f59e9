/** Bugs in what a linearizable operation waits for, and in what it takes into the log. */

const READS = 'test/known-bugs/reads.test.ts';
const ROUNDS = 'test/unit/replica/vector-rounds.test.ts';
const CLUSTER = 'test/simulation/linearizable.test.ts';
const ADOPTION = 'test/unit/ordered/adoption.test.ts';
const RETRIES = 'test/unit/ordered/retries.test.ts';

export const LINEARIZABLE_MUTANTS = [
  {
    name: 'read-index-without-confirmation',
    says: 'A leader tells an index to read at without asking whether it still leads.',
    file: 'src/consensus/read-rounds.ts',
    search: 'const open = this.#rounds.findIndex(({ number }) => number > reached);',
    replace: 'const open = this.#rounds.findIndex(() => reached < 0);',
    test: {
      file: READS,
      name: 'a leader that slept through the election of another answers nothing when it wakes',
    },
  },
  {
    name: 'read-index-before-own-term',
    says: 'A leader tells an index to read at before it knows what is committed.',
    file: 'src/consensus/leadership.ts',
    search: 'if (this.isEstablished && this.reads.begin()) {',
    replace: 'if (this.reads.begin()) {',
    test: { file: READS, name: 'a leader tells no index before it has committed an entry of its own term' },
  },
  {
    name: 'round-that-never-began',
    says: 'An answer to a round of heartbeats that is yet to come confirms it in advance.',
    file: 'src/consensus/read-rounds.ts',
    search: 'Math.min(round, this.#newest)));',
    replace: 'round));',
    test: { file: READS, name: 'an answer to a round that never began confirms nothing' },
  },
  {
    name: 'barrier-without-majority',
    says: 'The vectors of the voters are joined before a majority has told them.',
    file: 'src/replica/order/vector-rounds.ts',
    search: "tally(configuration, (voter) => answered(voter) || undefined) !== 'won'",
    replace: "tally(configuration, answered) === 'lost' && round.answers.size < 0",
    test: { file: ROUNDS, name: 'is shared by all who ask in one turn, and ends with the first majority' },
  },
  {
    name: 'barrier-answered-by-old-round',
    says: 'A vector that was told before a request came answers the request.',
    file: 'src/replica/order/vector-rounds.ts',
    search: 'for (const round of this.#open) if (round.number <= message.round) round.answers',
    replace: 'for (const round of this.#open) round.answers',
    test: { file: ROUNDS, name: 'is not joined by who comes after it began, nor answered by what was said before' },
  },
  {
    name: 'barrier-hears-a-former-run',
    says: 'A vector that was told to a former run of the process answers this one.',
    file: 'src/replica/order/vector-rounds.ts',
    search: 'if (message.run !== this.#run) return;',
    replace: '',
    test: { file: ROUNDS, name: 'ignores answers to a former run of the process' },
  },
  {
    name: 'barrier-does-not-wait',
    says: 'A linearizable read does not wait for the writes that a majority has.',
    file: 'src/replica/order/barrier.ts',
    search: 'await this.#covered(token, frontier, deadline);\n    await this.#reached(',
    replace: 'await this.#reached(',
    test: { file: CLUSTER, name: 'is waited for by a read at a replica that does not have it yet' },
  },
  {
    name: 'barrier-without-index',
    says: 'A linearizable read does not wait until the log is applied as far as it is committed.',
    file: 'src/replica/order/barrier.ts',
    search: 'await this.#reached(Math.max(index, token.get(LOG_ORIGIN)), deadline);',
    replace: '',
    test: { file: CLUSTER, name: 'is waited for by a read at a replica that has not applied it yet' },
  },
  {
    name: 'views-out-of-step',
    says: 'A read goes by a causal view that is ahead of the ordered one, in which what was superseded is in neither.',
    file: 'src/replica/order/barrier.ts',
    search: 'while (this.#logDelivered > this.#options.applied.applied) await',
    replace: 'while (this.#logDelivered < 0) await',
    test: { file: CLUSTER, name: 'is not hidden from a read whose causal view has a later write of the log' },
  },
  {
    name: 'dependencies-not-uniform',
    says: 'An entry gets into the log although what it depends on is on one disk only.',
    file: 'src/replica/order/uniform-dependencies.ts',
    search: 'if (need.size === 0 || this.#isUniform(need)) return;',
    replace: 'if (need.size >= 0) return;',
    test: { file: CLUSTER, name: 'enters the log only once what it depends on is on a majority of disks' },
  },
  {
    name: 'adoption-skipped',
    says: 'A linearizable read does not take the weaker writes it finds into the log.',
    file: 'src/replica/order/linearizable-reads.ts',
    search: 'await this.#options.adopter.adoptKeys(keys, deadline);',
    replace: 'await this.#options.adopter.adoptKeys([], deadline);',
    test: { file: CLUSTER, name: 'is seen by a linearizable read at any replica, and adopted once' },
  },
  {
    name: 'adoption-of-the-superseded',
    says: 'A version that the ordered view has superseded comes back when it is proposed once more.',
    file: 'src/keyspace/ordered/adoption.ts',
    search: 'return supersedes(known, version) || dotsOf(version)',
    replace: 'return dotsOf(version)',
    test: { file: ADOPTION, name: 'is what the ordered view neither has nor has superseded' },
  },
  {
    name: 'stale-entry-applied',
    says: 'An entry that was judged before the log forgot something is applied all the same.',
    file: 'src/keyspace/ordered/apply.ts',
    search: 'return base < forgotten.at && (',
    replace: 'return base < 0 && (',
    test: { file: ADOPTION, name: 'makes what was judged before it stale: a version deleted since does not come back' },
  },
  {
    name: 'retry-applied-again',
    says: 'A linearizable request that is repeated under its Idempotency-Key is applied twice.',
    file: 'src/keyspace/ordered/retries.ts',
    search: 'return found !== undefined && isKept(found, index, timeMs) ? found : undefined;',
    replace: 'return found !== undefined && !isKept(found, index, timeMs) ? found : undefined;',
    test: { file: RETRIES, name: 'is answered with the first outcome, and applied once' },
  },
  {
    name: 'retries-not-in-the-snapshot',
    says: 'A replica restored from a snapshot knows no outcome of earlier requests.',
    file: 'src/keyspace/ordered/snapshot.ts',
    search: 'return { entries, more: true };\n    entries.push(entry);',
    replace: 'return { entries, more: true };\n    if (entry.key[0] !== STATE_AREAS.retries) entries.push(entry);',
    test: {
      file: 'test/property/ordered/determinism.test.ts',
      name: 'stay equal if one was restored from a snapshot of the other on the way',
    },
  },
  {
    name: 'time-of-the-state-runs-back',
    says: 'The leader whose clock is behind brings forgotten outcomes back.',
    file: 'src/keyspace/ordered/apply.ts',
    search: 'const timeMs = Math.max(progress.timeMs, entry.timeMs);',
    replace: 'const { timeMs } = entry;',
    test: { file: RETRIES, name: 'is not known again because a leader’s clock is behind' },
  },
];

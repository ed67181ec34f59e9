/** Bugs of the causal plane: what is said and delivered when, what supersedes what, and what is forgotten. */

const PLANE = 'test/unit/replication/causal-plane.test.ts';
const KNOWN = 'test/known-bugs/causal.test.ts';
const STABILITY = 'test/unit/replication/stability.test.ts';
const TURN = 'test/unit/replica/keyspace-turn.test.ts';
const RECORD = 'test/property/keyspace/key-record.test.ts';
const CAUSALITY = 'test/simulation/causality.test.ts';

export const CAUSAL_MUTANTS = [
  {
    name: 'published-before-durable',
    says: 'A write is announced to the others before it is on the own disk.',
    file: 'src/replication/causal-plane.ts',
    search: 'this.#delivery.issued(group);',
    replace: `this.#delivery.issued(group);
    const message = { kind: 'groups', vector: this.#durable, wantReport, groups: [group] } as const;
    this.#outbox.send({ to: 'all', message });`,
    test: { file: PLANE, name: 'is nothing of a write before it is durable' },
  },
  {
    name: 'durable-before-stored',
    says: 'The vector that others are told covers a batch that is still on its way to disk.',
    file: 'src/replication/causal-plane.ts',
    search: 'this.#outstanding = { deliveries, install, trim, vector: this.applied, hlc: this.hlc };',
    replace: `this.#outstanding = { deliveries, install, trim, vector: this.applied, hlc: this.hlc };
    this.#durable = this.applied;`,
    test: { file: PLANE, name: 'is nothing of a write before it is durable' },
  },
  {
    name: 'delivered-before-its-causes',
    says: 'A write is delivered as soon as it is the next of its origin, whatever it depends on.',
    file: 'src/replication/causal-buffer.ts',
    search: 'const lacks = isNext ? this.#firstLacking(group.deps) : undefined;',
    replace: 'const lacks = undefined;',
    test: {
      file: 'test/unit/replication/causal-buffer.test.ts',
      name: 'holds an effect back until its cause is there',
    },
  },
  {
    name: 'batch-delivered-in-half',
    says: 'Of a batch of a peer only the first operation is delivered.',
    file: 'src/replica/causal/keyspace-turn.ts',
    search: 'for (const op of body.ops) {',
    replace: 'for (const op of body.ops.slice(0, 1)) {',
    test: { file: CAUSALITY, name: 'is never seen in half, at any replica, while the links are chaotic' },
  },
  {
    name: 'token-not-waited-for',
    says: 'A causal read answers at once, whether or not this replica has what the token names.',
    file: 'src/replica/requests/reads.ts',
    search: 'return this.#admission.covered(context);',
    replace: 'return 0;',
    test: { file: CAUSALITY, name: 'is read at r2 with its token, while a read without the token may be stale' },
  },
  {
    name: 'token-checksum-ignored',
    says: 'A damaged token is taken for another token.',
    file: 'src/clocks/causal-token.ts',
    search: 'if (new ByteReader(payload.subarray(checked.length)).u32() !== crc32(checked)) {',
    replace: 'if (payload.length < CHECKSUM_BYTES) {',
    test: { file: 'test/property/clocks/causal-token.test.ts', name: 'with any one character replaced by any other' },
  },
  {
    name: 'dependencies-not-closed',
    says: 'A write has the versions it supersedes in its past, and not what those had in theirs.',
    file: 'src/keyspace/key-record.ts',
    search: 'past = past.join(version.deps).with(version.dot);',
    replace: 'past = past.with(version.dot);',
    test: {
      file: 'test/unit/ordered/writes.test.ts',
      name: 'depends on what it supersedes, and on all that had in its past',
    },
  },
  {
    name: 'seen-ignored',
    says: 'A weaker write that has not seen a linearizable one hides it, if its clock is ahead.',
    file: 'src/keyspace/version.ts',
    search: 'a.seen - b.seen ||\n',
    replace: '\n',
    test: {
      file: 'test/unit/ordered/adoption.test.ts',
      name: 'that knows the linearizable write supersedes it, one that does not loses to it',
    },
  },
  {
    name: 'deleted-comes-back',
    says: 'A snapshot brings back what was deleted here, where the deletion is forgotten.',
    file: 'src/keyspace/key-record.ts',
    search: 'const news = theirs.filter((version) => isThere(mine, version) || !wasThere(myVector, version));',
    replace: 'const news = theirs;',
    test: { file: RECORD, name: 'merged with a snapshot neither brings back nor keeps what either side has deleted' },
  },
  {
    name: 'sibling-dropped',
    says: 'Of two concurrent versions the one that loses arbitration is lost, instead of being kept as a sibling.',
    file: 'src/keyspace/key-record.ts',
    search: 'return insert(kept, incoming);',
    replace: 'return insert(kept, incoming).slice(0, 1);',
    test: { file: RECORD, name: 'holds exactly the writes no delivered write supersedes' },
  },
  {
    name: 'clock-not-bounded',
    says: 'One broken clock drags the clocks of all others into the future.',
    file: 'src/clocks/hybrid-logical-clock.ts',
    search: "return byMs > maxAheadMs ? { kind: 'ahead', byMs } : { kind: 'merged', last: remote };",
    replace: "return { kind: 'merged', last: remote };",
    test: {
      file: 'test/property/clocks/hybrid-logical-clock.test.ts',
      name: 'run forward at every step, and follow exactly the stamps within the bound',
    },
  },
  {
    name: 'clock-not-merged',
    says: 'A later write is stamped below what its writer has received.',
    file: 'src/replication/intake.ts',
    search: "this.#follow(group.hlc, wallMs);\n        if (offer === 'full')",
    replace: "if (offer === 'full')",
    test: { file: KNOWN, name: 'a write is stamped above everything received, even what still waits for its causes' },
  },
  {
    name: 'tombstone-forgotten-before-stable',
    says: 'A deletion is forgotten although somebody may not have it yet.',
    file: 'src/keyspace/key-record.ts',
    search: "version.kind === 'tombstone' && stable.covers(version.dot) &&",
    replace: "version.kind === 'tombstone' &&",
    test: { file: TURN, name: 'forgets a key only if all that is left of it are tombstones inside the stable cut' },
  },
  {
    name: 'deletion-forgotten-before-adoption',
    says: 'A deletion is forgotten although the ordered view still shows what it deletes.',
    file: 'src/keyspace/ordered/adoption.ts',
    search: ' && adoptable(ordered, causal, forgotten).length === 0;',
    replace: ';',
    test: { file: TURN, name: 'keeps a deletion that the ordered view has not adopted, or the value would come back' },
  },
  {
    name: 'stable-without-everybody',
    says: 'What this replica has is taken for what every member has.',
    file: 'src/replication/stability.ts',
    search: 'vectors.set(replica, witness.confirmed);',
    replace: '',
    test: { file: STABILITY, name: 'is what every member has said it has' },
  },
  {
    name: 'member-believed-too-early',
    says: 'What a member says it has counts before everything that it wrote by then is here.',
    file: 'src/replication/stability.ts',
    search: 'while (witness.first !== undefined && witness.first.get(witness.origin) <= reached) {',
    replace: 'while (witness.first !== undefined && reached >= 0) {',
    test: { file: STABILITY, name: 'believes a member only when everything it wrote before is here' },
  },
  {
    name: 'majority-not-waited-for',
    says: 'A write with Durability majority is acknowledged when one disk has it.',
    file: 'src/replica/requests/writes.ts',
    search: 'await durability.wait(stem.dot, plan.need, Math.max(1, leftMs - spentMs));',
    replace: 'await durability.wait(stem.dot, 1, Math.max(1, leftMs - spentMs));',
    test: {
      file: 'test/simulation/durability.test.ts',
      name: 'majority is on a majority of disks when it is acknowledged',
    },
  },
  {
    name: 'acknowledged-before-durable',
    says: 'A write is acknowledged when it has been handed to storage.',
    file: 'src/replica/causal/causal-driver.ts',
    search: 'this.#committing = storage.commit(gathered).then(',
    replace: `for (const write of writes) write.committed();
    this.#committing = storage.commit(gathered).then(`,
    test: { file: 'test/simulation/crash.test.ts', name: 'keep every acknowledged write, use no dot twice' },
  },
];

/** Bugs in locks, fencing tokens and constraints. */

const LOCKS = 'test/unit/coordination/locks.test.ts';
const LEASES = 'test/unit/replica/lease-keeper.test.ts';
const CLUSTER = 'test/simulation/linearizable.test.ts';

export const OBJECT_MUTANTS = [
  {
    name: 'lease-by-wall-clock',
    says: 'A lease ends when the wall clock says so, which can be set.',
    file: 'src/replica/order/lease-keeper.ts',
    search: 'const promisedMs = this.#options.time.monotonicMs() + ms;',
    replace: 'const promisedMs = this.#options.time.wallMs() + ms;',
    test: { file: LEASES, name: 'ends after its ttl and the margin, not before, by one entry' },
  },
  {
    name: 'renewal-not-compared',
    says: 'A lease that was renewed while its end was on the way ends all the same.',
    file: 'src/coordination/locks.ts',
    search: ' && lock.holder.renewal === renewal;',
    replace: ' && renewal > 0;',
    test: { file: LOCKS, name: 'expires only at the renewal that was outlived' },
  },
  {
    name: 'old-fencing-token-passes',
    says: 'A token of an earlier holder lets its writes through.',
    file: 'src/coordination/locks.ts',
    search: 'return lock?.holder.token === token ? undefined :',
    replace: 'return lock !== undefined && lock.holder.token >= token ? undefined :',
    test: { file: LOCKS, name: 'lets the holder write, and no one once the lock has moved on' },
  },
  {
    name: 'token-of-the-turn',
    says: 'Who had to queue gets the token of the entry that ended the lease before, and not of the one by which it asked.',
    file: 'src/coordination/lock-state.ts',
    search: 'return { holder: { owner, token: ticket, ttlMs, renewal: index }, waiters: rest };',
    replace: 'return { holder: { owner, token: index, ttlMs, renewal: ticket }, waiters: rest };',
    test: { file: LOCKS, name: 'goes to those who wait in order of arrival, under the tokens of their own entries' },
  },
  {
    name: 'queue-overtaken',
    says: 'The lock goes to who came last.',
    file: 'src/coordination/lock-state.ts',
    search: 'const [first, ...rest] = waiters;',
    replace: 'const [first, ...rest] = waiters.toReversed();',
    test: { file: LOCKS, name: 'goes to those who wait in order of arrival, under the tokens of their own entries' },
  },
  {
    name: 'weaker-writes-not-fenced',
    says: 'A fencing token is not looked at where the level is weaker than linearizable.',
    file: 'src/replica/requests/writes.ts',
    search: 'for (const fence of fences) {',
    replace: 'for (const fence of fences.slice(0, 0)) {',
    test: { file: CLUSTER, name: 'of a lock that has moved on stops writes of every level' },
  },
  {
    name: 'constraint-open-to-weaker-writes',
    says: 'Weaker writes get past a declared constraint.',
    file: 'src/replica/requests/writes.ts',
    search: 'if (op === undefined) continue;',
    replace: 'if (op === undefined || op !== undefined) continue;',
    test: { file: CLUSTER, name: 'closes its prefix to weaker writes' },
  },
  {
    name: 'constraint-not-checked',
    says: 'A write that breaks a unique constraint is applied.',
    file: 'src/keyspace/ordered/apply.ts',
    search: 'if (broken !== undefined) return nothing(broken, past);',
    replace: '',
    test: {
      file: 'test/unit/coordination/constraints.test.ts',
      name: 'gives a value to one key, and names it to the other',
    },
  },
  {
    name: 'fences-of-a-retry-first',
    says: 'A repeated request is refused by a fence although its first attempt was applied and answered.',
    file: 'src/keyspace/ordered/apply.ts',
    search: 'if (retry === undefined) return execute(step);',
    replace: `if (retry === undefined) return execute(step);
  for (const fence of entry.fences) {
    const fenced = step.coordinator.checkFence(state, fence);
    if (fenced !== undefined) return nothing(fenced);
  }`,
    test: { file: LOCKS, name: 'does not undo what was already answered to the same request' },
  },
];

/** Entries of the log, drawn so that they meet: few keys, few values, few names. */
import fc from 'fast-check';
import { utf8Encode } from '../../../src/base/bytes.js';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { type CoordinationCommand, encodeCoordination } from '../../../src/coordination/command.js';
import type { Command, TxnOp, WriteOp } from '../../../src/keyspace/ordered/command.js';
import type { Condition } from '../../../src/keyspace/ordered/condition.js';
import type { Entry } from '../../../src/keyspace/ordered/entry.js';
import type { Version } from '../../../src/keyspace/version.js';
import { entryOf } from '../../support/ordered-log.js';
import { A, B, C, vector } from '../../support/plane-values.js';

export const KEYS = ['a', 'b', 'u/1', 'u/2', 'u/3'];
const keys = fc.constantFrom(...KEYS);
const values = fc.constantFrom('', 'text', '{"n":1}', '{"n":2}', '{"n":"1"}', '{}').map(utf8Encode);
const names = fc.constantFrom('x', 'y');
const owners = fc.constantFrom('anna', 'ben', 'cleo');
const indexes = fc.integer({ min: 1, max: 30 });

export const writeOps: fc.Arbitrary<WriteOp> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('put' as const), key: keys, contentType: names, bytes: values }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: keys }) },
);
const txnOps: fc.Arbitrary<readonly TxnOp[]> = fc.uniqueArray(
  fc.oneof(
    { weight: 2, arbitrary: writeOps },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('get' as const), key: keys }) },
  ),
  { maxLength: 4, selector: ({ key }) => key },
);
const logDots = indexes.map((counter) => ({ origin: LOG_ORIGIN, counter }));
export const conditions: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ kind: fc.constant('etag' as const), dots: fc.array(logDots, { minLength: 1, maxLength: 8 }) }),
  fc.constantFrom({ kind: 'exists' as const }, { kind: 'absent' as const }),
  fc.record({ kind: fc.constant('value' as const), bytes: values }),
);

const lockName = { space: fc.constantFrom('lock' as const, 'election' as const), name: names };
export const coordinationCommands: fc.Arbitrary<CoordinationCommand> = fc.oneof(
  fc.record({ kind: fc.constant('next' as const), sequence: names }),
  fc.record({
    kind: fc.constantFrom('claim' as const, 'unclaim' as const),
    namespace: names,
    value: names,
    owner: owners,
  }),
  fc.record({
    kind: fc.constant('declare' as const),
    name: names,
    prefix: fc.constantFrom('u/', 'u', 'none'),
    field: fc.constantFrom('/n', ''),
  }),
  fc.record({ kind: fc.constant('drop' as const), name: names }),
  fc.record({
    kind: fc.constant('acquire' as const),
    ...lockName,
    owner: owners,
    ttlMs: fc.integer({ min: 1, max: 9 }),
    waitMs: fc.nat(2),
  }),
  fc.record({ kind: fc.constantFrom('renew' as const, 'release' as const), ...lockName, token: indexes }),
  fc.record({ kind: fc.constant('expire' as const), ...lockName, token: indexes, renewal: indexes }),
  fc.record({ kind: fc.constant('abandon' as const), ...lockName, ticket: indexes }),
);

export const keyspaceCommands: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      op: writeOps,
      condition: fc.option(conditions, { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        kind: fc.constant('txn' as const),
        checks: fc.array(fc.record({ key: keys, condition: conditions }), { maxLength: 2 }),
        onSuccess: txnOps,
        onFailure: txnOps,
      })
      .filter(({ onSuccess, onFailure }) => onSuccess.length + onFailure.length > 0),
  },
);
const forgetting = fc.record({
  kind: fc.constant('forget' as const),
  stable: fc.nat(4).map((counter) => vector([A, counter], [B, counter])),
  keys: fc.array(keys, { maxLength: 3 }),
});
export const commands: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: keyspaceCommands },
  {
    weight: 4,
    arbitrary: coordinationCommands.map(
      (command) => ({ kind: 'coordinate', command: encodeCoordination(command) }) as const,
    ),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'adopt' } as const) },
  { weight: 1, arbitrary: forgetting },
);

/** Weaker writes whose past is everything of their own origin before them, and nothing else. */
const versions: fc.Arbitrary<Version> = fc
  .record({
    origin: fc.constantFrom(A, B, C),
    counter: fc.integer({ min: 1, max: 5 }),
    bytes: values,
    deletes: fc.boolean(),
  })
  .map(({ origin, counter, bytes, deletes }) => {
    const deps = counter === 1 ? VersionVector.EMPTY : vector([origin, counter - 1]);
    const stem = { dot: { origin, counter }, hlc: { ms: counter, logical: 0 }, deps, seen: 0, twins: [] };
    return deletes ? { ...stem, kind: 'tombstone' } : { ...stem, kind: 'value', contentType: 'weak', bytes };
  });
const adoptions = fc.uniqueArray(
  fc.record({
    key: keys,
    versions: fc.uniqueArray(versions, { minLength: 1, maxLength: 3, selector: ({ dot }) => dot.origin }),
  }),
  { maxLength: 2, selector: ({ key }) => key },
);

export const retries = fc.record({
  key: fc.constantFrom('r1', 'r2', 'r3'),
  fingerprint: fc.constantFrom('f', 'f', 'f', 'g'),
});
const times = fc.oneof(
  { weight: 9, arbitrary: fc.nat(10) },
  { weight: 1, arbitrary: fc.constant(2 * 24 * 60 * 60 * 1000) },
);

/** An entry; `base` is how far behind its index the proposer was. */
export const entries: fc.Arbitrary<Partial<Entry> & { readonly lag: number }> = fc.record({
  lag: fc.nat(3),
  timeMs: times,
  command: commands,
  retry: fc.option(retries, { nil: undefined, freq: 2 }),
  adopted: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: adoptions }),
  fences: fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.record({ lock: names, token: indexes }), { maxLength: 2 }) },
  ),
  deps: fc.nat(3).map((counter) => vector([C, counter])),
  known: fc.option(
    fc.nat(5).map((counter) => vector([A, counter], [B, counter], [C, counter])),
    { nil: undefined },
  ),
});

/** The entry at `index`, of those that `entries` draws. */
export function placed({ lag, ...parts }: Partial<Entry> & { readonly lag: number }, index: number): Entry {
  return entryOf({ ...parts, base: Math.max(0, index - 1 - lag) });
}

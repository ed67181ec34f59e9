/**
 * Reads of a replica that lives in the same process, beside bare gets of the LMDB below it. One timed operation is `READS`
 * reads one after the other.
 */
import { utf8Encode } from '../src/base/bytes.js';
import { VersionVector } from '../src/clocks/version-vector.js';
import type { RequestContext, WeakLevel } from '../src/replica/request-types.js';
import { openBareLmdb } from './bare-lmdb.js';
import { keyName, valueOfSize } from './load/operations.js';
import { openLoneReplica } from './lone-replica.js';
import type { BenchCase, BenchSuite } from './suite.js';

const READS = 1_000;
const VALUE = valueOfSize(100);
const KEYS = Array.from({ length: READS }, (_, key) => keyName(key));

function readCase(level: WeakLevel): BenchCase {
  let close = async (): Promise<void> => undefined;
  return {
    name: `${READS} reads at ${level}`,
    setUp: async () => {
      const opened = await openLoneReplica();
      const { replica } = opened;
      close = opened.close;
      const context: RequestContext = { level, timeoutMs: 60_000, token: VersionVector.EMPTY };
      const write = (key: string) => {
        const op = { kind: 'put', key, contentType: 'text/plain', bytes: VALUE } as const;
        return replica.write({ ops: [op], durability: 'local' }, context);
      };
      const written = await Promise.all(KEYS.map(write));
      const session = { ...context, token: written.reduce((past, { token }) => past.join(token), context.token) };
      return async () => {
        for (const key of KEYS) {
          const { state } = await replica.read(key, session);
          if (state.versions.length === 0) throw new Error(`${key} is not there`);
        }
      };
    },
    tearDown: () => close(),
  };
}

function bareCase(): BenchCase {
  let close = async (): Promise<void> => undefined;
  return {
    name: `${READS} bare gets of lmdb-js`,
    setUp: async () => {
      const keys = KEYS.map(utf8Encode);
      const lmdb = await openBareLmdb(keys, VALUE);
      close = lmdb.close;
      return () => {
        for (const key of keys) if (lmdb.root.get(key) === undefined) throw new Error('a key is not there');
      };
    },
    tearDown: () => close(),
  };
}

export const embedded: BenchSuite = {
  name: 'embedded',
  cases: [bareCase(), readCase('eventual'), readCase('causal')],
};

/**
 * How fast the causal buffer gives out ten thousand groups, whatever the order they come in. One operation is the whole
 * stream: multiply by ten thousand for groups a second.
 */
import { EMPTY_BYTES } from '../src/base/bytes.js';
import { HLC_ZERO } from '../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../src/clocks/version-vector.js';
import { CausalBuffer } from '../src/replication/causal-buffer.js';
import { sealGroup, type WriteGroup } from '../src/replication/write-group.js';
import { originsOf } from './inputs.js';
import type { BenchCase, BenchSuite } from './suite.js';

const GROUPS = 10_000;
const SILENT = { buffered: () => {}, unbuffered: () => {} };

/** Three origins in turn, each group after everything before it. */
function history(): WriteGroup[] {
  const origins = originsOf(3);
  const groups: WriteGroup[] = [];
  let past = VersionVector.EMPTY;
  for (let n = 0; groups.length < GROUPS; n += 1) {
    for (const origin of origins) {
      const group = sealGroup({ origin, counter: n + 1 }, HLC_ZERO, past, EMPTY_BYTES);
      groups.push(group);
      past = past.with(group.dot);
    }
  }
  return groups.slice(0, GROUPS);
}

function deliver(groups: readonly WriteGroup[]): number {
  const buffer = new CausalBuffer(VersionVector.EMPTY, SILENT);
  for (const group of groups) buffer.offer(group);
  const delivered = buffer.take(GROUPS, Number.MAX_SAFE_INTEGER);
  buffer.durable(delivered);
  if (delivered.length !== groups.length) throw new Error(`${delivered.length} of ${groups.length} were delivered`);
  return delivered.length;
}

function orderCase(name: string, order: (groups: WriteGroup[]) => WriteGroup[]): BenchCase {
  return {
    name: `10k groups, ${name}`,
    setUp: () => {
      const groups = order(history());
      return () => deliver(groups);
    },
  };
}

export const causalBuffer: BenchSuite = {
  name: 'causal buffer',
  cases: [
    orderCase('in order', (groups) => groups),
    orderCase('reversed', (groups) => groups.reverse()),
    orderCase('one straggler', ([first, ...rest]) => (first === undefined ? [] : [...rest, first])),
  ],
};

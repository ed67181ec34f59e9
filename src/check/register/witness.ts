/** The shortest beginning of a partition's history that is not linearizable, and the operations around its end. */
import { describe } from '../describe.js';
import type { HistoryRecord } from '../history/record.js';
import type { Violation } from '../verdict.js';
import { footprintsOf } from './footprint.js';
import { isOpen, type Operation } from './operation.js';
import { namesIn, type Partition, partitionsOf } from './partition.js';
import { search } from './search.js';

/** Completed operations shown before the first that is concurrent with the last. */
const BEFORE = 6;

/** The partition was found to be violated; a prefix that `budget` does not decide counts as linearizable. */
export function witnessOf(partition: Partition, budget: number): Violation {
  const ends = [...new Set(partition.operations.filter((each) => !isOpen(each)).map(({ complete }) => complete))];
  ends.sort((a, b) => a - b);
  // A history that is not linearizable has no linearizable continuation, so the first such end is found by halving.
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const isViolated = search(prefixOf(partition, ends[middle] as number), budget).kind === 'violated';
    if (isViolated) high = middle;
    else low = middle + 1;
  }
  const end = ends[low] ?? Number.POSITIVE_INFINITY;
  const last = partition.operations.filter(({ complete }) => complete === end);
  return {
    rule: 'linearizable',
    sentence: sentenceOf(partition, last, end),
    operations: around(partition, last, end),
  };
}

/** What was known at `end`: later operations had not begun, and what had begun and not completed was pending. */
function prefixOf(partition: Partition, end: number): Partition {
  const records = new Set(partition.operations.filter(({ invoke }) => invoke <= end).map(({ record }) => record));
  const known = [...records].map((record): HistoryRecord & Operation['record'] =>
    record.complete !== null && record.complete > end ? { ...record, status: 'info', complete: null } : record,
  );
  const own = new Set(partition.keys);
  // The other keys of a weaker batch are other partitions.
  const footprints = known.flatMap(footprintsOf).filter((each) => namesIn(each).some((name) => own.has(name)));
  const [whole] = partitionsOf(footprints, partition.keys);
  return whole ?? { keys: partition.keys, operations: [] };
}

function sentenceOf({ keys }: Partition, last: readonly Operation[], end: number): string {
  const names =
    keys.length === 1 ? `key ${JSON.stringify(keys[0])}` : `keys ${keys.map((key) => JSON.stringify(key)).join(', ')}`;
  const what = last.map(({ record }) => describe(record)).join(' and ');
  return `no order of the operations on ${names} explains what had been answered by ${end} ns, when ${what}`;
}

/** The last operations, those concurrent with them, the writers of what they needed, and the few that completed before. */
function around({ operations }: Partition, last: readonly Operation[], end: number): readonly HistoryRecord[] {
  const begun = Math.min(...last.map(({ invoke }) => invoke));
  const needed = last.flatMap(({ transitions }) => transitions.flatMap(({ needs }) => needs));
  const isSource = ({ transitions }: Operation): boolean =>
    transitions.some(({ sets }) => sets.some((set) => needed.some((c) => c.key === set.key && c.value === set.value)));
  const known = operations.filter(({ invoke }) => invoke <= end);
  const earlier = known.filter(({ complete }) => complete < begun).sort((a, b) => b.complete - a.complete);
  const shown = new Set([
    ...last,
    ...known.filter((each) => !isOpen(each) && each.complete >= begun),
    ...known.filter(isSource),
    ...earlier.slice(0, BEFORE),
  ]);
  return [...new Set(known.filter((each) => shown.has(each)).map(({ record }) => record))];
}

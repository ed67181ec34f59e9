/** The operation log: delivered write groups by `(origin, counter)`, kept until every member has them. */
import { ByteWriter } from '../../base/bytes.js';
import type { Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { MissingRange, VersionVector } from '../../clocks/version-vector.js';
import type { StorageReader, StorageWrite } from '../../ports/storage.js';
import { decodeGroup, type WriteGroup } from '../../replication/write-group.js';
import { guardCorruption } from '../stored-state.js';

function operationKey(origin: Origin, counter: number): Uint8Array {
  return new ByteWriter(56)
    .string(origin)
    .u32(Math.floor(counter / 2 ** 32))
    .u32(counter % 2 ** 32)
    .finish();
}

export function operationWrite(group: WriteGroup): StorageWrite {
  const key = operationKey(group.dot.origin, group.dot.counter);
  return { kind: 'put', table: 'operations', key, value: group.encoded };
}

/** Drops the operations above `from` and at or below `to`. */
export function trimWrites(from: VersionVector, to: VersionVector): StorageWrite[] {
  return from.missing(to).map(({ origin, have, need }) => ({
    kind: 'delete-range',
    table: 'operations',
    gte: operationKey(origin, have + 1),
    lt: operationKey(origin, need + 1),
  }));
}

/**
 * The operations of `ranges` that one `fetched` message can carry, in counter order for each origin. The ranges share
 * the message's size evenly, so that a long one does not starve the others.
 */
export function readOperations(reader: StorageReader, ranges: readonly MissingRange[]): WriteGroup[] {
  const groups: WriteGroup[] = [];
  const shareBytes = Math.max(1, Math.floor(LIMITS.fetchMaxBytes / Math.max(1, ranges.length)));
  let totalBytes = 0;
  for (const range of ranges) {
    let rangeBytes = 0;
    for (const group of operationsOf(reader, range)) {
      const size = group.encoded.length;
      if (groups.length >= LIMITS.fetchMaxGroups) return groups;
      if (rangeBytes > 0 && rangeBytes + size > shareBytes) break;
      if (groups.length > 0 && totalBytes + size > LIMITS.fetchMaxBytes) break;
      rangeBytes += size;
      totalBytes += size;
      groups.push(group);
    }
  }
  return groups;
}

function* operationsOf(reader: StorageReader, range: MissingRange): Iterable<WriteGroup> {
  const gte = operationKey(range.origin, range.have + 1);
  const lt = operationKey(range.origin, range.need + 1);
  for (const entry of reader.range('operations', { gte, lt })) {
    yield guardCorruption('operation', () => decodeGroup(entry.value));
  }
}

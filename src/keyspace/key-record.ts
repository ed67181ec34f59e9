/**
 * Everything one view knows of one key: the versions none of which has another in its past, arbitration winner first.
 * Applying delivered versions in any causal order gives the same record everywhere.
 *
 * Source: the sibling sets are those of N. Preguiça et al., "Dotted Version Vectors" (2010), with one causal past per
 * write instead of one per replica.
 */
import { ByteReader, ByteWriter, DecodeError } from '../base/bytes.js';
import type { Dot } from '../clocks/dot.js';
import { decodeDot, type VersionVector } from '../clocks/version-vector.js';
import {
  arbitrate,
  bears,
  decodeIsValue,
  decodeVersion,
  dotsOf,
  encodeVersion,
  supersedes,
  type Version,
} from './version.js';

export type KeyRecord = readonly Version[];

export const NO_VERSIONS: KeyRecord = [];
/** Siblings number at most the origins writing at once; a record beyond this is damage. */
const SIBLINGS_MAX = 1024;

/** The record after `incoming` was delivered. */
export function applyVersion(record: KeyRecord, incoming: Version): KeyRecord {
  const [only] = record;
  if (only === undefined) return [incoming];
  if (record.some((version) => bears(version, incoming.dot))) return record;
  // Nearly always there is one version, and the next write comes after it.
  if (record.length === 1 && supersedes(incoming, only)) return [incoming];
  const kept = record.filter((version) => !supersedes(incoming, version));
  if (kept.some((version) => supersedes(version, incoming))) return kept;
  return insert(kept, incoming);
}

/**
 * The record after `incoming` was delivered, which is a retry of a write that was already delivered here under the
 * dots `twins`. Both are one write: whoever supersedes either supersedes it, and it never comes back once superseded.
 */
export function applyTwin(record: KeyRecord, incoming: Version, twins: readonly Dot[]): KeyRecord {
  if (record.some((version) => bears(version, incoming.dot))) return record;
  const first = record.find((version) => twins.some((twin) => bears(version, twin)));
  // Where the first was superseded, its superseder stays even if the retry, elsewhere, came after a twin of that one.
  const stays = (version: Version) =>
    !supersedes(incoming, version) || (first === undefined && twins.some((twin) => version.deps.covers(twin)));
  const kept = record.filter((version) => version !== first && stays(version));
  return first === undefined ? kept : insert(kept, unite(first, incoming));
}

/** One version of two that are the same write: the arbitration winner, bearing the dots of both. Symmetric. */
function unite(a: Version, b: Version): Version {
  if (dotsOf(b).every((dot) => bears(a, dot))) return a;
  if (dotsOf(a).every((dot) => bears(b, dot))) return b;
  const [winner, other] = arbitrate(a, b) >= 0 ? [a, b] : [b, a];
  const news = dotsOf(other).filter((dot) => !bears(winner, dot));
  const twins = [...winner.twins, ...news].sort(
    (x, y) => (x.origin < y.origin ? -1 : Number(x.origin !== y.origin)) || x.counter - y.counter,
  );
  return { ...winner, deps: winner.deps.join(other.deps), seen: Math.max(a.seen, b.seen), twins };
}

function isSameWrite(a: Version, b: Version): boolean {
  return dotsOf(b).some((dot) => bears(a, dot));
}

/** Versions that share a dot become one. */
function uniteAlike(versions: KeyRecord): KeyRecord {
  const united: Version[] = [];
  for (const version of versions) {
    let whole = version;
    for (let at = united.findIndex((other) => isSameWrite(other, whole)); at >= 0; ) {
      whole = unite(united[at] as Version, whole);
      united.splice(at, 1);
      at = united.findIndex((other) => isSameWrite(other, whole));
    }
    united.push(whole);
  }
  return united;
}

/**
 * The record after it became known that `dots`, all delivered here, are one write. If one of them is not borne by any
 * version it was superseded, and so was the write.
 */
export function uniteTwins(record: KeyRecord, dots: readonly Dot[]): KeyRecord {
  const bearers = record.filter((version) => dots.some((dot) => bears(version, dot)));
  if (bearers.length === 0) return record;
  const rest = record.filter((version) => !bearers.includes(version));
  const isWhole = dots.every((dot) => bearers.some((version) => bears(version, dot)));
  return isWhole ? insert(rest, bearers.reduce(unite)) : rest;
}

function insert(record: KeyRecord, version: Version): KeyRecord {
  const at = record.findIndex((other) => arbitrate(version, other) > 0);
  return at < 0 ? [...record, version] : [...record.slice(0, at), version, ...record.slice(at)];
}

/**
 * Join two replicas' records of a key, each taken at a known vector. A version that one side lacks although its vector
 * covers it was superseded there, and stays so.
 */
export function mergeRecords(
  mine: KeyRecord,
  myVector: VersionVector,
  theirs: KeyRecord,
  theirVector: VersionVector,
): KeyRecord {
  const isThere = (record: KeyRecord, version: Version) => record.some((other) => isSameWrite(other, version));
  const wasThere = (vector: VersionVector, version: Version) => dotsOf(version).some((dot) => vector.covers(dot));
  const kept = mine.filter((version) => isThere(theirs, version) || !wasThere(theirVector, version));
  const news = theirs.filter((version) => isThere(mine, version) || !wasThere(myVector, version));
  return maximal(uniteAlike([...kept, ...news]));
}

/** Join two records that should have been equal: every version that no version of either side supersedes. */
export function reconcileRecords(mine: KeyRecord, theirs: KeyRecord): KeyRecord {
  return maximal(uniteAlike([...mine, ...theirs]));
}

function maximal(versions: KeyRecord): KeyRecord {
  return versions
    .filter((version) => !versions.some((other) => supersedes(other, version) && !supersedes(version, other)))
    .sort((a, b) => arbitrate(b, a));
}

/** What a new write over `record` has in its past, besides its token. */
export function pastOf(record: KeyRecord, deps: VersionVector): VersionVector {
  let past = deps;
  for (const version of record) {
    past = past.join(version.deps).with(version.dot);
    for (const twin of version.twins) past = past.with(twin);
  }
  return past;
}

/** The newest linearizable write in the past of a write over `record`. */
export function seenOf(record: KeyRecord): number {
  return record.reduce((seen, version) => Math.max(seen, version.seen), 0);
}

/** Whether a reader finds a value. */
export function isLive(record: KeyRecord): boolean {
  return record[0]?.kind === 'value';
}

/** Nothing but tombstones that every member has delivered: the record may be forgotten. */
export function isForgettable(record: KeyRecord, stable: VersionVector): boolean {
  return record.every(
    (version) =>
      version.kind === 'tombstone' && stable.covers(version.dot) && version.twins.every((twin) => stable.covers(twin)),
  );
}

export function encodeRecord(record: KeyRecord): Uint8Array {
  const first = record[0];
  const writer = new ByteWriter(first?.kind === 'value' ? first.bytes.length + 160 : 128);
  writer.varuint(record.length);
  for (const version of record) encodeVersion(writer, version);
  return writer.finish();
}

/** @throws DecodeError on anything `encodeRecord` would not write. */
export function decodeRecord(bytes: Uint8Array): KeyRecord {
  const reader = new ByteReader(bytes);
  const count = reader.varuint();
  if (count === 0 || count > SIBLINGS_MAX) throw new DecodeError(`record of ${count} versions`);
  const versions: Version[] = [];
  for (let i = 0; i < count; i += 1) versions.push(decodeVersion(reader));
  reader.end();
  return versions;
}

/** `isLive` of the record that `encodeRecord` wrote, by its first bytes. @throws DecodeError if they are not */
export function isLiveEncoded(bytes: Uint8Array): boolean {
  const reader = new ByteReader(bytes);
  reader.varuint();
  return decodeIsValue(reader);
}

/** The dot of the one version of which this is the encoded record; undefined if it has several. @throws DecodeError */
export function onlyDotEncoded(bytes: Uint8Array): Dot | undefined {
  const reader = new ByteReader(bytes);
  if (reader.varuint() !== 1) return undefined;
  decodeIsValue(reader);
  return decodeDot(reader);
}

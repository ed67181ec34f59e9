/**
 * How writes of the weaker levels enter the linearizable order: the proposer of an entry puts in what its causal view
 * knows of the keys it touches and the ordered view does not, and applying the entry joins the two. Nothing comes in
 * twice, and nothing comes back: versions carry their whole past, so whatever superseded a version names it.
 */
import { type ByteReader, type ByteWriter, DecodeError } from '../../base/bytes.js';
import { LOG_ORIGIN } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { isForgettable, type KeyRecord, NO_VERSIONS, reconcileRecords } from '../key-record.js';
import { bears, decodeVersion, dotsOf, encodeVersion, supersedes, type Version } from '../version.js';
import type { Forgotten } from './progress.js';

/** Versions of one key, with their values. */
export interface Adoption {
  readonly key: string;
  readonly versions: readonly Version[];
}

/**
 * What an entry that touches the key must adopt, judged by a replica that read `causal` no earlier than `ordered`: the
 * versions that the ordered view neither has nor has superseded. Never one of the log itself: what the log wrote the
 * ordered view has had. Where it holds nothing of the key, a deletion that is forgotten adds nothing.
 */
export function adoptable(ordered: KeyRecord, causal: KeyRecord, forgotten: Forgotten): readonly Version[] {
  if (ordered.length === 0 && isForgettable(causal, forgotten.stable)) return NO_VERSIONS;
  return causal.filter(
    (version) => version.dot.origin !== LOG_ORIGIN && !ordered.some((known) => knows(known, version)),
  );
}

function knows(known: Version, version: Version): boolean {
  return supersedes(known, version) || dotsOf(version).every((dot) => bears(known, dot));
}

/** The ordered record after `versions` were adopted; `ordered` itself if that changes nothing. */
export function adopt(ordered: KeyRecord, versions: readonly Version[], forgotten: Forgotten): KeyRecord {
  const news = adoptable(ordered, versions, forgotten);
  return news.length === 0 ? ordered : reconcileRecords(ordered, news);
}

/**
 * Whether the causal view may forget a record that says nothing but "deleted". It must wait for the log to agree on what
 * is forgotten, and, if the ordered view holds anything of the key, for it to have adopted the deletion first: otherwise
 * the next linearizable read finds what was deleted. `forgotten` counts once the entry `forgotten.at` is delivered in the
 * causal plane.
 */
export function mayForget(causal: KeyRecord, ordered: KeyRecord, forgotten: Forgotten): boolean {
  return isForgettable(causal, forgotten.stable) && adoptable(ordered, causal, forgotten).length === 0;
}

/**
 * Whether an entry that forgets up to `stable` may name the key, so that its record leaves the ordered view: neither
 * view holds anything but tombstones that `stable` covers.
 */
export function mayForgetOrdered(causal: KeyRecord, ordered: KeyRecord, stable: Forgotten['stable']): boolean {
  return ordered.length > 0 && isForgettable(ordered, stable) && isForgettable(causal, stable);
}

/** Cut into parts that fit one entry each. The last part may go with a command, the others go before it. */
export function splitAdoptions(adoptions: readonly Adoption[]): readonly (readonly Adoption[])[] {
  const parts: Adoption[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const { key, versions } of adoptions) {
    for (const version of versions) {
      const size = sizeOf(key, version);
      let part = parts[parts.length - 1] ?? [];
      if (bytes + size > LIMITS.adoptionMaxBytes || part.length >= LIMITS.adoptionMaxKeys) {
        part = [];
        parts.push(part);
        bytes = 0;
      }
      bytes += size;
      const last = part[part.length - 1];
      if (last?.key === key) part[part.length - 1] = { key, versions: [...last.versions, version] };
      else part.push({ key, versions: [version] });
    }
  }
  return parts;
}

/** At least what the version takes in an entry. */
function sizeOf(key: string, version: Version): number {
  const value = version.kind === 'value' ? version.bytes.length + version.contentType.length * 3 + 8 : 0;
  return key.length * 3 + 128 + version.deps.size * 50 + version.twins.length * 50 + value;
}

export function encodeAdoptions(writer: ByteWriter, adoptions: readonly Adoption[]): void {
  writer.varuint(adoptions.length);
  for (const { key, versions } of adoptions) {
    writer.string(key).varuint(versions.length);
    for (const version of versions) encodeVersion(writer, version);
  }
}

/** @throws DecodeError on anything `encodeAdoptions` would not write, and on versions that cannot be. */
export function decodeAdoptions(reader: ByteReader): readonly Adoption[] {
  const count = reader.count();
  if (count > LIMITS.adoptionMaxKeys) throw new DecodeError(`adoption of ${count} keys`);
  const adoptions: Adoption[] = [];
  const keys = new Set<string>();
  for (let i = 0; i < count; i += 1) {
    const key = reader.string(LIMITS.keyMaxBytes);
    if (key === '' || keys.has(key)) throw new DecodeError('adoption of an empty key or of one key twice');
    keys.add(key);
    adoptions.push({ key, versions: decodeVersions(reader) });
  }
  return adoptions;
}

function decodeVersions(reader: ByteReader): readonly Version[] {
  const count = reader.varuint();
  if (count === 0 || count > LIMITS.vectorMaxEntries) throw new DecodeError(`adoption of ${count} versions`);
  return Array.from({ length: count }, () => {
    const version = decodeVersion(reader);
    if (supersedes(version, version)) throw new DecodeError('a version is in its own past');
    return version;
  });
}

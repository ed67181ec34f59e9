/** Keys and their versions as JSON: the entry with its siblings, and lists of entries. */
import { isUtf8 } from 'node:buffer';
import { formatDot } from '../clocks/dot.js';
import { formatHlc } from '../clocks/hybrid-logical-clock.js';
import type { KeyState } from '../replica/request-types.js';
import type { AbsentEntry, ListedEntry, Sibling } from './schemas.js';

type Version = KeyState['versions'][number];
type ValueVersion = Extract<Version, { readonly kind: 'value' }>;

/** The entity tag of a version, quotes included: the text of the `ETag` header and of `etag` members. */
export function etagOf(version: Version): string {
  return `"${formatDot(version.dot)}"`;
}

/** The stamp of a version as headers and members carry it. */
export function timestampOf(version: Version): string {
  return formatHlc(version.hlc);
}

/** The winning version if it is a value: what a plain read shows. */
export function winnerOf(state: KeyState): ValueVersion | undefined {
  const [winner] = state.versions;
  return winner?.kind === 'value' ? winner : undefined;
}

/** Versions besides the winner, tombstones included. */
export function conflictsOf(state: KeyState): number {
  return Math.max(0, state.versions.length - 1);
}

export function listedEntry(key: string, winner: ValueVersion, state: KeyState): ListedEntry {
  return {
    key,
    etag: etagOf(winner),
    ...contentOf(winner),
    timestamp: timestampOf(winner),
    siblings: siblingsOf(state),
  };
}

/** How a multi-key read shows a key that is not there. */
export function absentEntry(state: KeyState): AbsentEntry {
  const absent = { key: state.key, etag: null, value: null } as const;
  return state.versions.length > 1 ? { ...absent, siblings: siblingsOf(state) } : absent;
}

export function siblingsOf(state: KeyState): readonly Sibling[] {
  return state.versions.slice(1).map((version): Sibling => {
    const stem = { etag: etagOf(version), timestamp: timestampOf(version) };
    return version.kind === 'value' ? { ...stem, ...contentOf(version) } : { ...stem, deleted: true };
  });
}

/** Text stays readable; bytes that are no text become base64. */
export function contentOf(version: ValueVersion): Pick<ListedEntry, 'contentType' | 'encoding' | 'value'> {
  const { contentType, bytes } = version;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer)
    ? { contentType, encoding: 'utf8', value: buffer.toString('utf8') }
    : { contentType, encoding: 'base64', value: buffer.toString('base64') };
}

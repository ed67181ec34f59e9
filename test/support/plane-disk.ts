/**
 * What a replica of the causal plane's tests keeps on its disk: plain maps, copied as a whole. A key's versions are
 * folded in the simplest way that is right: a new version drops those its past covers, and the rest are siblings.
 */
import { utf8Decode, utf8Encode } from '../../src/base/bytes.js';
import type { Origin } from '../../src/base/ids.js';
import { type Dot, formatDot } from '../../src/clocks/dot.js';
import { compareHlc, HLC_ZERO, type Hlc } from '../../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import type { InstallStep, PersistBatch } from '../../src/replication/causal-plane.js';
import type { SnapshotCursor, SnapshotPageMessage } from '../../src/replication/messages.js';
import type { WriteGroup } from '../../src/replication/write-group.js';

/** Undefined value = a delete. */
export interface Op {
  readonly key: string;
  readonly value: string | undefined;
}

export interface Version extends Op {
  readonly dot: Dot;
  readonly hlc: Hlc;
  readonly deps: VersionVector;
}

export function encodeOps(ops: readonly Op[]): Uint8Array {
  return utf8Encode(ops.map(({ key, value }) => (value === undefined ? `${key}!` : `${key}=${value}`)).join(','));
}

export function decodeOps(body: Uint8Array): Op[] {
  return utf8Decode(body)
    .split(',')
    .map((text) => {
      if (text.endsWith('!')) return { key: text.slice(0, -1), value: undefined };
      const at = text.indexOf('=');
      return { key: text.slice(0, at), value: text.slice(at + 1) };
    });
}

export type Keys = Map<string, readonly Version[]>;

/** Apply a delivered group. Winner first, as `(hlc, origin)` says. */
export function applyGroup(keys: Keys, group: WriteGroup): void {
  for (const op of decodeOps(group.body)) {
    const before = keys.get(op.key) ?? [];
    if (before.some(({ dot }) => formatDot(dot) === formatDot(group.dot))) continue;
    const version = { ...op, dot: group.dot, hlc: group.hlc, deps: group.deps };
    setVersions(keys, op.key, [...before.filter(({ dot }) => !group.deps.covers(dot)), version]);
  }
}

function setVersions(keys: Keys, key: string, versions: readonly Version[]): void {
  const byArbitration = (a: Version, b: Version) =>
    compareHlc(b.hlc, a.hlc) || (a.dot.origin < b.dot.origin ? 1 : -1) || b.dot.counter - a.dot.counter;
  if (versions.length === 0) keys.delete(key);
  else keys.set(key, [...versions].sort(byArbitration));
}

/** Keys of which every version is a tombstone inside `forgotten` go. */
export function forgetTombstones(keys: Keys, forgotten: VersionVector): void {
  for (const [key, versions] of [...keys]) {
    if (versions.every(({ value, dot }) => value === undefined && forgotten.covers(dot))) keys.delete(key);
  }
}

/** The state as text: one line a key, keys with nothing but tombstones left out. */
export function describeKeys(keys: Keys): string[] {
  return [...keys]
    .filter(([, versions]) => versions.some(({ value }) => value !== undefined))
    .map(([key, versions]) => {
      const texts = versions.map(({ value, dot }) => `${value ?? '(deleted)'}@${formatDot(dot)}`);
      return `${key}: ${texts.join(' | ')}`;
    })
    .sort();
}

export class PlaneDisk {
  readonly origin: Origin;
  vector = VersionVector.EMPTY;
  floor = VersionVector.EMPTY;
  forgotten = VersionVector.EMPTY;
  hlc: Hlc = HLC_ZERO;
  /** The join of the snapshot pages merged by an unfinished install. */
  installTarget: VersionVector | undefined;
  operations = new Map<string, WriteGroup>();
  keys: Keys = new Map();

  constructor(origin: Origin) {
    this.origin = origin;
  }

  /** The same data, perhaps under another origin. */
  copy(origin: Origin = this.origin): PlaneDisk {
    const copy = new PlaneDisk(origin);
    Object.assign(copy, { ...this, origin, operations: new Map(this.operations), keys: new Map(this.keys) });
    return copy;
  }

  /** The whole batch, as one transaction. */
  commit(batch: PersistBatch): void {
    for (const group of batch.deliveries) {
      this.operations.set(formatDot(group.dot), group);
      applyGroup(this.keys, group);
    }
    this.vector = batch.vector;
    this.hlc = batch.hlc;
    if (batch.install !== undefined) this.#merge(batch.install);
    if (batch.trim !== undefined) this.#trim(batch.trim);
  }

  /** The snapshot page after `cursor`, of at most two keys. */
  page(session: number, cursor: SnapshotCursor): SnapshotPageMessage {
    const after = cursor.after === undefined ? '' : utf8Decode(cursor.after);
    const keys = [...this.keys.keys()].sort().filter((key) => key > after);
    const entries = keys.slice(0, 2).map((key) => ({ key: utf8Encode(key), value: this.#encodeVersions(key) }));
    const last = entries[entries.length - 1];
    const next = keys.length > 2 ? { table: cursor.table, after: last?.key } : undefined;
    const { vector, forgotten } = this;
    return { kind: 'snapshot-page', session, cursor, vector, forgotten, entries, next };
  }

  /** In these tests versions travel as they are, looked up by their names; only the names are in the bytes. */
  #encodeVersions(key: string): Uint8Array {
    const versions = this.keys.get(key) ?? [];
    const bytes = utf8Encode(versions.map(({ dot }) => formatDot(dot)).join(','));
    IN_TRANSIT.set(bytes, versions);
    return bytes;
  }

  #merge({ page, own, last }: InstallStep): void {
    const from = page.cursor.after === undefined ? '' : utf8Decode(page.cursor.after);
    const through = page.next?.after === undefined ? '\u{10ffff}' : utf8Decode(page.next.after);
    const theirs = new Map(page.entries.map(({ key, value }) => [utf8Decode(key), IN_TRANSIT.get(value) ?? []]));
    const mine = [...this.keys.keys()].filter((key) => key > from && key <= through);
    for (const key of new Set([...theirs.keys(), ...mine])) {
      const merged = mergeVersions(this.keys.get(key) ?? [], own, theirs.get(key) ?? [], page.vector);
      setVersions(this.keys, key, merged);
    }
    this.installTarget = last ? undefined : (this.installTarget ?? VersionVector.EMPTY).join(page.vector);
  }

  #trim(trim: { readonly floor: VersionVector; readonly forgotten: VersionVector }): void {
    this.floor = trim.floor;
    this.forgotten = trim.forgotten;
    for (const [name, { dot }] of [...this.operations]) if (trim.floor.covers(dot)) this.operations.delete(name);
    forgetTombstones(this.keys, trim.forgotten);
  }
}

const IN_TRANSIT = new WeakMap<Uint8Array, readonly Version[]>();

/** What one side lacks although its vector covers it was superseded there. */
function mergeVersions(
  mine: readonly Version[],
  own: VersionVector,
  theirs: readonly Version[],
  vector: VersionVector,
): Version[] {
  const has = (versions: readonly Version[], { dot }: Version) =>
    versions.some((other) => formatDot(other.dot) === formatDot(dot));
  const kept = mine.filter((version) => has(theirs, version) || !vector.covers(version.dot));
  const news = theirs.filter((version) => !has(kept, version) && !own.covers(version.dot));
  const all = [...kept, ...news];
  return all.filter((version) => !all.some((other) => other.deps.covers(version.dot)));
}

/**
 * Remembers every write group that was ever durable anywhere, and says from the groups alone, by the definitions and without
 * any of the product's merging: what may be shown to whom, and what must be left in the end.
 */
import { equalBytes } from '../../base/bytes.js';
import { LOG_ORIGIN } from '../../base/ids.js';
import { type Dot, formatDot } from '../../clocks/dot.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import { decodeBody, type GroupBody } from '../../keyspace/group-body.js';
import { decodeRecord } from '../../keyspace/key-record.js';
import { dotsOf, type Version } from '../../keyspace/version.js';
import { decodeGroup, type WriteGroup } from '../../replication/write-group.js';
import type { SimDisk } from '../world/disk.js';

export interface Noted {
  readonly group: WriteGroup;
  readonly body: GroupBody;
  /** The same for all groups that one request became: its retries at other replicas. */
  readonly write: string;
}

/** What a key was shown as. */
export interface Shown {
  readonly key: string;
  readonly versions: readonly Version[];
}

export class Ledger {
  readonly #byDot = new Map<string, Noted>();
  readonly #byKey = new Map<string, Noted[]>();
  readonly #fail: (rule: string, sentence: string) => void;
  /** Shown while its group was still on its way to the first disk: the log had it. */
  readonly #shownEarly: { readonly shown: Shown; readonly where: string }[] = [];
  readonly #leftOut: { readonly key: string; readonly where: string; readonly seen: Noted }[] = [];

  constructor(fail: (rule: string, sentence: string) => void) {
    this.#fail = fail;
  }

  get size(): number {
    return this.#byDot.size;
  }

  /** A group is on a disk. */
  note(encoded: Uint8Array): void {
    const group = decodeGroup(encoded);
    const name = formatDot(group.dot);
    const known = this.#byDot.get(name);
    if (known !== undefined) {
      if (equalBytes(known.group.encoded, encoded)) return;
      this.#fail('dot-names-one-group', `${name} names two different write groups`);
      return;
    }
    const body = decodeBody(group.body);
    const write = body.retry === undefined ? name : `${body.retry.key}/${body.retry.fingerprint}`;
    const noted = { group, body, write };
    this.#byDot.set(name, noted);
    for (const { key } of body.ops) {
      const ofKey = this.#byKey.get(key) ?? [];
      ofKey.push(noted);
      this.#byKey.set(key, ofKey);
    }
  }

  find(dot: Dot): Noted | undefined {
    return this.#byDot.get(formatDot(dot));
  }

  /** Everything that was shown is as it was written, and was durable somewhere before. */
  checkShown({ key, versions }: Shown, where: string): void {
    for (const version of versions) {
      const noted = this.find(version.dot);
      if (noted === undefined && version.dot.origin === LOG_ORIGIN) {
        this.#shownEarly.push({ shown: { key, versions: [version] }, where });
        continue;
      }
      const op = noted?.body.ops.find((candidate) => candidate.key === key);
      const isSame =
        op !== undefined &&
        (version.kind === 'value' ? op.kind === 'put' && equalBytes(op.bytes, version.bytes) : op.kind === 'delete');
      if (isSame) continue;
      this.#fail(
        'nothing-out-of-thin-air',
        `${where} shows ${formatDot(version.dot)} of ${key}, which nobody wrote so`,
      );
    }
  }

  /** All is quiet: what the log alone had when it was shown is on all disks. */
  checkWhenQuiet(): void {
    for (const { shown, where } of this.#shownEarly.splice(0)) this.checkShown(shown, where);
    for (const { shown, where } of this.#shownEarly.splice(0)) {
      this.#fail('committed-before-shown', `${where} shows an entry of the log for ${shown.key} that never was`);
    }
    for (const { key, where, seen } of this.#leftOut.splice(0)) {
      if (this.#byKey.get(key)?.some((noted) => isDeletion(noted, key))) continue;
      this.#fail('session-sees-its-past', `${where} leaves out ${key}; ${formatDot(seen.group.dot)} was seen before`);
    }
  }

  /** `past` with all that the shown versions depend on. */
  pastOf(shown: readonly Shown[], past: VersionVector): VersionVector {
    let joined = past;
    for (const { versions } of shown) {
      for (const version of versions) joined = joined.join(version.deps).with(version.dot);
    }
    return joined;
  }

  /**
   * Whoever has `past` behind him may be shown this: each write of the key in it is there, or something that came after it,
   * or a deletion that came after it has been forgotten.
   */
  checkPast({ key, versions }: Shown, past: VersionVector, where: string): void {
    const ofKey = this.#byKey.get(key) ?? [];
    const shown = new Set(versions.flatMap((version) => dotsOf(version).map(formatDot)));
    const explained = new Map<string, boolean>();
    const isExplained = (noted: Noted): boolean => {
      const known = explained.get(noted.write);
      if (known !== undefined) return known;
      explained.set(noted.write, false);
      const twins = ofKey.filter(({ write }) => write === noted.write);
      const result =
        twins.some(
          ({ group: { dot } }) => shown.has(formatDot(dot)) || versions.some(({ deps }) => deps.covers(dot)),
        ) ||
        isDeletion(noted, key) ||
        ofKey.some((later) => twins.some(({ group: { dot } }) => later.group.deps.covers(dot)) && isExplained(later));
      explained.set(noted.write, result);
      return result;
    };
    for (const noted of ofKey) {
      const { dot } = noted.group;
      if (!past.covers(dot) || isExplained(noted)) continue;
      const instead = versions.map((version) => formatDot(version.dot)).join(', ') || 'nothing';
      this.#fail('session-sees-its-past', `${where} shows ${instead} of ${key}; ${formatDot(dot)} was seen before`);
    }
  }

  /**
   * A list leaves out what shows no value: no write of the key in `past` may be without a deletion beside or after it. One
   * that the log has and no disk yet is known only later, so this is judged when all is quiet.
   */
  noteAbsent(key: string, past: VersionVector, where: string): void {
    const seen = (this.#byKey.get(key) ?? []).find(({ group }) => past.covers(group.dot));
    if (seen !== undefined) this.#leftOut.push({ key, where, seen });
  }

  /** A replica's vector has grown: each group was delivered after all that it depends on. */
  checkDelivery(before: VersionVector, after: VersionVector, where: string): void {
    for (const { origin, have, need } of before.missing(after)) {
      for (let counter = have + 1; counter <= need; counter += 1) {
        const noted = this.find({ origin, counter });
        if (noted === undefined || after.includes(noted.group.deps)) continue;
        const missing = JSON.stringify(after.missing(noted.group.deps));
        this.#fail('causes-before-effects', `${where} has delivered ${origin}.${counter} without ${missing}`);
      }
    }
  }

  /** By key: the writes within `vector` that no other has in its past, deletions left out. Each as the dots of its retries. */
  survivors(vector: VersionVector): Map<string, string> {
    const left = new Map<string, string>();
    for (const [key, all] of this.#byKey) {
      const writes = new Map<string, Noted[]>();
      for (const noted of all) {
        if (!vector.covers(noted.group.dot)) continue;
        const tries = writes.get(noted.write);
        if (tries === undefined) writes.set(noted.write, [noted]);
        else tries.push(noted);
      }
      const names = survivorsOf(key, [...writes.values()]);
      if (names.length > 0) left.set(key, names.join(' | '));
    }
    return left;
  }

  /** The same of what a disk holds. */
  static held(disk: SimDisk): Map<string, string> {
    const held = new Map<string, string>();
    for (const { key, value } of disk.tables.keyspace.range({})) {
      const values = decodeRecord(value).filter(({ kind }) => kind === 'value');
      const names = values.map((version) => named(dotsOf(version))).sort();
      if (names.length > 0) held.set(Buffer.from(key).toString(), names.join(' | '));
    }
    return held;
  }
}

function isDeletion({ body }: Noted, key: string): boolean {
  return body.ops.some((op) => op.key === key && op.kind === 'delete');
}

function survivorsOf(key: string, writes: readonly (readonly Noted[])[]): string[] {
  return writes
    .filter((tries) => {
      const isOver = ({ group }: Noted) => tries.some((own) => group.deps.covers(own.group.dot));
      return !writes.some((others) => others !== tries && others.some(isOver));
    })
    .filter(([first]) => first !== undefined && !isDeletion(first, key))
    .map((tries) => named(tries.map(({ group }) => group.dot)))
    .sort();
}

function named(dots: readonly Dot[]): string {
  return dots.map(formatDot).sort().join('+');
}

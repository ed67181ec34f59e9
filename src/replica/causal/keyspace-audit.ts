/**
 * A slow walk over the keyspace. It forgets what is stable and compares, page by page and at equal vectors, a hash
 * with a random peer: what vectors cannot show - a record that a fault of disk or program changed - is found and
 * joined again. No version that either side still holds is lost by that.
 */
import { utf8Decode } from '../../base/bytes.js';
import { crc32 } from '../../base/checksum.js';
import type { ReplicaId } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { decodeRecord, isForgettable, type KeyRecord, reconcileRecords } from '../../keyspace/key-record.js';
import { decodeRetryEntry } from '../../keyspace/retry-entry.js';
import type { Random } from '../../ports/random.js';
import type { Storage, StorageEntry, StorageRange } from '../../ports/storage.js';
import type { Trace } from '../../ports/trace.js';
import { guardCorruption } from '../stored-state.js';
import type { AuditHash, AuditMessage, AuditRecords, KeyRange } from '../wire/audit-codec.js';
import type { CausalDriver } from './causal-driver.js';
import { after } from './snapshot-server.js';

export interface AuditOptions {
  readonly storage: Storage;
  readonly driver: CausalDriver;
  readonly random: Random;
  readonly trace: Trace;
  readonly send: (to: ReplicaId, message: AuditMessage) => void;
}

interface Page {
  readonly range: KeyRange;
  readonly entries: readonly StorageEntry[];
  readonly records: readonly KeyRecord[];
}

/** Beyond the window in which a retry is judged a twin, against differences between clocks. */
const RETRY_KEPT_MS = LIMITS.idempotencyWindowMs + 60 * 60 * 1000;

export class KeyspaceAudit {
  readonly #options: AuditOptions;
  #lastMs = 0;
  #after: Uint8Array | undefined;
  #retriesAfter: Uint8Array | undefined;
  #repaired = 0;
  #compared = 0;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  /** Records changed because a peer's differed. */
  get repaired(): number {
    return this.#repaired;
  }

  /** Pages compared with a peer's. */
  get compared(): number {
    return this.#compared;
  }

  tick(): void {
    const { monotonicMs, wallMs } = this.#options.driver.now();
    if (monotonicMs - this.#lastMs < LIMITS.auditIntervalMs) return;
    this.#lastMs = monotonicMs;
    const page = this.#page({ after: this.#after, last: undefined }, LIMITS.auditPageMaxKeys);
    this.#after = page.range.last;
    this.#forget(page);
    this.#forgetRetries(wallMs);
    const peer = this.#peer();
    if (peer !== undefined) this.#options.send(peer, this.#hashMessage(page));
  }

  /** @throws DecodeError if an entry is no record. */
  receive(from: ReplicaId, message: AuditMessage): void {
    if (message.kind === 'audit-records') for (const entry of message.entries) decodeRecord(entry.value);
    const { plane } = this.#options.driver;
    if (plane.installing || !plane.durable.equals(message.vector)) return;
    if (message.kind === 'audit-hash') this.#compare(from, message);
    else this.#join(from, message);
  }

  #compare(from: ReplicaId, message: AuditHash): void {
    this.#compared += 1;
    const page = this.#page(message.range, LIMITS.auditPageMaxKeys * 2);
    if (this.#hashMessage(page).hash === message.hash) return;
    this.#options.trace({ name: 'audit.difference', level: 'warn', facts: { peer: from, keys: page.entries.length } });
    this.#options.send(from, this.#recordsMessage(page, true));
  }

  #join(from: ReplicaId, message: AuditRecords): void {
    if (message.wantReply) {
      const page = this.#page(message.range, LIMITS.auditPageMaxKeys * 4);
      this.#options.send(from, this.#recordsMessage(page, false));
    }
    const { driver } = this.#options;
    driver.submit({
      sizeBytes: 0,
      issue: (turn) => {
        if (!driver.plane.applied.equals(message.vector)) return;
        for (const entry of message.entries) {
          const key = utf8Decode(entry.key);
          const mine = turn.recordReread(key);
          const joined = reconcileRecords(mine, decodeRecord(entry.value));
          if (sameVersions(mine, joined)) continue;
          this.#repaired += 1;
          turn.put(key, joined);
        }
      },
      committed: () => {},
    });
  }

  /** A peer whose vector equals ours, so that hashes can be compared; undefined if there is none now. */
  #peer(): ReplicaId | undefined {
    const { driver, random } = this.#options;
    const { plane } = driver;
    if (plane.installing) return undefined;
    const equal = plane.peers(driver.now()).filter((peer) => peer.reachable && peer.vector.equals(plane.durable));
    return equal[Math.floor(random.float() * equal.length)]?.replica;
  }

  /** Entries of `range`, from its start; `range.last` of the answer says how far it came (undefined = to its end). */
  #page(range: KeyRange, maxKeys: number): Page {
    const entries: StorageEntry[] = [];
    let bytes = 0;
    let reached = range.last;
    for (const entry of this.#options.storage.range('keyspace', storageRange(range))) {
      if (entries.length >= maxKeys || bytes > LIMITS.listPageMaxBytes) {
        reached = entries[entries.length - 1]?.key;
        break;
      }
      entries.push(entry);
      bytes += entry.value.length;
    }
    const records = entries.map((entry) => guardCorruption('record', () => decodeRecord(entry.value)));
    return { range: { after: range.after, last: reached }, entries, records };
  }

  #hashMessage(page: Page): AuditHash {
    let hash = 0;
    let count = 0;
    page.entries.forEach((entry, i) => {
      // Replicas forget tombstones at different moments: they do not count.
      if (page.records[i]?.every((version) => version.kind === 'tombstone') === true) return;
      hash = crc32(entry.value, crc32(entry.key, hash));
      count += 1;
    });
    const { durable: vector } = this.#options.driver.plane;
    return { kind: 'audit-hash', vector, range: page.range, hash: `${count}:${hash.toString(16)}` };
  }

  #recordsMessage(page: Page, wantReply: boolean): AuditRecords {
    const { durable: vector } = this.#options.driver.plane;
    return { kind: 'audit-records', vector, range: page.range, entries: page.entries, wantReply };
  }

  #forget(page: Page): void {
    const { driver } = this.#options;
    const { forgotten } = driver.plane;
    const keys = page.entries
      .filter((_, i) => isForgettable(page.records[i] ?? [], forgotten))
      .map((entry) => utf8Decode(entry.key));
    if (keys.length === 0) return;
    driver.submit({
      sizeBytes: 0,
      issue: (turn) => {
        for (const key of keys) turn.forgetIfStable(key, forgotten);
      },
      committed: () => {},
    });
  }

  /** Once all members have delivered the write, no concurrent twin of it can come any more. */
  #forgetRetries(wallMs: number): void {
    const { storage, driver } = this.#options;
    const { stable } = driver.plane;
    const expired: Uint8Array[] = [];
    let seen = 0;
    let last: Uint8Array | undefined;
    for (const entry of storage.range('retries', storageRange({ after: this.#retriesAfter, last: undefined }))) {
      if (seen >= LIMITS.auditPageMaxKeys) break;
      seen += 1;
      last = entry.key;
      const retry = guardCorruption('retry entry', () => decodeRetryEntry(entry.value));
      if (wallMs - retry.hlc.ms > RETRY_KEPT_MS && stable.covers(retry.dot)) expired.push(entry.key);
    }
    this.#retriesAfter = seen < LIMITS.auditPageMaxKeys ? undefined : last;
    if (expired.length === 0) return;
    driver.submit({
      sizeBytes: 0,
      issue: (turn) => {
        for (const key of expired) turn.forgetRetry(key);
      },
      committed: () => {},
    });
  }
}

function storageRange(range: KeyRange): StorageRange {
  return {
    ...(range.after === undefined ? {} : { gte: after(range.after) }),
    ...(range.last === undefined ? {} : { lt: after(range.last) }),
  };
}

function sameVersions(a: KeyRecord, b: KeyRecord): boolean {
  return a.length === b.length && a.every((version, i) => version === b[i]);
}

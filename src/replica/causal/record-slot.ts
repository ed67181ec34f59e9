/** The record of one key while a turn changes it. It is decoded only if somebody looks inside, and never encoded twice. */
import type { VersionVector } from '../../clocks/version-vector.js';
import {
  decodeRecord,
  encodeRecord,
  isLive,
  isLiveEncoded,
  type KeyRecord,
  NO_VERSIONS,
  onlyDotEncoded,
} from '../../keyspace/key-record.js';
import { guardCorruption } from '../stored-state.js';

export class RecordSlot {
  readonly keyBytes: Uint8Array;
  readonly #stored: Uint8Array | undefined;
  /** The record as it is now, encoded, or decoded, or both; neither for that of no versions. */
  #row: Uint8Array | undefined;
  #record: KeyRecord | undefined;
  #changed = false;

  /** `stored` is what storage has of the key. */
  constructor(keyBytes: Uint8Array, stored: Uint8Array | undefined) {
    this.keyBytes = keyBytes;
    this.#stored = stored;
    this.#row = stored;
  }

  get record(): KeyRecord {
    this.#record ??= this.#row === undefined ? NO_VERSIONS : decode(this.#row);
    return this.#record;
  }

  put(record: KeyRecord): void {
    if (this.record === record) return;
    this.#record = record;
    this.#row = undefined;
    this.#changed = true;
  }

  /**
   * Deliver a write of the log whose past is `deps`, and of which `row` is the record if nothing is left beside it: takes
   * that over if so, or else does nothing and returns false. The one version that is here is superseded if its dot is in
   * that past. It cannot be the write itself, which is not in its own past, nor bear its dot as a twin's: only what was
   * sent with an Idempotency-Key has twins, and the log sends nothing with one.
   */
  succeed(row: Uint8Array, deps: VersionVector): boolean {
    if (!this.#isSupersededBy(deps)) return false;
    this.#row = row;
    this.#record = undefined;
    this.#changed = true;
    return true;
  }

  get changed(): boolean {
    return this.#changed;
  }

  /** The record encoded, as it is to be stored; undefined for that of no versions. */
  get row(): Uint8Array | undefined {
    if (this.#row === undefined && this.#record !== undefined && this.#record.length > 0) {
      this.#row = encodeRecord(this.#record);
    }
    return this.#row;
  }

  /** By how much it changes the number of live keys. */
  get liveDelta(): number {
    const isLiveNow = this.#record === undefined ? isLiveRow(this.#row) : isLive(this.#record);
    return Number(isLiveNow) - Number(isLiveRow(this.#stored));
  }

  #isSupersededBy(deps: VersionVector): boolean {
    const record = this.#record;
    if (record === undefined && this.#row !== undefined) {
      const row = this.#row;
      const dot = guardCorruption('record', () => onlyDotEncoded(row));
      return dot !== undefined && deps.covers(dot);
    }
    const [only, ...others] = record ?? NO_VERSIONS;
    return others.length === 0 && (only === undefined || deps.covers(only.dot));
  }
}

function decode(row: Uint8Array): KeyRecord {
  return guardCorruption('record', () => decodeRecord(row));
}

function isLiveRow(row: Uint8Array | undefined): boolean {
  return row !== undefined && guardCorruption('record', () => isLiveEncoded(row));
}

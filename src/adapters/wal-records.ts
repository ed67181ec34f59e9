/**
 * The bytes of a write-ahead log. A segment begins with a header that is written once; behind it lie records, each with
 * the writes of one flush. A segment is written anew from its start again and again, so that behind its newest record lie
 * remains of older ones: they are told apart by their sequence numbers, which go up by one from record to record over all
 * segments and never start again. Checksums begin with the identity of the log, so that nobody else's record passes.
 */
import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter, DecodeError } from '../base/bytes.js';
import { CausewayError } from '../base/errors.js';
import type { StorageWrite } from '../ports/storage.js';
import { boundOf, decodeWrites, putWrites } from './storage-write-codec.js';

const MAGIC = 'causeway-log';
const FORMAT = 1;
export const LOG_ID_BYTES = 8;
/** Header and records begin at multiples of this, so that a search for records has fewer places to look at. */
const ALIGNMENT_BYTES = 8;
export const SEGMENT_HEADER_BYTES = 32;
/** Length of the body, sequence number (two words), checksum of the body, checksum of these. */
const HEAD_BYTES = 20;
/** A buffer for records that has grown beyond this is not kept. */
const KEPT_MAX_BYTES = 1024 * 1024;
const WORD = 2 ** 32;

export type LogId = Uint8Array;

/** How far a store has come: it has everything up to this record of this log. */
export interface LogMark {
  readonly id: LogId;
  readonly sequence: number;
}

export interface LogRecord {
  readonly sequence: number;
  readonly body: Uint8Array;
  /** Where the next record may begin. */
  readonly end: number;
}

export function encodeMark({ id, sequence }: LogMark): Uint8Array {
  return new ByteWriter().u8(FORMAT).raw(id).varuint(sequence).finish();
}

/** @throws CausewayError `data-dir-corrupt`, `data-dir-newer-format` */
export function decodeMark(stored: Uint8Array, path: string): LogMark {
  const reader = new ByteReader(stored);
  try {
    checkFormat(reader.u8(), path);
    const mark = { id: reader.raw(LOG_ID_BYTES), sequence: reader.varuint() };
    reader.end();
    return mark;
  } catch (error) {
    throw damagedIfUndecodable(error, `the mark that belongs to ${path} is damaged`);
  }
}

export function encodeSegmentHeader(id: LogId): Uint8Array {
  const head = new ByteWriter(SEGMENT_HEADER_BYTES).string(MAGIC).u8(FORMAT).raw(id).finish();
  const header = new Uint8Array(SEGMENT_HEADER_BYTES);
  header.set(head);
  header.set(new ByteWriter(4).u32(crc32(head)).finish(), SEGMENT_HEADER_BYTES - 4);
  return header;
}

/** @throws CausewayError `data-dir-corrupt`, `data-dir-newer-format` */
export function checkSegmentHeader(bytes: Uint8Array, id: LogId, path: string): void {
  const reader = new ByteReader(bytes);
  try {
    if (reader.string(MAGIC.length) !== MAGIC) throw new DecodeError('it does not begin like a log');
    checkFormat(reader.u8(), path);
    const found = reader.raw(LOG_ID_BYTES);
    const checksum = crc32(bytes.subarray(0, reader.position));
    reader.raw(SEGMENT_HEADER_BYTES - 4 - reader.position);
    if (reader.u32() !== checksum) throw new DecodeError('its first bytes have changed');
    if (Buffer.compare(found, id) !== 0) throw new DecodeError('it belongs to another store than the one beside it');
  } catch (error) {
    throw damagedIfUndecodable(error, `${path} is damaged`);
  }
}

/** Writes the records of one log, one after the other, into one buffer. */
export class LogRecordEncoder {
  readonly #seed: number;
  #bytes = new Uint8Array(0);

  constructor(id: LogId) {
    this.#seed = crc32(id);
  }

  /** The record; its bytes are the caller's until the next call. */
  encode(sequence: number, writes: readonly StorageWrite[]): Uint8Array {
    const bytes = this.#room(HEAD_BYTES + boundOf(writes) + ALIGNMENT_BYTES);
    const bodyEnd = putWrites(bytes, HEAD_BYTES, writes);
    const end = aligned(bodyEnd);
    bytes.fill(0, bodyEnd, end);
    const head = new DataView(bytes.buffer, 0, HEAD_BYTES);
    head.setUint32(0, bodyEnd - HEAD_BYTES);
    head.setUint32(4, Math.floor(sequence / WORD));
    head.setUint32(8, sequence % WORD);
    head.setUint32(12, crc32(bytes.subarray(HEAD_BYTES, bodyEnd), this.#seed));
    head.setUint32(16, crc32(bytes.subarray(0, HEAD_BYTES - 4), this.#seed));
    return bytes.subarray(0, end);
  }

  #room(length: number): Uint8Array {
    if (length <= this.#bytes.length) return this.#bytes;
    const bytes = new Uint8Array(2 * length <= KEPT_MAX_BYTES ? 2 * length : length);
    if (bytes.length <= KEPT_MAX_BYTES) this.#bytes = bytes;
    return bytes;
  }
}

/** @throws CausewayError `data-dir-corrupt`: the record is whole, but not what this program writes */
export function decodeLogRecord({ sequence, body }: LogRecord, path: string): StorageWrite[] {
  try {
    return decodeWrites(body);
  } catch (error) {
    throw damagedIfUndecodable(error, `${path} is damaged: record ${sequence} cannot be read`);
  }
}

/** Looks for whole records in the bytes of a segment. */
export class SegmentReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #seed: number;

  constructor(bytes: Uint8Array, id: LogId) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#seed = crc32(id);
  }

  /** The records that follow each other from the start of the segment. */
  run(): LogRecord[] {
    const records: LogRecord[] = [];
    for (let at = SEGMENT_HEADER_BYTES; ; ) {
      const record = this.#recordAt(at, 1);
      const before = records.at(-1)?.sequence;
      if (record === undefined || (before !== undefined && record.sequence !== before + 1)) return records;
      records.push(record);
      at = record.end;
    }
  }

  /** A record of at least this number that lies anywhere behind `start`. */
  findFrom(start: number, sequence: number): LogRecord | undefined {
    for (let at = aligned(start); at < this.#bytes.length; at += ALIGNMENT_BYTES) {
      const record = this.#recordAt(at, sequence);
      if (record !== undefined) return record;
    }
    return undefined;
  }

  #recordAt(at: number, minSequence: number): LogRecord | undefined {
    const left = this.#bytes.length - at - HEAD_BYTES;
    if (left < 0) return undefined;
    const length = this.#view.getUint32(at);
    if (length === 0 || length > left) return undefined;
    const sequence = this.#view.getUint32(at + 4) * WORD + this.#view.getUint32(at + 8);
    if (sequence < minSequence) return undefined;
    const body = at + HEAD_BYTES;
    if (crc32(this.#bytes.subarray(at, body - 4), this.#seed) !== this.#view.getUint32(at + 16)) return undefined;
    const bytes = this.#bytes.subarray(body, body + length);
    if (crc32(bytes, this.#seed) !== this.#view.getUint32(at + 12)) return undefined;
    return { sequence, body: bytes, end: aligned(body + length) };
  }
}

function aligned(position: number): number {
  return Math.ceil(position / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
}

function checkFormat(format: number, path: string): void {
  if (format <= FORMAT) return;
  const detail = `${path} has format ${format}; this program reads up to format ${FORMAT}`;
  throw new CausewayError('data-dir-newer-format', detail);
}

function damagedIfUndecodable(error: unknown, what: string): unknown {
  return error instanceof DecodeError ? new CausewayError('data-dir-corrupt', `${what}: ${error.message}.`) : error;
}

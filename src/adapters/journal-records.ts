/**
 * The records of a journal: each holds the writes of one flush, with a checksum of its own and one of its head, so that a
 * length can be believed before what it measures is looked at.
 *
 * A record is written only when the one before is durable, so a crash can leave only the last one unfinished. A record
 * that is not whole and has a whole one behind it was whole once: that is damage.
 */
import { ByteReader, ByteWriter, DecodeError } from '../base/bytes.js';
import { crc32 } from '../base/checksum.js';
import { CausewayError } from '../base/errors.js';
import type { StorageWrite } from '../ports/storage.js';
import { boundOf, decodeWrites, putWrites } from './storage-write-codec.js';

const MAGIC = 'causeway-journal';
const FORMAT = 1;
/** Length of the body, its checksum, and the checksum of these two. */
const HEAD_BYTES = 12;

/** What a journal begins with. */
export const JOURNAL_HEADER: Uint8Array = new ByteWriter().string(MAGIC).u8(FORMAT).finish();

export function encodeJournalRecord(writes: readonly StorageWrite[]): Uint8Array {
  const room = new Uint8Array(boundOf(writes));
  const body = room.subarray(0, putWrites(room, 0, writes));
  const head = new ByteWriter(HEAD_BYTES).u32(body.length).u32(crc32(body)).finish();
  return new ByteWriter(HEAD_BYTES + body.length).raw(head).u32(crc32(head)).raw(body).finish();
}

/**
 * Hands the writes of each record to `apply`, in order. Returns how many bytes are whole; what is behind them was never
 * acknowledged.
 * @throws CausewayError `data-dir-corrupt`, `data-dir-newer-format`
 */
export function readJournal(bytes: Uint8Array, path: string, apply: (writes: readonly StorageWrite[]) => void): number {
  const refuse = (why: string) => new CausewayError('data-dir-corrupt', `${path} is damaged: ${why}.`);
  let at = checkHeader(bytes, path, refuse);
  for (let body = bodyAt(bytes, at); body !== undefined; body = bodyAt(bytes, at)) {
    try {
      apply(decodeWrites(body));
    } catch (error) {
      if (error instanceof DecodeError) throw refuse(`the record at byte ${at} cannot be read (${error.message})`);
      throw error;
    }
    at += HEAD_BYTES + body.length;
  }
  for (let later = at + 1; later <= bytes.length - HEAD_BYTES; later += 1) {
    if (bodyAt(bytes, later) !== undefined) {
      throw refuse(`what is at byte ${at} is no record, and at byte ${later} there is one`);
    }
  }
  return at;
}

function checkHeader(bytes: Uint8Array, path: string, refuse: (why: string) => CausewayError): number {
  const reader = new ByteReader(bytes);
  try {
    if (reader.string(MAGIC.length) !== MAGIC) throw refuse('it does not begin like a journal');
    const format = reader.u8();
    if (format <= FORMAT) return reader.position;
    const detail = `${path} has format ${format}; this program reads up to format ${FORMAT}`;
    throw new CausewayError('data-dir-newer-format', detail);
  } catch (error) {
    if (error instanceof DecodeError) throw refuse('it does not begin like a journal');
    throw error;
  }
}

/** The body of the record that begins at `at`; undefined if there is no whole one. */
function bodyAt(bytes: Uint8Array, at: number): Uint8Array | undefined {
  if (bytes.length - at < HEAD_BYTES) return undefined;
  const reader = new ByteReader(bytes.subarray(at));
  const length = reader.u32();
  const checksum = reader.u32();
  if (reader.u32() !== crc32(bytes.subarray(at, at + HEAD_BYTES - 4)) || length > reader.remaining) return undefined;
  const body = reader.raw(length);
  return crc32(body) === checksum ? body : undefined;
}

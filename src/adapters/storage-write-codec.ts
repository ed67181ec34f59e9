/** How the writes of a commit are spelled in a file: what journals and logs have in common. */
import { ByteReader, DecodeError } from '../base/bytes.js';
import { STORAGE_KEY_MAX_BYTES, STORAGE_VALUE_MAX_BYTES, type StorageWrite, TABLES } from '../ports/storage.js';

const PUT = 1;
const DELETE = 2;
const DELETE_RANGE = 3;

/** Kind, table and two lengths: at most this much for each write beside its bytes. */
const WRITE_OVERHEAD_BYTES = 12;
/** Up to this length a loop copies faster than a call of the engine. */
const LOOP_MAX_BYTES = 24;

/** Room enough for these writes. */
export function boundOf(writes: readonly StorageWrite[]): number {
  let bytes = 0;
  for (const write of writes) {
    bytes += WRITE_OVERHEAD_BYTES;
    if (write.kind === 'delete-range') bytes += write.gte.length + write.lt.length;
    else bytes += write.key.length + (write.kind === 'put' ? write.value.length : 0);
  }
  return bytes;
}

/** Puts the writes at `start` of `target`, where there is room for them; returns where they end. */
export function putWrites(target: Uint8Array, start: number, writes: readonly StorageWrite[]): number {
  let at = start;
  for (const write of writes) {
    target[at + 1] = TABLES.indexOf(write.table);
    if (write.kind === 'put') {
      target[at] = PUT;
      at = putBytes(target, putBytes(target, at + 2, write.key), write.value);
    } else if (write.kind === 'delete') {
      target[at] = DELETE;
      at = putBytes(target, at + 2, write.key);
    } else {
      target[at] = DELETE_RANGE;
      at = putBytes(target, putBytes(target, at + 2, write.gte), write.lt);
    }
  }
  return at;
}

/** The length, which is one the port takes, as `ByteWriter.varuint` writes it, and the bytes. */
function putBytes(target: Uint8Array, start: number, bytes: Uint8Array): number {
  const { length } = bytes;
  let at = start;
  for (let rest = length; ; rest >>>= 7) {
    target[at++] = rest > 0x7f ? (rest & 0x7f) | 0x80 : rest;
    if (rest <= 0x7f) break;
  }
  if (length > LOOP_MAX_BYTES) target.set(bytes, at);
  else for (let i = 0; i < length; i += 1) target[at + i] = bytes[i] as number;
  return at + length;
}

/** What is handed out are views into `body`. @throws DecodeError */
export function decodeWrites(body: Uint8Array): StorageWrite[] {
  const reader = new ByteReader(body);
  const writes: StorageWrite[] = [];
  while (reader.remaining > 0) writes.push(decodeWrite(reader));
  return writes;
}

function decodeWrite(reader: ByteReader): StorageWrite {
  const kind = reader.u8();
  const table = TABLES[reader.u8()];
  if (table === undefined) throw new DecodeError('unknown table');
  const key = () => reader.bytes(STORAGE_KEY_MAX_BYTES);
  if (kind === PUT) return { kind: 'put', table, key: key(), value: reader.bytes(STORAGE_VALUE_MAX_BYTES) };
  if (kind === DELETE) return { kind: 'delete', table, key: key() };
  if (kind === DELETE_RANGE) return { kind: 'delete-range', table, gte: key(), lt: key() };
  throw new DecodeError(`unknown kind of write ${kind}`);
}

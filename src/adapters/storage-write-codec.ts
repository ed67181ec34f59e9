/** How the writes of a commit are spelled in a file: what journals and logs have in common. */
import { ByteReader, type ByteWriter, DecodeError } from '../base/bytes.js';
import { STORAGE_KEY_MAX_BYTES, STORAGE_VALUE_MAX_BYTES, type StorageWrite, TABLES } from '../ports/storage.js';

const PUT = 1;
const DELETE = 2;
const DELETE_RANGE = 3;

export function encodeWrite(writer: ByteWriter, write: StorageWrite): void {
  const table = TABLES.indexOf(write.table);
  switch (write.kind) {
    case 'put':
      writer.u8(PUT).u8(table).bytes(write.key).bytes(write.value);
      return;
    case 'delete':
      writer.u8(DELETE).u8(table).bytes(write.key);
      return;
    case 'delete-range':
      writer.u8(DELETE_RANGE).u8(table).bytes(write.gte).bytes(write.lt);
      return;
  }
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

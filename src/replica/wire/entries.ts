/** Stored records as they travel: keys of the keyspace, and what is stored under them. */
import { type ByteReader, type ByteWriter, DecodeError } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import type { StorageEntry } from '../../ports/storage.js';

export function writeEntries(writer: ByteWriter, entries: readonly StorageEntry[]): void {
  writer.varuint(entries.length);
  for (const entry of entries) writer.bytes(entry.key).bytes(entry.value);
}

/** @throws DecodeError */
export function readEntries(reader: ByteReader): StorageEntry[] {
  const count = reader.count();
  const entries: StorageEntry[] = [];
  for (let i = 0; i < count; i += 1) {
    const key = reader.bytes(LIMITS.keyMaxBytes);
    if (key.length === 0) throw new DecodeError('empty key');
    // A record of several large siblings is longer than one transport message: it came in fragments.
    entries.push({ key, value: reader.bytes(reader.remaining) });
  }
  return entries;
}

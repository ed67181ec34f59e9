/** Where a list takes its keys from: the stored keyspace, and for the eventual view what still waits in the buffer. */
import { compareBytes, utf8Decode, utf8Encode } from '../../base/bytes.js';
import { decodeRecord, type KeyRecord, NO_VERSIONS } from '../../keyspace/key-record.js';
import type { StorageReader } from '../../ports/storage.js';
import type { EventualIndex } from '../causal/eventual-index.js';
import { after as keyAfter } from '../causal/snapshot-server.js';
import type { ListRequest } from '../request-types.js';
import { guardCorruption } from '../stored-state.js';

export type ListSource = Iterable<{ readonly key: string; readonly record: KeyRecord }>;

/** Stored records under `prefix` and after the key `after`, in byte order of the keys. */
export function* storedKeys(reader: StorageReader, prefix: string, after: string): ListSource {
  const start = utf8Encode(prefix);
  const behind = keyAfter(utf8Encode(after));
  const gte = after !== '' && compareBytes(behind, start) > 0 ? behind : start;
  const end = prefixEnd(start);
  for (const entry of reader.range('keyspace', end === undefined ? { gte } : { gte, lt: end })) {
    const record = guardCorruption('record', () => decodeRecord(entry.value));
    yield { key: utf8Decode(entry.key), record };
  }
}

/** `stored` with the waiting versions of `eventual` merged in, still in byte order. */
export function* mergedKeys(stored: ListSource, eventual: EventualIndex, request: ListRequest): ListSource {
  const afterBytes = utf8Encode(request.after);
  const waiting = eventual
    .keys((key) => key.startsWith(request.prefix) && compareBytes(utf8Encode(key), afterBytes) > 0)
    .map((key) => ({ key, bytes: utf8Encode(key) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes));
  let at = 0;
  for (const { key, record } of stored) {
    const bytes = utf8Encode(key);
    for (let next = waiting[at]; next !== undefined && compareBytes(next.bytes, bytes) <= 0; next = waiting[at]) {
      at += 1;
      if (next.key !== key) yield { key: next.key, record: eventual.over(next.key, NO_VERSIONS) };
    }
    yield { key, record: eventual.over(key, record) };
  }
  for (const { key } of waiting.slice(at)) yield { key, record: eventual.over(key, NO_VERSIONS) };
}

/** The least key above every key that starts with `prefix`; undefined if there is none. */
function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return undefined;
  const end = prefix.slice(0, length);
  end[length - 1] = (end[length - 1] as number) + 1;
  return end;
}

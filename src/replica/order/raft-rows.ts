/**
 * The rows of the table `log`: `h`, what must change with every write; `b`, where the log begins and the snapshot it
 * begins at; and `e` with an index, an entry. Each carries a CRC-32 over all of it, an entry's over its index as well.
 */
import { ByteReader, ByteWriter, DecodeError, utf8Encode } from '../../base/bytes.js';
import { crc32 } from '../../base/checksum.js';
import type { MemberId } from '../../consensus/configuration.js';
import type { Entry } from '../../consensus/entry.js';
import type { SnapshotMeta } from '../../consensus/log-reader.js';
import type { HardState } from '../../consensus/raft-types.js';
import { readEntry, readMember, readSnapshotMeta, writeEntry, writeSnapshotMeta } from '../wire/configuration-codec.js';

export const HEAD_KEY = utf8Encode('h');
export const BASE_KEY = utf8Encode('b');
const ENTRY_PREFIX = 0x65;
/** Bounds of all entries. */
export const ENTRIES_FROM = Uint8Array.of(ENTRY_PREFIX);
export const ENTRIES_TO = Uint8Array.of(ENTRY_PREFIX + 1);

/** Written with every write. */
export interface LogHead {
  readonly hardState: HardState;
  /** The last entry, so that a lost end of the log is noticed. */
  readonly lastIndex: number;
}

export interface LogBase {
  /** Whose log this is: what it promised, it promised under this name. */
  readonly self: MemberId;
  /** The entry before the first one. */
  readonly index: number;
  readonly term: number;
  /** The bytes of all entries up to `index`, as `LogRecord` counts them. */
  readonly totalBytes: number;
  readonly snapshot: SnapshotMeta;
}

/** An entry and what finds its way in the log without reading all of it. */
export interface LogRecord {
  readonly entry: Entry;
  /** The newest configuration entry before this one; 0 or behind the snapshot if there is none. */
  readonly configurationIndex: number;
  /** The bytes of this entry's row and of all before it since the log was founded. */
  readonly totalBytes: number;
}

export function entryKey(index: number): Uint8Array {
  return new ByteWriter(9)
    .u8(ENTRY_PREFIX)
    .u32(Math.floor(index / 2 ** 32))
    .u32(index % 2 ** 32)
    .finish();
}

/** The index in the key of an entry. @throws DecodeError */
export function indexOfKey(key: Uint8Array): number {
  const reader = new ByteReader(key);
  if (reader.u8() !== ENTRY_PREFIX) throw new DecodeError('not the key of an entry');
  const index = reader.u32() * 2 ** 32 + reader.u32();
  reader.end();
  return index;
}

export function encodeHead({ hardState, lastIndex }: LogHead): Uint8Array {
  const { term, votedFor, commit } = hardState;
  const writer = new ByteWriter(64)
    .u32(0)
    .varuint(term)
    .flag(votedFor !== undefined);
  if (votedFor !== undefined) writer.string(votedFor);
  return seal(writer.varuint(commit).varuint(lastIndex));
}

/** @throws DecodeError */
export function decodeHead(bytes: Uint8Array): LogHead {
  const reader = open(bytes);
  const term = reader.varuint();
  const votedFor = reader.flag() ? readMember(reader) : undefined;
  const head = { hardState: { term, votedFor, commit: reader.varuint() }, lastIndex: reader.varuint() };
  reader.end();
  return head;
}

export function encodeBase({ self, index, term, totalBytes, snapshot }: LogBase): Uint8Array {
  const writer = new ByteWriter(256).u32(0).string(self).varuint(index).varuint(term).varuint(totalBytes);
  writeSnapshotMeta(writer, snapshot);
  return seal(writer);
}

/** @throws DecodeError */
export function decodeBase(bytes: Uint8Array): LogBase {
  const reader = open(bytes);
  const base = {
    self: readMember(reader),
    index: reader.varuint(),
    term: reader.varuint(),
    totalBytes: reader.varuint(),
    snapshot: readSnapshotMeta(reader),
  };
  reader.end();
  return base;
}

/** `totalBefore` is the total of the entry before; the row's own size is added. */
export function encodeRecord(entry: Entry, configurationIndex: number, totalBefore: number): Uint8Array {
  const body = entry.kind === 'command' ? entry.bytes.length : 0;
  const writer = new ByteWriter(64 + body).u32(0).varuint(entry.index).varuint(configurationIndex);
  writer.varuint(totalBefore);
  writeEntry(writer, entry);
  return seal(writer);
}

/** The record in the row at `index`. @throws DecodeError */
export function decodeRecord(index: number, bytes: Uint8Array): LogRecord {
  const reader = open(bytes);
  if (reader.varuint() !== index) throw new DecodeError('an entry of another index');
  const configurationIndex = reader.varuint();
  const totalBytes = reader.varuint() + bytes.length;
  if (!Number.isSafeInteger(totalBytes)) throw new DecodeError('a total that no log can have');
  const entry = readEntry(reader, index);
  reader.end();
  return { entry, configurationIndex, totalBytes };
}

function seal(writer: ByteWriter): Uint8Array {
  const bytes = writer.finish();
  const checksum = crc32(bytes, 0, 4);
  for (let i = 0; i < 4; i += 1) bytes[i] = (checksum >>> (24 - 8 * i)) & 0xff;
  return bytes;
}

function open(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  if (reader.u32() !== crc32(bytes, 0, 4)) throw new DecodeError('checksum does not fit');
  return reader;
}

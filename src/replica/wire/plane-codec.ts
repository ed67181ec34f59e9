/** The bytes of the causal plane's messages. Decoding refuses whatever encoding would not have written. */

import { unreachable } from '../../base/assert.js';
import { type ByteReader, ByteWriter, DecodeError, decodeWhole } from '../../base/bytes.js';
import type { Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { decodeOrigin, type MissingRange, VersionVector } from '../../clocks/version-vector.js';
import type { PlaneMessage, SnapshotCursor } from '../../replication/messages.js';
import { decodeGroup, type WriteGroup } from '../../replication/write-group.js';
import { readEntries, writeEntries } from './entries.js';

/** Envelope kinds 1-31 are the causal plane's. */
const KINDS = [
  'groups',
  'report',
  'digest',
  'fetch',
  'fetched',
  'snapshot-fetch',
  'snapshot-page',
  'snapshot-gone',
] as const satisfies readonly PlaneMessage['kind'][];

export function isPlaneKind(kind: number): boolean {
  return kind >= 1 && kind <= KINDS.length;
}

export function planeKindOf(message: PlaneMessage): number {
  return KINDS.indexOf(message.kind) + 1;
}

export function encodePlaneMessage(message: PlaneMessage): Uint8Array {
  const writer = new ByteWriter(512);
  switch (message.kind) {
    case 'groups':
      message.vector.encode(writer);
      writer.flag(message.wantReport);
      writeGroups(writer, message.groups);
      break;
    case 'report':
      message.vector.encode(writer);
      break;
    case 'digest':
      message.vector.encode(writer);
      message.floor.encode(writer);
      message.forgotten.encode(writer);
      writeOrigins(writer, message.holding);
      writeOrigins(writer, message.heard);
      writeOrigins(writer, message.members);
      writer.flag(message.joined).flag(message.wantReply);
      break;
    case 'fetch':
      writer.varuint(message.request).varuint(message.ranges.length);
      for (const range of message.ranges) writer.string(range.origin).varuint(range.have).varuint(range.need);
      break;
    case 'fetched':
      writer.varuint(message.request);
      message.vector.encode(writer);
      message.floor.encode(writer);
      writer.flag(message.behind);
      writeGroups(writer, message.groups);
      break;
    case 'snapshot-fetch':
      writer.varuint(message.session);
      writeCursor(writer, message.cursor);
      break;
    case 'snapshot-page':
      writer.varuint(message.session);
      writeCursor(writer, message.cursor);
      message.vector.encode(writer);
      message.forgotten.encode(writer);
      writeEntries(writer, message.entries);
      writer.flag(message.next !== undefined);
      if (message.next !== undefined) writeCursor(writer, message.next);
      break;
    case 'snapshot-gone':
      writer.varuint(message.session);
      break;
    default:
      unreachable(message);
  }
  return writer.finish();
}

/** @throws DecodeError */
export function decodePlaneMessage(kind: number, payload: Uint8Array): PlaneMessage {
  return decodeWhole(payload, (reader) => decodeKind(KINDS[kind - 1], reader));
}

function decodeKind(kind: PlaneMessage['kind'] | undefined, reader: ByteReader): PlaneMessage {
  const vector = () => VersionVector.decode(reader);
  switch (kind) {
    case 'groups':
      return { kind, vector: vector(), wantReport: reader.flag(), groups: readGroups(reader) };
    case 'report':
      return { kind, vector: vector() };
    case 'digest':
      return {
        kind,
        vector: vector(),
        floor: vector(),
        forgotten: vector(),
        holding: readOrigins(reader),
        heard: readOrigins(reader),
        members: readOrigins(reader),
        joined: reader.flag(),
        wantReply: reader.flag(),
      };
    case 'fetch':
      return { kind, request: reader.varuint(), ranges: readRanges(reader) };
    case 'fetched':
      return {
        kind,
        request: reader.varuint(),
        vector: vector(),
        floor: vector(),
        behind: reader.flag(),
        groups: readGroups(reader),
      };
    case 'snapshot-fetch':
      return { kind, session: reader.varuint(), cursor: readCursor(reader) };
    case 'snapshot-page':
      return {
        kind,
        session: reader.varuint(),
        cursor: readCursor(reader),
        vector: vector(),
        forgotten: vector(),
        entries: readEntries(reader),
        next: reader.flag() ? readCursor(reader) : undefined,
      };
    case 'snapshot-gone':
      return { kind, session: reader.varuint() };
    case undefined:
      throw new DecodeError('unknown plane message');
    default:
      return unreachable(kind);
  }
}

function writeGroups(writer: ByteWriter, groups: readonly WriteGroup[]): void {
  writer.varuint(groups.length);
  for (const group of groups) writer.bytes(group.encoded);
}

const GROUP_ENCODED_MAX_BYTES = LIMITS.messageMaxBytes;

function readGroups(reader: ByteReader): WriteGroup[] {
  const count = reader.count();
  const groups: WriteGroup[] = [];
  for (let i = 0; i < count; i += 1) groups.push(decodeGroup(reader.bytes(GROUP_ENCODED_MAX_BYTES)));
  return groups;
}

function writeOrigins(writer: ByteWriter, origins: readonly Origin[]): void {
  writer.varuint(origins.length);
  for (const origin of origins) writer.string(origin);
}

function readOrigins(reader: ByteReader): Origin[] {
  const count = reader.varuint();
  if (count > LIMITS.vectorMaxEntries) throw new DecodeError(`${count} origins`);
  return Array.from({ length: count }, () => decodeOrigin(reader));
}

function readRanges(reader: ByteReader): MissingRange[] {
  const count = reader.varuint();
  if (count > LIMITS.vectorMaxEntries) throw new DecodeError(`${count} ranges`);
  const ranges: MissingRange[] = [];
  for (let i = 0; i < count; i += 1) {
    const range = { origin: decodeOrigin(reader), have: reader.varuint(), need: reader.varuint() };
    if (range.need <= range.have) throw new DecodeError('empty range');
    ranges.push(range);
  }
  return ranges;
}

const CURSOR_TABLES = ['keyspace', 'retries'] as const;

function writeCursor(writer: ByteWriter, cursor: SnapshotCursor): void {
  writer.u8(CURSOR_TABLES.indexOf(cursor.table)).flag(cursor.after !== undefined);
  if (cursor.after !== undefined) writer.bytes(cursor.after);
}

function readCursor(reader: ByteReader): SnapshotCursor {
  const table = CURSOR_TABLES[reader.u8()];
  if (table === undefined) throw new DecodeError('unknown table');
  return { table, after: reader.flag() ? reader.bytes(LIMITS.keyMaxBytes) : undefined };
}

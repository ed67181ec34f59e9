/** Messages of the keyspace audit: a page's hash, and the records of a page whose hashes differ. */
import { unreachable } from '../../base/assert.js';
import { ByteReader, ByteWriter } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import { VersionVector } from '../../clocks/version-vector.js';
import type { StorageEntry } from '../../ports/storage.js';
import { readEntries, writeEntries } from './entries.js';

/** A part of the keyspace, `(after, last]`; an absent bound is open. */
export interface KeyRange {
  readonly after: Uint8Array | undefined;
  readonly last: Uint8Array | undefined;
}

/** The sender's hash of a page at its durable vector; only a receiver at the same vector can compare. */
export interface AuditHash {
  readonly kind: 'audit-hash';
  readonly vector: VersionVector;
  readonly range: KeyRange;
  readonly hash: string;
}

/** Every record of a page whose hashes differ, so that the receiver can join them to its own. */
export interface AuditRecords {
  readonly kind: 'audit-records';
  readonly vector: VersionVector;
  readonly range: KeyRange;
  readonly entries: readonly StorageEntry[];
  /** The receiver should answer with its own records. */
  readonly wantReply: boolean;
}

export type AuditMessage = AuditHash | AuditRecords;

/** Envelope kinds 40-41 are the audit's. */
const KINDS = { 'audit-hash': 40, 'audit-records': 41 } as const;
const HASH_MAX_BYTES = 32;

export function isAuditKind(kind: number): boolean {
  return kind === KINDS['audit-hash'] || kind === KINDS['audit-records'];
}

export function auditKindOf(message: AuditMessage): number {
  return KINDS[message.kind];
}

export function encodeAudit(message: AuditMessage): Uint8Array {
  const writer = new ByteWriter(512);
  message.vector.encode(writer);
  writeBound(writer, message.range.after);
  writeBound(writer, message.range.last);
  switch (message.kind) {
    case 'audit-hash':
      writer.string(message.hash);
      break;
    case 'audit-records':
      writeEntries(writer.flag(message.wantReply), message.entries);
      break;
    default:
      unreachable(message);
  }
  return writer.finish();
}

/** @throws DecodeError */
export function decodeAudit(kind: number, payload: Uint8Array): AuditMessage {
  const reader = new ByteReader(payload);
  const vector = VersionVector.decode(reader);
  const range = { after: readBound(reader), last: readBound(reader) };
  const message: AuditMessage =
    kind === KINDS['audit-hash']
      ? { kind: 'audit-hash', vector, range, hash: reader.string(HASH_MAX_BYTES) }
      : { kind: 'audit-records', vector, range, wantReply: reader.flag(), entries: readEntries(reader) };
  reader.end();
  return message;
}

function writeBound(writer: ByteWriter, key: Uint8Array | undefined): void {
  writer.flag(key !== undefined);
  if (key !== undefined) writer.bytes(key);
}

function readBound(reader: ByteReader): Uint8Array | undefined {
  return reader.flag() ? reader.bytes(LIMITS.keyMaxBytes) : undefined;
}

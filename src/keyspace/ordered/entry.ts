/**
 * An entry of the log, as bytes: version 2 is
 *
 *     version, leader's time (6 bytes), checksum of the body, checksum of time and that checksum, body
 *
 * so that a leader can stamp its time on a proposal without reading it, and no bit of either can change unnoticed. An
 * entry that does not decode is damage: it is reported, never skipped, because replicas that skip differently differ.
 *
 * Version 1, which is read and not written any more, has no `known` in its body.
 */
import { assert } from '../../base/assert.js';
import { ByteReader, ByteWriter, DecodeError } from '../../base/bytes.js';
import { crc32 } from '../../base/checksum.js';
import { CausewayError } from '../../base/errors.js';
import type { Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { decodeHlc, encodeHlc, type Hlc } from '../../clocks/hybrid-logical-clock.js';
import { decodeOrigin, VersionVector } from '../../clocks/version-vector.js';
import type { RetryName } from '../group-body.js';
import { type Adoption, decodeAdoptions, encodeAdoptions } from './adoption.js';
import { type Command, decodeCommand, encodeCommand } from './command.js';
import type { Fence } from './coordinator.js';

/** Tells the proposer its own entries; nothing is decided by it. */
export interface ProposalName {
  readonly origin: Origin;
  readonly number: number;
}

export interface Entry {
  /** Wall time of the leader that appended it, in ms since 1970; 0 until then. */
  readonly timeMs: number;
  readonly proposal: ProposalName;
  /** The proposer's stamp. */
  readonly hlc: Hlc;
  /** Index up to which the proposer's ordered view was applied when it chose `adopted`, and read its causal view after. */
  readonly base: number;
  readonly retry: RetryName | undefined;
  /** The request's token joined with `pastOf` what is adopted; durable on a majority before this is proposed. */
  readonly deps: VersionVector;
  /**
   * Of a transaction whose answer shows several keys: what the proposer's causal view had when it chose `adopted`, without
   * the log. Undefined otherwise.
   */
  readonly known: VersionVector | undefined;
  readonly adopted: readonly Adoption[];
  readonly fences: readonly Fence[];
  readonly command: Command;
}

const VERSION = 2;
const VERSION_WITHOUT_KNOWN = 1;
const TIME_AT = 1;
const BODY_CHECKSUM_AT = 7;
const CHECKSUM_AT = 11;
const BODY_AT = 15;
const TIME_MAX_MS = 2 ** 48 - 1;
const FINGERPRINT_MAX_BYTES = 64;
const NO_FENCES: readonly Fence[] = [];
const EMPTY_HEAD = new Uint8Array(BODY_AT);

/**
 * What this returns, `decodeEntry` reads: an entry that no replica could apply never gets as far as the log.
 * @throws CausewayError `invalid-request` or `value-too-large` for such an entry
 */
export function encodeEntry(entry: Entry): Uint8Array {
  const writer = new ByteWriter(512).raw(EMPTY_HEAD);
  encodeBody(writer, entry);
  if (writer.length > LIMITS.entryMaxBytes) {
    throw new CausewayError('value-too-large', `The request takes ${writer.length} bytes in the log.`);
  }
  const bytes = writer.finish();
  try {
    decodeBody(bytes, entry.timeMs, VERSION);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new CausewayError('invalid-request', `The request cannot be carried by the log: ${error.message}.`);
  }
  bytes[0] = VERSION;
  putUint32(bytes, BODY_CHECKSUM_AT, crc32(bytes, 0, BODY_AT));
  return stampEntry(bytes, entry.timeMs);
}

/** Puts the leader's time on an encoded entry, in place; only the leader that appends it does this, and only once. */
export function stampEntry(bytes: Uint8Array, timeMs: number): Uint8Array {
  const isTime = Number.isSafeInteger(timeMs) && timeMs >= 0 && timeMs <= TIME_MAX_MS;
  assert(isTime && bytes.length >= BODY_AT, 'not a time, or not an entry', { timeMs, bytes: bytes.length });
  const high = Math.floor(timeMs / 2 ** 32);
  bytes[TIME_AT] = high >>> 8;
  bytes[TIME_AT + 1] = high;
  putUint32(bytes, TIME_AT + 2, timeMs % 2 ** 32);
  putUint32(bytes, CHECKSUM_AT, crc32(bytes, 0, 0, CHECKSUM_AT));
  return bytes;
}

/** Byte strings in the result are views of the input. @throws DecodeError on anything `encodeEntry` would not return. */
export function decodeEntry(bytes: Uint8Array): Entry {
  if (bytes.length < BODY_AT) throw new DecodeError(`entry of ${bytes.length} bytes`);
  if (bytes.length > LIMITS.entryMaxBytes) throw new DecodeError(`entry of ${bytes.length} bytes`);
  if (uint32At(bytes, CHECKSUM_AT) !== crc32(bytes, 0, 0, CHECKSUM_AT)) throw new DecodeError('checksum of the head');
  const version = bytes[0];
  if (version !== VERSION && version !== VERSION_WITHOUT_KNOWN) throw new DecodeError(`entry of version ${version}`);
  if (uint32At(bytes, BODY_CHECKSUM_AT) !== crc32(bytes, 0, BODY_AT)) throw new DecodeError('checksum of the body');
  const high = ((bytes[TIME_AT] as number) << 8) | (bytes[TIME_AT + 1] as number);
  return decodeBody(bytes, high * 2 ** 32 + uint32At(bytes, TIME_AT + 2), version);
}

/** The name of an encoded entry, without reading the rest. @throws DecodeError if it has none. */
export function proposalOf(bytes: Uint8Array): ProposalName {
  return decodeProposal(new ByteReader(bytes, BODY_AT));
}

function encodeBody(writer: ByteWriter, entry: Entry): void {
  writer.string(entry.proposal.origin).varuint(entry.proposal.number);
  encodeHlc(writer, entry.hlc);
  writer.varuint(entry.base).flag(entry.retry !== undefined);
  if (entry.retry !== undefined) writer.string(entry.retry.key).string(entry.retry.fingerprint);
  entry.deps.encode(writer);
  writer.flag(entry.known !== undefined);
  entry.known?.encode(writer);
  writer.varuint(entry.fences.length);
  for (const { lock, token } of entry.fences) writer.string(lock).varuint(token);
  encodeAdoptions(writer, entry.adopted);
  encodeCommand(writer, entry.command);
}

function decodeBody(bytes: Uint8Array, timeMs: number, version: number): Entry {
  const reader = new ByteReader(bytes, BODY_AT);
  const entry: Entry = {
    timeMs,
    proposal: decodeProposal(reader),
    hlc: decodeHlc(reader),
    base: reader.varuint(),
    retry: reader.flag() ? decodeRetry(reader) : undefined,
    deps: VersionVector.decode(reader),
    known: version !== VERSION_WITHOUT_KNOWN && reader.flag() ? VersionVector.decode(reader) : undefined,
    fences: decodeFences(reader),
    adopted: decodeAdoptions(reader),
    command: decodeCommand(reader),
  };
  reader.end();
  return entry;
}

function decodeProposal(reader: ByteReader): ProposalName {
  return { origin: decodeOrigin(reader), number: reader.varuint() };
}

function decodeRetry(reader: ByteReader): RetryName {
  const key = reader.string(LIMITS.idempotencyKeyMaxChars);
  if (key === '') throw new DecodeError('empty retry key');
  return { key, fingerprint: reader.string(FINGERPRINT_MAX_BYTES) };
}

function decodeFences(reader: ByteReader): readonly Fence[] {
  const count = reader.count();
  if (count === 0) return NO_FENCES;
  if (count > LIMITS.fencesMax) throw new DecodeError(`${count} fences`);
  return Array.from({ length: count }, () => ({
    lock: reader.string(LIMITS.coordinationNameMaxBytes),
    token: reader.varuint(),
  }));
}

function uint32At(bytes: Uint8Array, at: number): number {
  return (
    byteAt(bytes, at) * 2 ** 24 + ((byteAt(bytes, at + 1) << 16) | (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3))
  );
}

/** Of a place that is known to be there. */
function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

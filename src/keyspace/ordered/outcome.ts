/** What became of an entry, as its proposer is told, and as it is stored for a retry of the request. */
import { type ByteReader, type ByteWriter, DecodeError } from '../../base/bytes.js';
import { LIMITS } from '../../base/limits.js';
import { decodeRefusal, encodeRefusal, type Refusal } from '../../base/refusal.js';
import type { Dot } from '../../clocks/dot.js';
import { decodeDot, encodeDot } from '../../clocks/version-vector.js';
import { decodeVersion, encodeVersion, type ValueVersion } from '../version.js';

/** What one operation of a transaction found or did, in the order of the operations. */
export type OpResult =
  /** `existed`: the key showed a value before. */
  | { readonly kind: 'written'; readonly key: string; readonly existed: boolean }
  | { readonly kind: 'found'; readonly key: string; readonly version: ValueVersion; readonly conflicts: number }
  | { readonly kind: 'absent'; readonly key: string };

export type Outcome =
  /** An entry that asks for nothing that could be told: an adoption, a forgetting, one that is not ours. */
  | { readonly kind: 'done' }
  /** `dot` names the new version, `existed` tells whether the key showed a value before. */
  | { readonly kind: 'written'; readonly dot: Dot; readonly existed: boolean }
  /** Everything written bears `dot`. */
  | { readonly kind: 'txn'; readonly dot: Dot; readonly succeeded: boolean; readonly results: readonly OpResult[] }
  /** The answer of the coordination objects, in their own encoding. */
  | { readonly kind: 'coordinated'; readonly answer: Uint8Array }
  /**
   * Not applied. Either the log forgot tombstones between `base` and this entry: then nothing was adopted, for what the
   * proposer judged by may be wrong. Or the keys of a transaction depend on what the proposer did not know: then `past` of
   * what was applied is what they depend on. The proposer waits for that, judges anew and proposes again. It may, because
   * an entry that is stale would be so at every later index.
   */
  | { readonly kind: 'stale' }
  | Refusal;

const KIND_DONE = 1;
const KIND_WRITTEN = 2;
const KIND_TXN = 3;
const KIND_COORDINATED = 4;
const KIND_STALE = 5;
const KIND_REFUSED = 6;
const RESULT_WRITTEN = 1;
const RESULT_FOUND = 2;
const RESULT_ABSENT = 3;

export function encodeOutcome(writer: ByteWriter, outcome: Outcome): void {
  switch (outcome.kind) {
    case 'done':
      writer.u8(KIND_DONE);
      return;
    case 'written':
      encodeDot(writer.u8(KIND_WRITTEN), outcome.dot);
      writer.flag(outcome.existed);
      return;
    case 'txn':
      encodeDot(writer.u8(KIND_TXN), outcome.dot);
      writer.flag(outcome.succeeded).varuint(outcome.results.length);
      for (const result of outcome.results) encodeResult(writer, result);
      return;
    case 'coordinated':
      writer.u8(KIND_COORDINATED).bytes(outcome.answer);
      return;
    case 'stale':
      writer.u8(KIND_STALE);
      return;
    case 'refused':
      encodeRefusal(writer.u8(KIND_REFUSED), outcome);
      return;
  }
}

/** @throws DecodeError on anything `encodeOutcome` would not write. */
export function decodeOutcome(reader: ByteReader): Outcome {
  const kind = reader.u8();
  switch (kind) {
    case KIND_DONE:
      return { kind: 'done' };
    case KIND_WRITTEN:
      return { kind: 'written', dot: decodeDot(reader), existed: reader.flag() };
    case KIND_TXN:
      return { kind: 'txn', dot: decodeDot(reader), succeeded: reader.flag(), results: decodeResults(reader) };
    case KIND_COORDINATED:
      return { kind: 'coordinated', answer: reader.bytes(LIMITS.entryMaxBytes) };
    case KIND_STALE:
      return { kind: 'stale' };
    case KIND_REFUSED:
      return decodeRefusal(reader);
    default:
      throw new DecodeError(`unknown outcome kind ${kind}`);
  }
}

function encodeResult(writer: ByteWriter, result: OpResult): void {
  switch (result.kind) {
    case 'written':
      writer.u8(RESULT_WRITTEN).string(result.key).flag(result.existed);
      return;
    case 'found':
      encodeVersion(writer.u8(RESULT_FOUND).string(result.key).varuint(result.conflicts), result.version);
      return;
    case 'absent':
      writer.u8(RESULT_ABSENT).string(result.key);
      return;
  }
}

function decodeResults(reader: ByteReader): readonly OpResult[] {
  const count = reader.count();
  if (count > LIMITS.batchMaxOps) throw new DecodeError(`${count} results`);
  return Array.from({ length: count }, () => decodeResult(reader));
}

function decodeResult(reader: ByteReader): OpResult {
  const kind = reader.u8();
  const key = reader.string(LIMITS.keyMaxBytes);
  if (kind === RESULT_WRITTEN) return { kind: 'written', key, existed: reader.flag() };
  if (kind === RESULT_ABSENT) return { kind: 'absent', key };
  if (kind !== RESULT_FOUND) throw new DecodeError(`unknown result kind ${kind}`);
  const conflicts = reader.varuint();
  const version = decodeVersion(reader);
  if (version.kind !== 'value') throw new DecodeError('found a tombstone');
  return { kind: 'found', key, version, conflicts };
}

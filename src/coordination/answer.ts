/** Answers to coordination commands, in the form in which an outcome is stored for a retry. */
import { type ByteReader, ByteWriter, DecodeError, decodeWhole } from '../base/bytes.js';
import type { LockHolder } from './lock-state.js';

export type CoordinationAnswer =
  /** Of `next`. */
  | { readonly kind: 'number'; readonly value: number }
  /** Of `claim`; `created` tells whether it is new. */
  | { readonly kind: 'claimed'; readonly created: boolean }
  | { readonly kind: 'unclaimed'; readonly existed: boolean }
  | { readonly kind: 'declared'; readonly created: boolean }
  | { readonly kind: 'dropped'; readonly existed: boolean }
  /** Of `acquire`, `renew`, and of `abandon` if the caller's turn had come. */
  | { readonly kind: 'held'; readonly holder: LockHolder }
  /** Of `acquire`: the caller holds the lock once its token is `ticket`. `ahead` callers come before. */
  | { readonly kind: 'queued'; readonly ticket: number; readonly ahead: number }
  /** Of `release` and `expire`: the lock moved on, to `next` if somebody waited. */
  | { readonly kind: 'ended'; readonly next: LockHolder | undefined }
  /** Of `expire`: the lease was renewed, or ended, before. Of `abandon`: the caller was not queued any more. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'abandoned' };

const KINDS = [
  'number',
  'claimed',
  'unclaimed',
  'declared',
  'dropped',
  'held',
  'queued',
  'ended',
  'unchanged',
  'abandoned',
] as const satisfies readonly CoordinationAnswer['kind'][];
const OWNER_MAX_BYTES = 1024;

export function encodeAnswer(answer: CoordinationAnswer): Uint8Array {
  const writer = new ByteWriter(48).u8(KINDS.indexOf(answer.kind));
  switch (answer.kind) {
    case 'number':
      return writer.varuint(answer.value).finish();
    case 'claimed':
    case 'declared':
      return writer.flag(answer.created).finish();
    case 'unclaimed':
    case 'dropped':
      return writer.flag(answer.existed).finish();
    case 'held':
      return encodeHolder(writer, answer.holder).finish();
    case 'queued':
      return writer.varuint(answer.ticket).varuint(answer.ahead).finish();
    case 'ended':
      writer.flag(answer.next !== undefined);
      return (answer.next === undefined ? writer : encodeHolder(writer, answer.next)).finish();
    case 'unchanged':
    case 'abandoned':
      return writer.finish();
  }
}

/** @throws DecodeError on anything `encodeAnswer` would not return. */
export function decodeAnswer(bytes: Uint8Array): CoordinationAnswer {
  return decodeWhole(bytes, readAnswer);
}

function readAnswer(reader: ByteReader): CoordinationAnswer {
  const kind = KINDS[reader.u8()];
  if (kind === undefined) throw new DecodeError('unknown coordination answer');
  switch (kind) {
    case 'number':
      return { kind, value: reader.varuint() };
    case 'claimed':
    case 'declared':
      return { kind, created: reader.flag() };
    case 'unclaimed':
    case 'dropped':
      return { kind, existed: reader.flag() };
    case 'held':
      return { kind, holder: decodeHolder(reader) };
    case 'queued':
      return { kind, ticket: reader.varuint(), ahead: reader.varuint() };
    case 'ended':
      return { kind, next: reader.flag() ? decodeHolder(reader) : undefined };
    case 'unchanged':
    case 'abandoned':
      return { kind };
  }
}

export function encodeHolder(writer: ByteWriter, { owner, token, ttlMs, renewal }: LockHolder): ByteWriter {
  return writer.string(owner).varuint(token).varuint(ttlMs).varuint(renewal);
}

/** @throws DecodeError on anything `encodeHolder` would not write. */
export function decodeHolder(reader: ByteReader): LockHolder {
  const owner = reader.string(OWNER_MAX_BYTES);
  return { owner, token: reader.varuint(), ttlMs: reader.varuint(), renewal: reader.varuint() };
}

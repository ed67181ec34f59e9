import { describe, expect, it } from 'vitest';
import { ByteWriter, DecodeError } from '../../../src/base/bytes.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import {
  type AuditMessage,
  auditKindOf,
  decodeAudit,
  encodeAudit,
  isAuditKind,
} from '../../../src/replica/wire/audit-codec.js';
import { auditMessages, HUGE } from './arbitraries.js';
import { describeCodec } from './codec-laws.js';

const RECORDS = auditKindOf({
  kind: 'audit-records',
  vector: VersionVector.EMPTY,
  range: { after: undefined, last: undefined },
  entries: [],
  wantReply: false,
});

describe('a message of the keyspace audit', () => {
  describeCodec<AuditMessage>({
    values: auditMessages,
    encode: encodeAudit,
    decode: (bytes, like) => decodeAudit(auditKindOf(like), bytes),
  });

  it('has one of two kinds', () => {
    expect([39, 40, 41, 42].map(isAuditKind)).toEqual([false, true, true, false]);
  });

  it('that counts more entries than it has bytes is refused before room is made for them', () => {
    const payload = new ByteWriter().varuint(0).u8(0).u8(0).u8(0).varuint(HUGE).finish();
    expect(() => decodeAudit(RECORDS, payload)).toThrow('count exceeds the input');
  });

  it('names no empty key, which no store would take', () => {
    const payload = new ByteWriter().varuint(0).u8(0).u8(0).u8(0).varuint(1).bytes(new Uint8Array(0));
    expect(() => decodeAudit(RECORDS, payload.bytes(Uint8Array.of(1)).finish())).toThrow(DecodeError);
  });
});

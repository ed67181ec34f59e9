import { describe, expect, it } from 'vitest';
import { ByteWriter, DecodeError } from '../../../src/base/bytes.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import {
  decodePlaneMessage,
  encodePlaneMessage,
  isPlaneKind,
  planeKindOf,
} from '../../../src/replica/wire/plane-codec.js';
import type { PlaneMessage } from '../../../src/replication/messages.js';
import { HUGE, planeMessages, TOO_MANY_ENTRIES } from './arbitraries.js';
import { describeCodec } from './codec-laws.js';

const emptyVector = (writer: ByteWriter) => VersionVector.EMPTY.encode(writer);

function payload(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.finish();
}

function kindOf(name: PlaneMessage['kind']): number {
  return ['groups', 'report', 'digest', 'fetch', 'fetched', 'snapshot-fetch', 'snapshot-page'].indexOf(name) + 1;
}

describe('a message of the causal plane', () => {
  describeCodec<PlaneMessage>({
    values: planeMessages,
    encode: encodePlaneMessage,
    decode: (bytes, like) => decodePlaneMessage(planeKindOf(like), bytes),
  });

  it('of a kind that does not exist is refused', () => {
    for (const kind of [0, 9, 31, 255]) {
      expect(isPlaneKind(kind)).toBe(false);
      expect(() => decodePlaneMessage(kind, new Uint8Array(0))).toThrow(DecodeError);
    }
  });

  it('that counts more things than it has bytes is refused before room is made for them', () => {
    const groups = payload((writer) => {
      emptyVector(writer);
      writer.u8(0).varuint(HUGE);
    });
    const ranges = payload((writer) => writer.varuint(1).varuint(HUGE));
    const vector = payload((writer) => writer.varuint(TOO_MANY_ENTRIES));
    const page = payload((writer) => {
      writer.varuint(1).u8(0).u8(0);
      emptyVector(writer);
      emptyVector(writer);
      writer.varuint(HUGE);
    });
    expect(() => decodePlaneMessage(kindOf('groups'), groups)).toThrow('count exceeds the input');
    expect(() => decodePlaneMessage(kindOf('fetch'), ranges)).toThrow(`${HUGE} ranges`);
    expect(() => decodePlaneMessage(kindOf('report'), vector)).toThrow(`vector of ${TOO_MANY_ENTRIES} entries`);
    expect(() => decodePlaneMessage(kindOf('snapshot-page'), page)).toThrow('count exceeds the input');
  });

  it('carries a record of several large siblings', () => {
    const value = new Uint8Array(3 * LIMITS.valueMaxBytes);
    const page: PlaneMessage = {
      kind: 'snapshot-page',
      session: 1,
      cursor: { table: 'keyspace', after: undefined },
      vector: VersionVector.EMPTY,
      forgotten: VersionVector.EMPTY,
      entries: [{ key: Uint8Array.of(1), value }],
      next: undefined,
    };
    const read = decodePlaneMessage(planeKindOf(page), encodePlaneMessage(page));
    expect(read.kind === 'snapshot-page' && read.entries[0]?.value.length).toBe(value.length);
  });

  it('names no empty key, which no store would take', () => {
    const page = payload((writer) => {
      writer.varuint(1).u8(0).u8(0);
      emptyVector(writer);
      emptyVector(writer);
      writer.varuint(1).bytes(new Uint8Array(0)).bytes(Uint8Array.of(1)).u8(0);
    });
    expect(() => decodePlaneMessage(kindOf('snapshot-page'), page)).toThrow(DecodeError);
  });
});

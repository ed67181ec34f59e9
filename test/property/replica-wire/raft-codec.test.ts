import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter, DecodeError } from '../../../src/base/bytes.js';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import type { Entry } from '../../../src/consensus/entry.js';
import type { Append, Message } from '../../../src/consensus/messages.js';
import {
  decodeBase,
  decodeHead,
  decodeRecord,
  encodeBase,
  encodeHead,
  encodeRecord,
  entryKey,
  indexOfKey,
  type LogBase,
  type LogHead,
} from '../../../src/replica/order/raft-rows.js';
import { decodeRaft, encodeRaft, isRaftKind, raftKindOf } from '../../../src/replica/wire/raft-codec.js';
import { plain } from '../../support/plain.js';
import { entriesAt, HUGE, memberIds, RAFT_SENDER, raftMessages, snapshotMetas } from './arbitraries.js';
import { describeCodec } from './codec-laws.js';

const numbers = fc.maxSafeNat();

/** A message of this kind to r2 in term 1, with these contents. */
function payload(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter().string('r2~00000001').varuint(1);
  write(writer);
  return writer.finish();
}

const kindOf = (kind: Message['kind']) => raftKindOf({ kind } as Message);
const read = (kind: Message['kind'], bytes: Uint8Array) => decodeRaft(RAFT_SENDER, kindOf(kind), bytes);

describe('a message of the total order', () => {
  describeCodec<Message>({
    values: raftMessages,
    encode: encodeRaft,
    decode: (bytes, like) => decodeRaft(RAFT_SENDER, raftKindOf(like), bytes),
  });

  it('has one of the kinds 64 to 80', () => {
    expect([63, 64, 80, 81].map(isRaftKind)).toEqual([false, true, true, false]);
    expect([kindOf('pre-vote-request'), kindOf('read-answer')]).toEqual([64, 79]);
    for (const kind of [63, 80])
      expect(() =>
        decodeRaft(
          RAFT_SENDER,
          kind,
          payload(() => {}),
        ),
      ).toThrow(DecodeError);
  });

  it('is from whom its envelope names', () => {
    const other = 'r3~00000001' as typeof RAFT_SENDER;
    fc.assert(
      fc.property(raftMessages, (message) => {
        expect(decodeRaft(other, raftKindOf(message), encodeRaft(message)).from).toBe(other);
      }),
      { numRuns: 20 },
    );
  });

  it('that counts more things than it has bytes is refused before room is made for them', () => {
    const append = payload((writer) => writer.varuint(0).varuint(0).varuint(0).varuint(HUGE));
    expect(() => read('append', append)).toThrow('count exceeds the input');
    const proposals = payload((writer) => writer.u32(1).varuint(1).varuint(HUGE));
    expect(() => read('forwarded-proposals', proposals)).toThrow('count exceeds the input');
  });

  it('names no member twice, none that is no replica, and no more than there may be', () => {
    const wanted = (write: (writer: ByteWriter) => void) =>
      payload((writer) => {
        writer.varuint(5).varuint(1).varuint(9).u32(0);
        write(writer);
      });
    const twice = wanted((writer) => writer.varuint(2).string('r1~00000001').string('r1~00000001'));
    expect(() => read('snapshot-wanted', twice)).toThrow('out of order');
    const log = wanted((writer) => writer.varuint(1).string(LOG_ORIGIN));
    expect(() => read('snapshot-wanted', log)).toThrow('no member');
    const many = wanted((writer) => writer.varuint(LIMITS.membersMax + 1));
    expect(() => read('snapshot-wanted', many)).toThrow('members');
  });

  it('carries no piece of a snapshot of nothing, and none beyond the limit', () => {
    const chunk = (sizeBytes: number, bytes: Uint8Array) => {
      const configuration = { voters: [], outgoing: [], learners: [] };
      const snapshot = { index: 1, term: 1, configuration, sizeBytes, checksum: 0 };
      const stem = { from: RAFT_SENDER, to: RAFT_SENDER, term: 1 };
      return encodeRaft({ kind: 'snapshot-chunk', ...stem, snapshot, offset: 0, bytes });
    };
    expect(() => read('snapshot-chunk', chunk(0, new Uint8Array(0)))).toThrow('of nothing');
    const large = new Uint8Array(LIMITS.raftSnapshotChunkMaxBytes + 1);
    expect(() => read('snapshot-chunk', chunk(large.length, large))).toThrow(DecodeError);
    expect(() => read('snapshot-chunk', chunk(large.length, large.subarray(1)))).not.toThrow();
  });

  it('with the largest entry is read, with a larger one it is not', () => {
    const append = (size: number): Append => {
      const entries: Entry[] = [{ kind: 'command', index: 1, term: 1, bytes: new Uint8Array(size) }];
      const stem = { from: RAFT_SENDER, to: RAFT_SENDER, term: 1, previousIndex: 0, previousTerm: 0, commit: 0 };
      return { kind: 'append', ...stem, entries };
    };
    expect(() => read('append', encodeRaft(append(LIMITS.entryMaxBytes)))).not.toThrow();
    expect(() => read('append', encodeRaft(append(LIMITS.entryMaxBytes + 1)))).toThrow(DecodeError);
  });

  it('of the largest size that holds many entries fits in one message', () => {
    expect(LIMITS.raftAppendMaxBytes + 1_024).toBeLessThan(LIMITS.messageMaxBytes);
  });
});

describe('the head of the log', () => {
  describeCodec<LogHead>({
    values: fc.record({
      hardState: fc.record({ term: numbers, votedFor: fc.option(memberIds, { nil: undefined }), commit: numbers }),
      lastIndex: numbers,
    }),
    encode: encodeHead,
    decode: decodeHead,
  });
});

describe('the base of the log', () => {
  describeCodec<LogBase>({
    values: fc.record({
      self: memberIds,
      index: numbers,
      term: numbers,
      totalBytes: numbers,
      snapshot: snapshotMetas,
    }),
    encode: encodeBase,
    decode: decodeBase,
  });
});

interface StoredEntry {
  readonly entry: Entry;
  readonly configurationIndex: number;
  readonly totalBefore: number;
}

describe('an entry of the log', () => {
  describeCodec<StoredEntry>({
    values: fc.record({
      entry: fc.nat(2 ** 40).chain((index) => entriesAt(index + 1)),
      configurationIndex: numbers,
      totalBefore: fc.nat(2 ** 40),
    }),
    encode: ({ entry, configurationIndex, totalBefore }) => encodeRecord(entry, configurationIndex, totalBefore),
    decode: (bytes, like) => {
      const { entry, configurationIndex, totalBytes } = decodeRecord(like.entry.index, bytes);
      return { entry, configurationIndex, totalBefore: totalBytes - bytes.length };
    },
  });

  it('is refused at another index', () => {
    const bytes = encodeRecord({ kind: 'empty', index: 7, term: 1 }, 0, 0);
    expect(plain(decodeRecord(7, bytes).entry)).toEqual({ kind: 'empty', index: 7, term: 1 });
    expect(() => decodeRecord(8, bytes)).toThrow('another index');
  });

  it('has a key that sorts as its index does', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        expect(indexOfKey(entryKey(a))).toBe(a);
        expect(Math.sign(Buffer.compare(entryKey(a), entryKey(b)))).toBe(Math.sign(a - b));
      }),
    );
  });
});

/** Everything that is read from disk, or comes as a copy of what is on another: records of every table. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, DecodeError } from '../../src/base/bytes.js';
import { crc32 } from '../../src/base/checksum.js';
import { CausewayError } from '../../src/base/errors.js';
import { decodeAnswer, encodeAnswer } from '../../src/coordination/answer.js';
import { decodeCoordination, encodeCoordination } from '../../src/coordination/command.js';
import { COORDINATION } from '../../src/coordination/coordination.js';
import { decodeBody, encodeBody } from '../../src/keyspace/group-body.js';
import { decodeRecord, encodeRecord } from '../../src/keyspace/key-record.js';
import { decodeEntry, encodeEntry } from '../../src/keyspace/ordered/entry.js';
import { decodePage, encodePage, readPage } from '../../src/keyspace/ordered/snapshot.js';
import { decodeRetryEntry, encodeRetryEntry } from '../../src/keyspace/retry-entry.js';
import type { StorageReader, StorageWrite } from '../../src/ports/storage.js';
import { membershipWrite, readMembership } from '../../src/replica/membership/stored-membership.js';
import * as rows from '../../src/replica/order/raft-rows.js';
import { readState, stateWrite } from '../../src/replica/stored-state.js';
import { decodeGroup } from '../../src/replication/write-group.js';
import { coordinationCommands, entries, placed } from '../property/ordered/arbitraries.js';
import {
  bodies,
  entriesAt,
  groups,
  memberIds,
  records,
  retryEntries,
  snapshotMetas,
  storedStates,
} from '../property/replica-wire/arbitraries.js';
import { OrderedLog } from '../support/ordered-log.js';
import { A, vector } from '../support/plane-values.js';
import { attack, SEED, samplesOf, type Target } from './attack.js';

const numbers = fc.maxSafeNat();
const heads = fc.record({
  hardState: fc.record({ term: numbers, votedFor: fc.option(memberIds, { nil: undefined }), commit: numbers }),
  lastIndex: numbers,
});
const bases = fc.record({
  self: memberIds,
  index: numbers,
  term: numbers,
  totalBytes: numbers,
  snapshot: snapshotMetas,
});
const someMembers = fc.array(memberIds, { maxLength: 4 });
const memberships = fc.record({
  order: fc.option(memberIds, { nil: undefined }),
  removed: fc.boolean(),
  agreed: fc.option(
    fc.record({
      founding: fc.boolean(),
      members: someMembers,
      former: someMembers,
      voters: someMembers,
      outgoing: someMembers,
    }),
    { nil: undefined },
  ),
});
/** Any index would do; the bytes do not have it. */
const INDEX = 7;

/** A store with one row. */
const holding = (value: Uint8Array): StorageReader => ({ get: () => value, range: () => [], count: () => 1 });

function writtenBy(write: StorageWrite): Uint8Array {
  if (write.kind !== 'put') throw new Error('it is put');
  return write.value;
}

/** What a reader of storage refuses is damage by its code. */
function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'data-dir-corrupt') throw new DecodeError(error.message);
    throw error;
  }
}

/** The checksum of all but the last four bytes stands in these. */
function sealedAtEnd(bytes: Uint8Array): Uint8Array {
  const body = bytes.subarray(0, Math.max(0, bytes.length - 4));
  return new ByteWriter(bytes.length + 4).raw(body).u32(crc32(body)).finish();
}

/** The checksum of all but the first four bytes stands in these. */
function sealedAtStart(bytes: Uint8Array): Uint8Array {
  const body = bytes.subarray(4);
  return new ByteWriter(bytes.length + 4).u32(crc32(body)).raw(body).finish();
}

function sealedEntry(bytes: Uint8Array): Uint8Array {
  if (bytes.length < 15) return bytes;
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  view.setUint32(7, crc32(copy.subarray(15)));
  view.setUint32(11, crc32(copy.subarray(0, 11)));
  return copy;
}

/** A state with an entry of every area and every kind of object, as it travels. */
function wholeState(): Uint8Array {
  const log = new OrderedLog();
  log.put('u/1', '{"n":1}', { retry: { key: 'request', fingerprint: 'f' }, deps: vector([A, 1]) });
  log.coordinate({ kind: 'next', sequence: 's' });
  log.coordinate({ kind: 'claim', namespace: 'n', value: 'v', owner: 'o' });
  log.coordinate({ kind: 'declare', name: 'c', prefix: 'u/', field: '/n' });
  for (const owner of ['a', 'b', 'c']) {
    log.coordinate({ kind: 'acquire', space: 'lock', name: 'l', owner, ttlMs: 9, waitMs: 9 });
  }
  log.propose({ command: { kind: 'forget', stable: vector([A, 1]), keys: [] } });
  return encodePage(readPage(log.state, undefined));
}

const someEntries = fc
  .tuple(entries, numbers)
  .map(([entry, number]) => ({ ...placed(entry, 50), proposal: { origin: A, number } }));

const targets: Readonly<Record<string, Target>> = {
  'a record of the keyspace': {
    samples: samplesOf(records, encodeRecord),
    read: (bytes) => encodeRecord(decodeRecord(bytes)),
  },
  'a group of the operation log': {
    samples: samplesOf(groups, ({ encoded }) => encoded),
    read: (bytes) => decodeGroup(bytes).encoded,
  },
  'the body of a group': {
    samples: samplesOf(bodies, encodeBody),
    read: (bytes) => encodeBody(decodeBody(bytes)),
  },
  'an outcome of a retried request': {
    samples: samplesOf(retryEntries, encodeRetryEntry),
    read: (bytes) => encodeRetryEntry(decodeRetryEntry(bytes)),
  },
  'the state of a replica': {
    samples: samplesOf(storedStates, (state) => writtenBy(stateWrite(state))),
    read: (bytes) => writtenBy(stateWrite(refusing(() => readState(holding(bytes))))),
  },
  'the membership': {
    samples: samplesOf(memberships, (membership) => writtenBy(membershipWrite(membership))),
    read: (bytes) => writtenBy(membershipWrite(refusing(() => readMembership(holding(bytes))))),
  },
  'the head of the log': {
    samples: samplesOf(heads, rows.encodeHead),
    read: (bytes) => rows.encodeHead(rows.decodeHead(bytes)),
    seal: sealedAtStart,
  },
  'the base of the log': {
    samples: samplesOf(bases, rows.encodeBase),
    read: (bytes) => rows.encodeBase(rows.decodeBase(bytes)),
    seal: sealedAtStart,
  },
  'a row of the log': {
    samples: samplesOf(entriesAt(INDEX), (entry) => rows.encodeRecord(entry, 3, 1_000), 40),
    read: (bytes) => {
      const { entry, configurationIndex, totalBytes } = rows.decodeRecord(INDEX, bytes);
      return rows.encodeRecord(entry, configurationIndex, totalBytes - bytes.length);
    },
    seal: sealedAtStart,
  },
  'an entry of the total order': {
    samples: samplesOf(someEntries, encodeEntry, 60),
    read: (bytes) => encodeEntry(decodeEntry(bytes)),
    seal: sealedEntry,
  },
  'a command on a coordination object': {
    samples: samplesOf(coordinationCommands, encodeCoordination, 60),
    read: (bytes) => encodeCoordination(decodeCoordination(bytes)),
  },
  'an answer of a coordination object': {
    samples: [
      encodeAnswer({ kind: 'number', value: 7 }),
      encodeAnswer({ kind: 'held', holder: { owner: 'o', token: 1, ttlMs: 2, renewal: 3 } }),
    ],
    read: (bytes) => encodeAnswer(decodeAnswer(bytes)),
  },
  'a page of the ordered state': {
    samples: [wholeState()],
    read: (bytes) => encodePage(decodePage(bytes, undefined, COORDINATION)),
    seal: sealedAtEnd,
  },
};

describe(`what is stored (SEED=${SEED})`, () => {
  it.each(Object.entries(targets))('%s is refused, or is what it says', (_, target) => {
    const { refused, read } = attack(target, 4_000);
    expect(refused).toBeGreaterThan(20);
    expect(read).toBeGreaterThan(target.samples.length);
  });

  it('is read from varints of one form only', () => {
    const read = (bytes: Uint8Array) => {
      const reader = new ByteReader(bytes);
      const writer = new ByteWriter()
        .varuint(reader.varuint())
        .bytes(reader.bytes(2 ** 40))
        .u32(reader.u32());
      writer.flag(reader.flag()).string(reader.string(64)).u8(reader.u8());
      reader.end();
      return writer.finish();
    };
    const sample = (value: number) =>
      new ByteWriter().varuint(value).bytes(Uint8Array.of(1, 2)).u32(value).flag(true).string('zwölf').u8(9).finish();
    attack({ samples: [0, 127, 128, 2 ** 32 - 1].map(sample), read }, 4_000);
  });
});

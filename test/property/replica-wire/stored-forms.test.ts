/** What is stored, and travels inside of messages: groups and their bodies, records, outcomes of retries, the state. */
import { describe, expect, it } from 'vitest';
import { ByteWriter, DecodeError } from '../../../src/base/bytes.js';
import { CausewayError } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import { encodeDot } from '../../../src/clocks/version-vector.js';
import { decodeBody, encodeBody, type GroupBody } from '../../../src/keyspace/group-body.js';
import { decodeRecord, encodeRecord, type KeyRecord } from '../../../src/keyspace/key-record.js';
import { decodeRetryEntry, encodeRetryEntry, type RetryEntry } from '../../../src/keyspace/retry-entry.js';
import { decodeVersion, encodeVersion, type Version } from '../../../src/keyspace/version.js';
import { EMPTY_STATE, readState, type StoredState, stateWrite } from '../../../src/replica/stored-state.js';
import { decodeGroup, sealGroup, type WriteGroup } from '../../../src/replication/write-group.js';
import { FEW_ORIGINS } from '../clocks/arbitraries.js';
import { bodies, groups, HUGE, records, retryEntries, storedStates, versions } from './arbitraries.js';
import { describeCodec, describePart } from './codec-laws.js';

describe('a version', () => {
  describePart<Version>(versions, encodeVersion, decodeVersion);
});

describe('a key record', () => {
  describeCodec<KeyRecord>({ values: records, encode: encodeRecord, decode: decodeRecord });

  it('of no versions, or of more than can be, is refused', () => {
    expect(() => decodeRecord(new ByteWriter().varuint(0).finish())).toThrow(DecodeError);
    expect(() => decodeRecord(new ByteWriter().varuint(HUGE).finish())).toThrow(`record of ${HUGE} versions`);
  });
});

describe('the body of a group', () => {
  describeCodec<GroupBody>({ values: bodies, encode: encodeBody, decode: decodeBody });

  it('of no operations, or of more than a batch may have, is refused', () => {
    for (const count of [0, LIMITS.batchMaxOps + 1, HUGE]) {
      expect(() => decodeBody(new ByteWriter().u8(0).varuint(count).finish())).toThrow(`group of ${count} operations`);
    }
  });

  it('with an empty key or an empty Idempotency-Key is refused', () => {
    const op = (writer: ByteWriter, key: string) => writer.varuint(1).u8(2).string(key).varuint(0).finish();
    expect(decodeBody(op(new ByteWriter().u8(0), 'k')).ops).toHaveLength(1);
    expect(() => decodeBody(op(new ByteWriter().u8(0), ''))).toThrow(DecodeError);
    expect(() => decodeBody(op(new ByteWriter().u8(1).string('').string('f'), 'k'))).toThrow(DecodeError);
  });
});

describe('the outcome of a retried request', () => {
  describeCodec<RetryEntry>({ values: retryEntries, encode: encodeRetryEntry, decode: decodeRetryEntry });
});

describe('a write group', () => {
  describeCodec<WriteGroup>({ values: groups, encode: ({ encoded }) => encoded, decode: decodeGroup });

  it('that depends on itself is refused', () => {
    const dot = { origin: FEW_ORIGINS[1] as (typeof FEW_ORIGINS)[number], counter: 3 };
    const writer = new ByteWriter();
    encodeDot(writer, dot);
    writer.varuint(1).varuint(0).varuint(1);
    encodeDot(writer, dot);
    const rest = new ByteWriter().bytes(new Uint8Array(0)).finish();
    expect(() => decodeGroup(writer.raw(rest).finish())).toThrow('group depends on itself');
    expect(decodeGroup(sealGroup(dot, { ms: 1, logical: 0 }, EMPTY_STATE.vector, rest).encoded).dot).toEqual(dot);
  });
});

describe('the stored state of a replica', () => {
  const written = (state: StoredState): Uint8Array => {
    const write = stateWrite(state);
    if (write.kind !== 'put') throw new Error('the state is put');
    return write.value;
  };
  const read = (bytes: Uint8Array): StoredState => readState({ get: () => bytes, range: () => [], count: () => 1 });
  describeCodec<StoredState>({
    values: storedStates,
    encode: written,
    decode: (bytes) => {
      try {
        return read(bytes);
      } catch (error) {
        if (error instanceof CausewayError && error.code === 'data-dir-corrupt') throw new DecodeError(error.message);
        throw error;
      }
    },
  });

  it('is empty where nothing was stored', () => {
    expect(readState({ get: () => undefined, range: () => [], count: () => 0 })).toBe(EMPTY_STATE);
  });
});

/** Everything that comes over NATS, damaged in transport or by a peer that is none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../src/base/bytes.js';
import { crc32 } from '../../src/base/checksum.js';
import { parseClusterId } from '../../src/base/ids.js';
import { auditKindOf, decodeAudit, encodeAudit } from '../../src/replica/wire/audit-codec.js';
import { bundle, partsOf } from '../../src/replica/wire/bundle.js';
import { decodeEnvelope, encodeEnvelope, peekSender } from '../../src/replica/wire/envelope.js';
import { Reassembly } from '../../src/replica/wire/fragments.js';
import { decodeGossip, encodeGossip, gossipKindOf } from '../../src/replica/wire/gossip-codec.js';
import { decodeOrder, encodeOrder, orderKindOf } from '../../src/replica/wire/order-codec.js';
import { decodePlaneMessage, encodePlaneMessage, planeKindOf } from '../../src/replica/wire/plane-codec.js';
import { decodeRaft, encodeRaft, raftKindOf } from '../../src/replica/wire/raft-codec.js';
import {
  auditMessages,
  gossipMessages,
  orderMessages,
  payloads,
  planeMessages,
  RAFT_SENDER,
  raftMessages,
  senders,
} from '../property/replica-wire/arbitraries.js';
import { attack, samplesOf, type Target } from './attack.js';

/** The kind of a message stands in its envelope; here it is the first byte. */
function ofKind(kind: number, payload: Uint8Array): Uint8Array {
  return new ByteWriter().u8(kind).raw(payload).finish();
}

function reading<T>(decode: (kind: number, payload: Uint8Array) => T, encode: (message: T) => Uint8Array) {
  return (bytes: Uint8Array): Uint8Array => {
    const [kind = 0] = bytes;
    return ofKind(kind, encode(decode(kind, bytes.subarray(1))));
  };
}

const messages: Readonly<Record<string, Target>> = {
  'the causal plane': {
    samples: samplesOf(planeMessages, (message) => ofKind(planeKindOf(message), encodePlaneMessage(message)), 40),
    read: reading(decodePlaneMessage, encodePlaneMessage),
  },
  gossip: {
    samples: samplesOf(gossipMessages, (message) => ofKind(gossipKindOf(message), encodeGossip(message)), 40),
    read: reading(decodeGossip, encodeGossip),
  },
  'the keyspace audit': {
    samples: samplesOf(auditMessages, (message) => ofKind(auditKindOf(message), encodeAudit(message)), 40),
    read: reading(decodeAudit, encodeAudit),
  },
  'linearizable requests': {
    samples: samplesOf(orderMessages, (message) => ofKind(orderKindOf(message), encodeOrder(message)), 40),
    read: reading(decodeOrder, encodeOrder),
  },
  'the total order': {
    samples: samplesOf(raftMessages, (message) => ofKind(raftKindOf(message), encodeRaft(message)), 80),
    read: reading((kind, payload) => decodeRaft(RAFT_SENDER, kind, payload), encodeRaft),
  },
};

describe('messages between replicas', () => {
  it.each(Object.entries(messages))('of %s are refused, or are what they say', (_, target) => {
    const { refused, read } = attack(target);
    expect(Math.min(refused, read)).toBeGreaterThan(20);
  });
});

describe('an envelope', () => {
  const cluster = parseClusterId('fuzz');
  const samples = samplesOf(senders, (sender) => encodeEnvelope({ ...sender, cluster }, 1, Uint8Array.of(1, 2, 3)));
  const seal = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length < 8) return bytes;
    const copy = bytes.slice();
    new DataView(copy.buffer).setUint32(4, crc32(copy.subarray(8)));
    return copy;
  };

  it('is refused, or is what it says but for its flags', () => {
    const read = (bytes: Uint8Array): Uint8Array | undefined => {
      peekSender(bytes);
      const result = decodeEnvelope(cluster, bytes);
      if (result.kind === 'refused') return undefined;
      const encoded = encodeEnvelope(result.envelope.sender, result.envelope.kind, result.envelope.payload);
      encoded[3] = bytes[3] ?? 0;
      return encoded;
    };
    const counts = attack({ samples, read, seal }, 4_000);
    expect(Math.min(counts.refused, counts.read)).toBeGreaterThan(20);
  });
});

describe('a bundle', () => {
  it('is refused, or is what it says', () => {
    const { kind } = bundle([]);
    const parts = fc.array(fc.record({ kind: fc.nat(60), payload: payloads }), { minLength: 2 });
    const samples = samplesOf(parts, (list) => bundle(list).payload);
    const read = (payload: Uint8Array): Uint8Array => bundle(partsOf({ kind, payload })).payload;
    const counts = attack({ samples, read }, 4_000);
    expect(Math.min(counts.refused, counts.read)).toBeGreaterThan(20);
  });
});

describe('fragments', () => {
  it('of whatever form, in any number, are refused or kept within bounds', () => {
    let reassembly = new Reassembly();
    let whole = 0;
    const fragment = (id: number, index: number, count: number, part: Uint8Array) =>
      new ByteWriter().u32(id).varuint(index).varuint(count).u8(1).raw(part).finish();
    // Every fragment has its companions among the samples: whether a message becomes whole is not left to the seed.
    const companies = samplesOf(payloads, (part) => part).map((part, id) =>
      [0, 1, 2].map((index) => fragment(id % 5, index, 3, part)),
    );
    const samples = companies.flat();
    const read = (bytes: Uint8Array): Uint8Array => {
      if (bytes.length === 0) reassembly = new Reassembly();
      if (reassembly.add('r1', bytes) !== undefined) whole += 1;
      return bytes;
    };
    const { refused } = attack({ samples, read }, 4_000);
    expect(refused).toBeGreaterThan(100);
    expect(whole).toBeGreaterThan(companies.length + 10);
  });
});

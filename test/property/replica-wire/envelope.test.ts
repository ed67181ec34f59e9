import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClusterId, makeOrigin, parseClusterId, parseReplicaId } from '../../../src/base/ids.js';
import {
  decodeEnvelope,
  encodeEnvelope,
  isShaped,
  markShaped,
  peekSender,
  type Sender,
} from '../../../src/replica/wire/envelope.js';
import { plain } from '../../support/plain.js';
import { clusters } from '../clocks/arbitraries.js';
import { payloads, senders } from './arbitraries.js';

const VERSION_AT = 2;
const FLAGS_AT = 3;
const kinds = fc.nat(255);

const sender: Sender = {
  cluster: parseClusterId('c'),
  replica: parseReplicaId('r1'),
  origin: makeOrigin(parseReplicaId('r1'), 7),
  boot: 0x89abcdef,
};
const sample = encodeEnvelope(sender, 3, Uint8Array.of(0, 1, 2, 255));

function shown(cluster: ClusterId, bytes: Uint8Array): unknown {
  return plain(decodeEnvelope(cluster, bytes));
}

describe('an envelope', () => {
  it('gives back sender, kind and payload', () => {
    fc.assert(
      fc.property(senders, kinds, payloads, (from, kind, payload) => {
        const bytes = encodeEnvelope(from, kind, payload);
        const envelope = { sender: from, kind, payload };
        expect(shown(from.cluster, bytes)).toEqual(plain({ kind: 'envelope', envelope }));
        expect(peekSender(bytes)).toBe(from.replica);
      }),
    );
  });

  it('with any one byte changed is refused, or reads the same because only a flag was touched', () => {
    const whole = JSON.stringify(shown(sender.cluster, sample));
    const outcomes = new Map<number, Set<string>>();
    for (let at = 0; at < sample.length; at += 1) {
      const seen = new Set<string>();
      for (let mask = 1; mask < 256; mask += 1) {
        const bytes = sample.slice();
        bytes[at] = (bytes[at] as number) ^ mask;
        const result = decodeEnvelope(sender.cluster, bytes);
        seen.add(result.kind === 'refused' ? result.why : JSON.stringify(plain(result)));
      }
      outcomes.set(at, seen);
    }
    for (const [at, seen] of outcomes) {
      const expected = at === FLAGS_AT ? whole : at === VERSION_AT ? 'unknown-version' : 'malformed';
      expect([...seen], `byte ${at}`).toEqual([expected]);
    }
  });

  it('cut short anywhere, or with anything behind it, is refused', () => {
    for (let length = 0; length < sample.length; length += 1) {
      expect(decodeEnvelope(sender.cluster, sample.subarray(0, length)).kind).toBe('refused');
    }
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (tail) => {
        expect(decodeEnvelope(sender.cluster, Uint8Array.of(...sample, ...tail)).kind).toBe('refused');
      }),
    );
  });

  it('of another cluster is refused as foreign', () => {
    fc.assert(
      fc.property(senders, clusters, payloads, (from, cluster, payload) => {
        fc.pre(cluster !== from.cluster);
        const result = decodeEnvelope(cluster, encodeEnvelope(from, 1, payload));
        expect(result).toEqual({ kind: 'refused', why: 'foreign-cluster' });
      }),
    );
  });

  it('whose origin is not of the replica it names is refused', () => {
    const forged = encodeEnvelope({ ...sender, replica: parseReplicaId('r2') }, 1, new Uint8Array(0));
    expect(decodeEnvelope(sender.cluster, forged)).toEqual({ kind: 'refused', why: 'malformed' });
  });

  it('is never made of random bytes, and reading them never throws', () => {
    const magic = fc.uint8Array({ maxLength: 200 }).map((rest) => Uint8Array.of(0xc5, 0x57, 2, 0, ...rest));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), magic), (bytes) => {
        expect(decodeEnvelope(sender.cluster, bytes).kind).toBe('refused');
        peekSender(bytes);
        isShaped(bytes);
      }),
      { numRuns: 2_000 },
    );
  });

  it('marked as shaped reads the same and says so', () => {
    expect(isShaped(sample)).toBe(false);
    const marked = markShaped(sample);
    expect(isShaped(marked)).toBe(true);
    expect(isShaped(sample)).toBe(false);
    expect(shown(sender.cluster, marked)).toEqual(shown(sender.cluster, sample));
  });
});

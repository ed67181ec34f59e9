import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/base/bytes.js';
import {
  decodeGossip,
  encodeGossip,
  type GossipMessage,
  gossipKindOf,
  isGossipKind,
} from '../../../src/replica/wire/gossip-codec.js';
import { gossipMessages } from './arbitraries.js';
import { describeCodec } from './codec-laws.js';

describe('a gossip message', () => {
  describeCodec<GossipMessage>({
    values: gossipMessages,
    encode: encodeGossip,
    decode: (bytes, like) => decodeGossip(gossipKindOf(like), bytes),
  });

  it('of a kind that does not exist is refused', () => {
    for (const kind of [31, 40]) {
      expect(isGossipKind(kind)).toBe(false);
      expect(() => decodeGossip(kind, new Uint8Array(0))).toThrow(DecodeError);
    }
  });
});

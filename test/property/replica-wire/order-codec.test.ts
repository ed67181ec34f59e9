import { describe, expect, it } from 'vitest';
import { DecodeError } from '../../../src/base/bytes.js';
import {
  decodeOrder,
  encodeOrder,
  isOrderKind,
  type OrderMessage,
  orderKindOf,
} from '../../../src/replica/wire/order-codec.js';
import { orderMessages } from './arbitraries.js';
import { describeCodec } from './codec-laws.js';

describe('a message of linearizable requests', () => {
  describeCodec<OrderMessage>({
    values: orderMessages,
    encode: encodeOrder,
    decode: (bytes, like) => decodeOrder(orderKindOf(like), bytes),
  });

  it('of a kind that does not exist is refused', () => {
    for (const kind of [47, 50]) {
      expect(isOrderKind(kind)).toBe(false);
      expect(() => decodeOrder(kind, new Uint8Array(0))).toThrow(DecodeError);
    }
  });
});

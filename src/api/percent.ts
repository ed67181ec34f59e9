/**
 * Percent-decoding of parts of a request target (RFC 3986, section 2.1), strict where routers are lenient: what is not
 * the encoding of UTF-8 text is refused, never repaired, because two texts that decode alike must be the same key.
 */
import { DecodeError, utf8Decode } from '../base/bytes.js';

const PLAIN = /^[^%\u0080-\uffff]*$/;
const HEX_PAIR = /^[0-9A-Fa-f]{2}$/;
const PERCENT = 0x25;

/**
 * The text that `encoded` stands for.
 *
 * @throws DecodeError if a `%` is not followed by two hexadecimal digits, if a character beyond ASCII is not encoded, or
 * if the bytes are not UTF-8.
 */
export function percentDecode(encoded: string): string {
  if (PLAIN.test(encoded)) return encoded;
  const bytes = new Uint8Array(encoded.length);
  let length = 0;
  for (let i = 0; i < encoded.length; i += 1) {
    let byte = encoded.charCodeAt(i);
    if (byte > 0x7f) throw new DecodeError('a character beyond ASCII is not encoded');
    if (byte === PERCENT) {
      const pair = encoded.slice(i + 1, i + 3);
      if (!HEX_PAIR.test(pair)) throw new DecodeError('a % is not followed by two hexadecimal digits');
      byte = Number.parseInt(pair, 16);
      i += 2;
    }
    bytes[length] = byte;
    length += 1;
  }
  return utf8Decode(bytes.subarray(0, length));
}

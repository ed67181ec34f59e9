/**
 * Base64url without padding (RFC 4648, section 5), strict: one text for each value of the bytes and no other. What
 * lenient decoders let pass - padding, whitespace, the other alphabet, stray bits in the last character - is refused, so
 * that equal bytes always are equal texts.
 */
import { DecodeError, utf8Decode } from './bytes.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Any bit above the six of a digit marks a character outside the alphabet. */
const NOT_A_DIGIT = 0x80;

const charOfDigit = new Uint8Array(64);
const digitOfChar = new Uint8Array(256).fill(NOT_A_DIGIT);
for (let digit = 0; digit < 64; digit += 1) {
  const char = ALPHABET.charCodeAt(digit);
  charOfDigit[digit] = char;
  digitOfChar[char] = digit;
}

/** Length of the text that `byteLength` bytes become. */
export function base64UrlLength(byteLength: number): number {
  return Math.ceil((byteLength * 4) / 3);
}

export function base64UrlEncode(bytes: Uint8Array): string {
  const text = new Uint8Array(base64UrlLength(bytes.length));
  const whole = bytes.length - (bytes.length % 3);
  let at = 0;
  for (let i = 0; i < whole; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    text[at] = charOfDigit[group >> 18] as number;
    text[at + 1] = charOfDigit[(group >> 12) & 63] as number;
    text[at + 2] = charOfDigit[(group >> 6) & 63] as number;
    text[at + 3] = charOfDigit[group & 63] as number;
    at += 4;
  }
  if (whole < bytes.length) {
    const group = ((bytes[whole] as number) << 16) | ((bytes[whole + 1] ?? 0) << 8);
    text[at] = charOfDigit[group >> 18] as number;
    text[at + 1] = charOfDigit[(group >> 12) & 63] as number;
    if (at + 2 < text.length) text[at + 2] = charOfDigit[(group >> 6) & 63] as number;
  }
  return utf8Decode(text);
}

/** @throws DecodeError on every text that `base64UrlEncode` does not return. */
export function base64UrlDecode(text: string): Uint8Array {
  const tail = text.length % 4;
  if (tail === 1) throw new DecodeError('base64url of an impossible length');
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let window = 0;
  let seen = 0;
  let at = 0;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    const digit = char < 256 ? (digitOfChar[char] as number) : NOT_A_DIGIT;
    seen |= digit;
    window = (window << 6) | digit;
    const phase = i & 3;
    if (phase !== 0) bytes[at++] = window >> (6 - 2 * phase);
  }
  if ((seen & NOT_A_DIGIT) !== 0) throw new DecodeError('a character is not of the base64url alphabet');
  const stray = tail === 2 ? 0b1111 : tail === 3 ? 0b11 : 0;
  if ((window & stray) !== 0) throw new DecodeError('base64url with stray bits at its end');
  return bytes;
}

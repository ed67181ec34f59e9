/**
 * CRC-32 (IEEE 802.3, reflected), table driven: tells damage from meaning, not friend from foe.
 *
 * Source: M. Kounavis and F. Berry, "A Systematic Approach to Building High Performance Software-based CRC Generators"
 * (2005): slicing by eight. Everything that is sent or stored passes through here, and a byte at a time takes more than
 * twice as long.
 */

/** Row k, of 256: what a byte does to the checksum with k bytes of zeros behind it. */
const TABLES = new Int32Array(8 * 256);
for (let n = 0; n < 256; n += 1) {
  let c = n;
  for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  TABLES[n] = c;
}
for (let n = 256; n < TABLES.length; n += 1) {
  const before = TABLES[n - 256] as number;
  TABLES[n] = (TABLES[before & 0xff] as number) ^ (before >>> 8);
}

/** Checksum of bytes `[start, end)`, continuing from `seed` (the checksum of what came before). Unsigned 32-bit. */
export function crc32(bytes: Uint8Array, seed = 0, start = 0, end = bytes.length): number {
  let crc = ~seed;
  let at = start;
  for (; at + 8 <= end; at += 8) {
    crc ^= byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24);
    crc =
      step(7, crc & 0xff) ^
      step(6, (crc >>> 8) & 0xff) ^
      step(5, (crc >>> 16) & 0xff) ^
      step(4, crc >>> 24) ^
      step(3, byte(bytes, at + 4)) ^
      step(2, byte(bytes, at + 5)) ^
      step(1, byte(bytes, at + 6)) ^
      step(0, byte(bytes, at + 7));
  }
  for (; at < end; at += 1) crc = step(0, (crc ^ byte(bytes, at)) & 0xff) ^ (crc >>> 8);
  return ~crc >>> 0;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] as number;
}

function step(row: number, index: number): number {
  return TABLES[row * 256 + index] as number;
}

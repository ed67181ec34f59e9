/**
 * Values as plain JSON, for comparing: version vectors keep their entries private, so that a structural comparison
 * finds any two of them equal.
 */
import { VersionVector } from '../../src/clocks/version-vector.js';

/** Vectors as their entries, bytes as hex, absent members left out; members in order of name. */
export function plain(value: unknown): unknown {
  if (value instanceof VersionVector) return { vector: value.entries() };
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, plain(member)]),
  );
}

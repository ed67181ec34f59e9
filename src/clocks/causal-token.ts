/**
 * The causal token: what a session has seen, as text it carries from replica to replica. `c1.` and the base64url of
 *
 *     cluster id, number of entries, per entry: member name, incarnation (4 bytes), counter; CRC-32 of all before
 *
 * in origin order. The form is canonical - every accepted text is what its vector encodes to - and compact, because every
 * response carries one: an empty name stands for that of the entry before, and the total order needs no incarnation.
 * The checksum tells damage, not forgery: whoever can reach a replica can make a token, so what it names is only waited
 * for, within the request's timeout, and never believed.
 */
import { assert } from '../base/assert.js';
import { base64UrlDecode, base64UrlEncode, base64UrlLength } from '../base/base64url.js';
import { ByteReader, ByteWriter, DecodeError } from '../base/bytes.js';
import { crc32 } from '../base/checksum.js';
import { CausewayError } from '../base/errors.js';
import { type ClusterId, LOG_ORIGIN, type Origin, parseOrigin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { VersionVector } from './version-vector.js';

const PREFIX = 'c1.';
const VERSIONED = /^c(\d{1,9})\./;
const CHECKSUM_BYTES = 4;
const CLUSTER_MAX_BYTES = 64;
const NAME_MAX_BYTES = 32;
const SAME_NAME = '';
/** In the place of a member's name: the total order. No member can be called so. */
const TOTAL_ORDER = '~';
const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The token of `vector`. A vector for which `tokenFits` is false is a broken invariant. */
export function encodeToken(cluster: ClusterId, vector: VersionVector): string {
  const payload = encodePayload(cluster, vector);
  assert(fits(payload, vector), 'vector does not fit into a token', { bytes: payload.length, entries: vector.size });
  return PREFIX + base64UrlEncode(payload);
}

/**
 * Whether `encodeToken` accepts the vector. The vectors of a cluster within its limits fit; a session's token joined
 * with them may not, since a client can make up tokens that name what never was.
 */
export function tokenFits(cluster: ClusterId, vector: VersionVector): boolean {
  return fits(encodePayload(cluster, vector), vector);
}

/** @throws CausewayError `invalid-causal-token`, with a sentence that says what is wrong with `text`. */
export function decodeToken(cluster: ClusterId, text: string): VersionVector {
  if (text.length > LIMITS.tokenMaxBytes) {
    return refuse(`has ${text.length} characters, and tokens have at most ${LIMITS.tokenMaxBytes}`);
  }
  if (!text.startsWith(PREFIX)) {
    const version = VERSIONED.exec(text)?.[1];
    return refuse(version === undefined ? 'is not a token: those begin with "c1."' : `is of version ${version}, not 1`);
  }
  try {
    return decodePayload(cluster, base64UrlDecode(text.slice(PREFIX.length)));
  } catch (error) {
    if (error instanceof DecodeError) return refuse(`is damaged: ${error.message}`);
    throw error;
  }
}

function refuse(reason: string): never {
  throw new CausewayError('invalid-causal-token', `The causal token ${reason}.`);
}

function fits(payload: Uint8Array, vector: VersionVector): boolean {
  const length = PREFIX.length + base64UrlLength(payload.length);
  return length <= LIMITS.tokenMaxBytes && vector.size <= LIMITS.vectorMaxEntries;
}

function encodePayload(cluster: ClusterId, vector: VersionVector): Uint8Array {
  const writer = new ByteWriter(16 + cluster.length + vector.size * 16).string(cluster).varuint(vector.size);
  let lastName = SAME_NAME;
  vector.forEach((origin, counter) => {
    const tilde = origin.indexOf('~');
    const name = tilde < 0 ? TOTAL_ORDER : origin.slice(0, tilde);
    writer.string(name === lastName ? SAME_NAME : name);
    if (tilde >= 0) writer.u32(Number.parseInt(origin.slice(tilde + 1), 16));
    writer.varuint(counter);
    lastName = name;
  });
  return writer.u32(crc32(writer.finish())).finish();
}

function decodePayload(cluster: ClusterId, payload: Uint8Array): VersionVector {
  const checked = payload.subarray(0, Math.max(0, payload.length - CHECKSUM_BYTES));
  if (new ByteReader(payload.subarray(checked.length)).u32() !== crc32(checked)) {
    throw new DecodeError('its checksum does not match');
  }
  const reader = new ByteReader(checked);
  const issuer = reader.string(CLUSTER_MAX_BYTES);
  if (issuer !== cluster) return refuse(`is of cluster ${JSON.stringify(issuer)}, and this is "${cluster}"`);
  const size = reader.varuint();
  if (size > LIMITS.vectorMaxEntries) {
    return refuse(`names ${size} origins, and a vector has at most ${LIMITS.vectorMaxEntries}`);
  }
  const vector = VersionVector.of(decodeEntries(reader, size));
  reader.end();
  return vector;
}

function decodeEntries(reader: ByteReader, size: number): [Origin, number][] {
  const entries: [Origin, number][] = [];
  let lastName = SAME_NAME;
  for (let i = 0; i < size; i += 1) {
    const name = reader.string(NAME_MAX_BYTES);
    if (name === lastName) throw new DecodeError('a name is not in its shortest form');
    if (name !== SAME_NAME) lastName = name;
    const origin = name === TOTAL_ORDER ? LOG_ORIGIN : decodeOrigin(lastName, reader.u32());
    const previous = entries[i - 1];
    if (previous !== undefined && previous[0] >= origin) throw new DecodeError('its origins are not sorted');
    entries.push([origin, decodeCounter(reader, origin)]);
  }
  return entries;
}

function decodeOrigin(name: string, incarnation: number): Origin {
  const origin = parseOrigin(`${name}~${hex(incarnation)}`);
  if (origin === undefined) throw new DecodeError('it names what is not an origin');
  return origin;
}

/** Eight digits. By table, since this runs for every origin of every request. */
function hex(value: number): string {
  const upper = `${HEX_OF_BYTE[value >>> 24]}${HEX_OF_BYTE[(value >>> 16) & 0xff]}`;
  return `${upper}${HEX_OF_BYTE[(value >>> 8) & 0xff]}${HEX_OF_BYTE[value & 0xff]}`;
}

function decodeCounter(reader: ByteReader, origin: Origin): number {
  try {
    const counter = reader.varuint();
    if (counter > 0) return counter;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
  return refuse(`names a counter of ${origin} that is out of range`);
}

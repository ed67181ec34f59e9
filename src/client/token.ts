/**
 * Joining causal tokens, for sessions that have several calls in flight: each answer carries what was sent joined with
 * what that answer depended on, so of two concurrent answers neither token covers the other, and keeping the later one
 * would forget what the earlier one had seen.
 *
 * To everything else tokens are opaque. This is the client's own reader of the published form (docs/CLIENT.md); where
 * it does not understand a token it says so, and never guesses.
 */
import { base64UrlDecode, base64UrlEncode } from '../base/base64url.js';
import { ByteReader, ByteWriter, DecodeError } from '../base/bytes.js';
import { crc32 } from '../base/checksum.js';
import { LIMITS } from '../base/limits.js';

const PREFIX = 'c1.';
const CHECKSUM_BYTES = 4;
const NAME_MAX_BYTES = 64;
/** In the place of a name: the one before, and the total order. */
const SAME_NAME = '';
const TOTAL_ORDER = '~';
/** How the total order sorts among origins of the form `name~incarnation`. */
const LOG_ORIGIN = 'log';

interface TokenContent {
  readonly cluster: string;
  /** Origin to counter. */
  readonly counters: ReadonlyMap<string, number>;
}

/**
 * The token that covers both; undefined if one of them is not readable here, they are of different clusters, or the
 * join is over the size of a token.
 */
export function joinTokens(a: string, b: string): string | undefined {
  const left = readToken(a);
  const right = a === b ? left : readToken(b);
  if (left === undefined || right === undefined || left.cluster !== right.cluster) return undefined;
  const counters = new Map(left.counters);
  for (const [origin, counter] of right.counters) {
    counters.set(origin, Math.max(counter, counters.get(origin) ?? 0));
  }
  const joined = writeToken({ cluster: left.cluster, counters });
  return joined.length <= LIMITS.tokenMaxBytes && counters.size <= LIMITS.vectorMaxEntries ? joined : undefined;
}

function readToken(text: string): TokenContent | undefined {
  if (!text.startsWith(PREFIX) || text.length > LIMITS.tokenMaxBytes) return undefined;
  try {
    return readPayload(base64UrlDecode(text.slice(PREFIX.length)));
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function readPayload(payload: Uint8Array): TokenContent {
  const checked = payload.subarray(0, Math.max(0, payload.length - CHECKSUM_BYTES));
  if (new ByteReader(payload.subarray(checked.length)).u32() !== crc32(checked)) throw new DecodeError('checksum');
  const reader = new ByteReader(checked);
  const cluster = reader.string(NAME_MAX_BYTES);
  const counters = new Map<string, number>();
  const size = reader.varuint();
  let lastName = SAME_NAME;
  for (let i = 0; i < size; i += 1) {
    const name = reader.string(NAME_MAX_BYTES);
    if (name !== SAME_NAME) lastName = name;
    else if (i === 0) throw new DecodeError('the first name is missing');
    const origin = lastName === TOTAL_ORDER ? LOG_ORIGIN : `${lastName}~${hex32(reader.u32())}`;
    counters.set(origin, reader.varuint());
  }
  reader.end();
  if (counters.size !== size) throw new DecodeError('an origin twice');
  return { cluster, counters };
}

function writeToken({ cluster, counters }: TokenContent): string {
  const writer = new ByteWriter().string(cluster).varuint(counters.size);
  let lastName = SAME_NAME;
  for (const origin of [...counters.keys()].sort()) {
    const tilde = origin.lastIndexOf('~');
    const name = tilde < 0 ? TOTAL_ORDER : origin.slice(0, tilde);
    writer.string(name === lastName ? SAME_NAME : name);
    if (tilde >= 0) writer.u32(Number.parseInt(origin.slice(tilde + 1), 16));
    writer.varuint(counters.get(origin) ?? 0);
    lastName = name;
  }
  writer.u32(crc32(writer.finish()));
  return PREFIX + base64UrlEncode(writer.finish());
}

function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}

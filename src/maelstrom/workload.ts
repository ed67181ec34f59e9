/** What the workloads of Maelstrom have in common: requests by type, answered with the fields of `<type>_ok`. */
import { utf8Decode, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { VersionVector } from '../clocks/version-vector.js';
import type { KeyState, RequestContext, WriteOp } from '../replica/request-types.js';
import { canonicalJson, type Json, type JsonObject, parseJson } from './json.js';
import { ProtocolError } from './protocol-error.js';

/**
 * Returns the fields of the answer.
 * @throws ProtocolError, CausewayError
 */
export type Handler = (body: JsonObject) => Promise<JsonObject>;

export interface Workload {
  readonly handlers: Readonly<Record<string, Handler>>;
  /** Whether anything of this workload has been stored, here or elsewhere, or asked of this node. */
  isInUse(): Promise<boolean>;
}

/** Every request is a session of its own: Maelstrom's clients carry no tokens. */
export const CAUSAL: RequestContext = {
  level: 'causal',
  timeoutMs: LIMITS.timeoutDefaultMs,
  token: VersionVector.EMPTY,
};

/** @throws ProtocolError if the request lacks the field */
export function fieldOf(body: JsonObject, name: string): Json {
  const value = body[name];
  if (value === undefined) throw new ProtocolError('malformed-request', `the request has no ${name}`);
  return value;
}

/** Equal values are stored as equal bytes. @throws ProtocolError if it is too large */
export function putJson(key: string, value: Json): WriteOp & { readonly kind: 'put' } {
  return { kind: 'put', key, contentType: 'application/json', bytes: jsonBytes(value) };
}

/** @throws ProtocolError if it is too large to be stored */
export function jsonBytes(value: Json): Uint8Array {
  const bytes = utf8Encode(canonicalJson(value));
  if (bytes.length <= LIMITS.valueMaxBytes) return bytes;
  throw new ProtocolError('malformed-request', `a value has ${bytes.length} bytes, over ${LIMITS.valueMaxBytes}`);
}

/** What the key shows; undefined if nothing. */
export function shownJson({ versions: [winner] }: KeyState): Json | undefined {
  return winner?.kind === 'value' ? parseJson(utf8Decode(winner.bytes)) : undefined;
}

/** Values on their way out and back: what callers hand over as bytes with a content type, and what they get to read. */
import type { RequestBody } from './attempt.js';
import { InvalidArgumentError } from './errors.js';
import { type JsonObject, stringAt } from './json.js';
import type { TxnOp } from './txn-types.js';
import type { BatchOp, Content, Value } from './types.js';

export const JSON_TYPE = 'application/json';
const TEXT_TYPE = 'text/plain; charset=utf-8';
const BYTES_TYPE = 'application/octet-stream';

const encoder = new TextEncoder();
// A byte order mark is part of the value.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The bytes to store: a copy, so that a retry sends what the first attempt sent whatever the caller does meanwhile. */
export function bodyOf(value: Value, contentType: string | undefined): RequestBody {
  if (typeof value === 'string') return { contentType: contentType ?? TEXT_TYPE, bytes: encoder.encode(value) };
  const bytes = bytesOf(value);
  if (bytes !== undefined) return { contentType: contentType ?? BYTES_TYPE, bytes };
  return { contentType: contentType ?? JSON_TYPE, bytes: encoder.encode(jsonOf(value)) };
}

export function jsonBody(value: object): RequestBody {
  return { contentType: JSON_TYPE, bytes: encoder.encode(JSON.stringify(value)) };
}

/** An op of a batch or transaction as the contract writes it. */
export function wireOp(op: BatchOp | TxnOp): object {
  if (!('put' in op)) return op;
  const { value, encoding, contentType } = wireValue(op.value);
  return { put: op.put, value, encoding, contentType: op.contentType ?? contentType };
}

/** A value inside of JSON. Without `encoding` it is text. */
export function wireValue(given: Value): {
  readonly value: string;
  readonly encoding: 'base64' | undefined;
  readonly contentType: string;
} {
  const bytes = bytesOf(given);
  if (bytes !== undefined) return { value: base64Encode(bytes), encoding: 'base64', contentType: BYTES_TYPE };
  if (typeof given === 'string') return { value: given, encoding: undefined, contentType: TEXT_TYPE };
  return { value: jsonOf(given), encoding: undefined, contentType: JSON_TYPE };
}

export function contentOf(value: Uint8Array, contentType: string): Content {
  return {
    value,
    contentType,
    text: () => decoder.decode(value),
    json: () => JSON.parse(decoder.decode(value)),
  };
}

/** The value of an entry; undefined if it has none or it is not in the encoding it claims. */
export function decodeContent(entry: JsonObject): Content | undefined {
  const value = stringAt(entry, 'value');
  if (value === undefined) return undefined;
  const bytes = stringAt(entry, 'encoding') === 'base64' ? base64Decode(value) : encoder.encode(value);
  return bytes && contentOf(bytes, stringAt(entry, 'contentType') ?? BYTES_TYPE);
}

/** A copy of raw bytes. Typed arrays and buffers would become `{"0":…}` or `{}` as JSON, which nobody wants. */
function bytesOf(value: Value): Uint8Array<ArrayBuffer> | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0));
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
}

function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw new InvalidArgumentError('the value has no JSON form', cause);
  }
  if (text === undefined) throw new InvalidArgumentError(`a ${typeof value} has no JSON form`);
  return text;
}

function base64Encode(bytes: Uint8Array): string {
  // In pieces: `fromCharCode` takes only so many arguments.
  const piece = 8_192;
  let binary = '';
  for (let at = 0; at < bytes.length; at += piece) binary += String.fromCharCode(...bytes.subarray(at, at + piece));
  return btoa(binary);
}

function base64Decode(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

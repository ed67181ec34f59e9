/** The value that a unique constraint sees in a stored document. */
import { DecodeError, utf8Decode, utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import { type JsonPointer, lookUp } from './json-pointer.js';

export type UniqueField =
  /** The field is absent or null, as it may be in many documents at once. */
  | { readonly kind: 'none' }
  /** JSON text of a scalar; equal values have equal texts. Strings are compared as they are, not normalized. */
  | { readonly kind: 'value'; readonly text: string }
  /** It cannot be judged; `reason` completes "the value …". */
  | { readonly kind: 'unusable'; readonly reason: string };

const NONE: UniqueField = { kind: 'none' };

export function uniqueField(bytes: Uint8Array, pointer: JsonPointer): UniqueField {
  const document = parseJson(bytes);
  if (document === undefined) return { kind: 'unusable', reason: 'is not JSON' };
  const found = lookUp(document.value, pointer);
  if (found === undefined || found === null) return NONE;
  if (typeof found === 'object') return { kind: 'unusable', reason: 'has an object or array in the unique field' };
  if (typeof found === 'number' && !Number.isFinite(found)) {
    return { kind: 'unusable', reason: 'has a number out of range in the unique field' };
  }
  const text = JSON.stringify(found);
  if (utf8Encode(text).length > LIMITS.uniqueValueMaxBytes) {
    return { kind: 'unusable', reason: `has more than ${LIMITS.uniqueValueMaxBytes} bytes in the unique field` };
  }
  return { kind: 'value', text };
}

function parseJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(utf8Decode(bytes)) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DecodeError) return undefined;
    throw error;
  }
}

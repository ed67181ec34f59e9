/** JSON Pointer (RFC 6901): names one place inside a JSON document. */
import { utf8Encode } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';

export interface JsonPointer {
  /** Unescaped; none at all is the whole document. */
  readonly tokens: readonly string[];
}

export type PointerParse =
  | { readonly kind: 'pointer'; readonly pointer: JsonPointer }
  /** `reason` completes "the pointer …". */
  | { readonly kind: 'invalid'; readonly reason: string };

const INVALID_ESCAPE = /~(?![01])/;
const ARRAY_INDEX = /^(?:0|[1-9]\d{0,9})$/;

/** Section 3: syntax. Section 4: `~1` is `/`, then `~0` is `~`. */
export function parseJsonPointer(text: string): PointerParse {
  if (utf8Encode(text).length > LIMITS.jsonPointerMaxBytes) {
    return { kind: 'invalid', reason: `has more than ${LIMITS.jsonPointerMaxBytes} bytes` };
  }
  if (text === '') return { kind: 'pointer', pointer: { tokens: [] } };
  if (!text.startsWith('/')) return { kind: 'invalid', reason: 'does not begin with "/"' };
  if (INVALID_ESCAPE.test(text)) return { kind: 'invalid', reason: 'has a "~" that neither 0 nor 1 follows' };
  const tokens = text
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (tokens.length > LIMITS.jsonPointerMaxTokens) {
    return { kind: 'invalid', reason: `has more than ${LIMITS.jsonPointerMaxTokens} parts` };
  }
  return { kind: 'pointer', pointer: { tokens } };
}

/** What is at the place, or undefined if the document has no such place. */
export function lookUp(document: unknown, pointer: JsonPointer): unknown {
  let at: unknown = document;
  for (const token of pointer.tokens) {
    if (typeof at !== 'object' || at === null) return undefined;
    if (Array.isArray(at)) {
      if (!ARRAY_INDEX.test(token)) return undefined;
      at = at[Number(token)];
    } else {
      at = Object.hasOwn(at, token) ? (at as Readonly<Record<string, unknown>>)[token] : undefined;
    }
  }
  return at;
}

/** The request headers that only writes heed. */
import type { IncomingHttpHeaders } from 'node:http';
import { parseItem } from 'structured-headers';
import { CausewayError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Durability } from '../replica/request-types.js';
import { quoted, refuse } from './refuse.js';
import { SERVED_LEVELS } from './request-context.js';

export interface WriteTerms {
  readonly durability: Durability;
  readonly idempotencyKey: string | undefined;
  /** The client wants no receipt. */
  readonly minimal: boolean;
}

const DURABILITIES: readonly string[] = ['local', 'majority', 'all'] satisfies readonly Durability[];
const VISIBLE = /^[\x21-\x7e]+$/;
const PREFERENCE = /^return\s*=\s*"?minimal"?\s*(?:;.*)?$/i;

/**
 * @throws CausewayError `precondition-needs-linearizable` on a condition, `level-not-offered` on a fencing token,
 * `invalid-request` on what is malformed
 */
export function writeTerms(headers: IncomingHttpHeaders): WriteTerms {
  if (headers['if-match'] !== undefined || headers['if-none-match'] !== undefined) {
    const detail = 'The write carries a condition, which only the linearizable level can decide.';
    throw new CausewayError('precondition-needs-linearizable', detail, { served: [] });
  }
  if (headers['fencing-token'] !== undefined) {
    const detail = 'The write carries a fencing token, and this replica has no locks to check it against.';
    throw new CausewayError('level-not-offered', detail, { served: SERVED_LEVELS });
  }
  return {
    durability: durabilityOf(single(headers['durability'])),
    idempotencyKey: idempotencyKeyOf(single(headers['idempotency-key'])),
    minimal: wantsMinimal(single(headers['prefer'])),
  };
}

function durabilityOf(text: string | undefined): Durability {
  if (text === undefined) return 'local';
  if (!DURABILITIES.includes(text)) {
    return refuse(`Durability ${quoted(text)} is unknown; send one of ${DURABILITIES.join(', ')}.`);
  }
  return text as Durability;
}

/** The draft standard wants a quoted string, most clients send the bare text; both mean the same key. */
function idempotencyKeyOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const key = text.startsWith('"') ? unquote(text) : text;
  if (!VISIBLE.test(key) || key.length > LIMITS.idempotencyKeyMaxChars) {
    return refuse(`Idempotency-Key has 1 to ${LIMITS.idempotencyKeyMaxChars} visible ASCII characters.`);
  }
  return key;
}

function unquote(text: string): string {
  try {
    const [value, parameters] = parseItem(text);
    if (typeof value === 'string' && parameters.size === 0) return value;
  } catch {
    // Not a string by the grammar; said below.
  }
  return refuse('Idempotency-Key begins with a quote and is not a quoted string.');
}

/** Preferences (RFC 7240) that are not understood are ignored, as they must be. */
function wantsMinimal(prefer: string | undefined): boolean {
  return prefer?.split(',').some((preference) => PREFERENCE.test(preference.trim())) ?? false;
}

/** Node joins repeated headers of these names into one text. */
function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

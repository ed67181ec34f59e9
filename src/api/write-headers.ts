/** The request headers that only writes heed. */
import type { IncomingHttpHeaders } from 'node:http';
import { parseItem } from 'structured-headers';
import { CausewayError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Durability } from '../replica/request-types.js';
import type { LevelName } from './consistency-header.js';
import { type Condition, conditionOf } from './entity-tags.js';
import type { Exchange } from './exchange.js';
import { type Fences, parseFences } from './fencing-header.js';
import { quoted, refuse } from './refuse.js';
import { orderedReplica, strongLevelNow, WEAK_LEVELS } from './served-levels.js';

export interface WriteTerms {
  readonly durability: Durability;
  /** Only of a linearizable write. */
  readonly condition: Condition | undefined;
  /** Members of a request to a replica, absent where the header is. */
  readonly guards: WriteGuards;
  /** The client wants no receipt. */
  readonly minimal: boolean;
}

export interface WriteGuards {
  readonly fences?: Fences;
  readonly idempotencyKey?: string;
}

const NO_GUARDS: WriteGuards = {};

const DURABILITIES: readonly string[] = ['local', 'majority', 'all'] satisfies readonly Durability[];
const VISIBLE = /^[\x21-\x7e]+$/;
const PREFERENCE = /^return\s*=\s*"?minimal"?\s*(?:;.*)?$/i;

/**
 * @throws CausewayError `precondition-needs-linearizable` on a condition at a weaker level, `level-not-offered` on a
 * fencing token where there are no locks, `invalid-request` on what is malformed
 */
export function writeTerms(exchange: Exchange, level: LevelName): WriteTerms {
  const { headers } = exchange;
  return {
    durability: durabilityOf(single(headers['durability']), level),
    condition: hasCondition(headers) ? conditionAt(exchange, level) : undefined,
    guards: writeGuards(exchange),
    minimal: wantsMinimal(single(headers['prefer'])),
  };
}

/** The terms of what is no write of one key and has conditions of its own, or none. @throws CausewayError as above */
export function unconditionalTerms(exchange: Exchange, level: LevelName, instead: string): WriteTerms {
  const terms = writeTerms(exchange, level);
  return terms.condition === undefined ? terms : refuse(`If-Match and If-None-Match are for one key; ${instead}.`);
}

/** @throws CausewayError `level-not-offered`, `invalid-request` */
function writeGuards({ headers, service }: Exchange): WriteGuards {
  const key = headers['idempotency-key'];
  const fencing = headers['fencing-token'];
  if (key === undefined && fencing === undefined) return NO_GUARDS;
  if (fencing !== undefined) orderedReplica(service.replica, WEAK_LEVELS);
  return {
    ...(key === undefined ? {} : { idempotencyKey: idempotencyKeyOf(single(key) ?? '') }),
    ...(fencing === undefined ? {} : { fences: parseFences(single(fencing) ?? '') }),
  };
}

function hasCondition(headers: IncomingHttpHeaders): boolean {
  return headers['if-match'] !== undefined || headers['if-none-match'] !== undefined;
}

function conditionAt(exchange: Exchange, level: LevelName): Condition | undefined {
  exchange.needsOrder = true;
  if (level === 'linearizable') return conditionOf(exchange.headers);
  const detail = 'The write carries a condition, which only the linearizable level can decide.';
  const served = strongLevelNow(exchange.service.replica);
  throw new CausewayError('precondition-needs-linearizable', detail, { served });
}

/** The log acknowledges what a majority has, which is `local` and more; for `all` it does not wait. */
function durabilityOf(text: string | undefined, level: LevelName): Durability {
  if (text === undefined) return 'local';
  if (!DURABILITIES.includes(text)) {
    return refuse(`Durability ${quoted(text)} is unknown; send one of ${DURABILITIES.join(', ')}.`);
  }
  if (level === 'linearizable' && text === 'all') {
    return refuse('A linearizable write is durable on a majority; Durability: all is for weaker ones.');
  }
  return text as Durability;
}

/** The draft standard wants a quoted string, most clients send the bare text; both mean the same key. */
export function idempotencyKeyOf(text: string): string {
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

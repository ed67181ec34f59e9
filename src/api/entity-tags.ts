/** Entity tags and the conditions made of them (RFC 9110, section 13.1), for the one level that can decide conditions. */
import type { IncomingHttpHeaders } from 'node:http';
import { parseOrigin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Dot } from '../clocks/dot.js';
import type { OrderedWriteRequest } from '../replica/ordered-handle.js';
import { quoted, refuse } from './refuse.js';

export type Condition = NonNullable<OrderedWriteRequest['condition']>;

const ENTITY_TAG = /^"([^".\s]+)\.([1-9]\d{0,15})"$/;

/**
 * The condition of a linearizable write; undefined without one. A tag of another key is no mistake: it does not match.
 *
 * @throws CausewayError `invalid-request` on two conditions at once, weak tags, and tags that no replica ever gave
 */
export function conditionOf(headers: IncomingHttpHeaders): Condition | undefined {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    return refuse('If-Match and If-None-Match exclude each other; send one of them.');
  }
  if (ifMatch !== undefined) return parseMatch(ifMatch, 'If-Match');
  if (ifNoneMatch === undefined) return undefined;
  if (ifNoneMatch.trim() === '*') return { kind: 'absent' };
  return refuse('If-None-Match on a write is *: the key must not exist.');
}

/** `*` or a list of strong entity tags. `where` names its place in the request. @throws CausewayError `invalid-request` */
export function parseMatch(text: string, where: string): Condition {
  if (text.trim() === '*') return { kind: 'exists' };
  const tags = text.split(',');
  if (tags.length > LIMITS.conditionMaxEtags) {
    return refuse(`${where} lists ${tags.length} entity tags; at most ${LIMITS.conditionMaxEtags} are compared.`);
  }
  return { kind: 'etag', dots: tags.map((tag) => parseEntityTag(tag.trim(), where)) };
}

function parseEntityTag(tag: string, where: string): Dot {
  if (tag.startsWith('W/'))
    return refuse(`${where} holds the weak entity tag ${quoted(tag)}; writes compare strong ones.`);
  const [, name = '', digits = ''] = ENTITY_TAG.exec(tag) ?? [];
  const origin = parseOrigin(name);
  const counter = Number(digits);
  if (origin === undefined || !Number.isSafeInteger(counter)) {
    return refuse(`${where} holds ${quoted(tag)}, which is no entity tag of this store.`);
  }
  return { origin, counter };
}

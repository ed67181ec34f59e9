/** The `Content-Type` a value is stored with, and given back with. */
import { LIMITS } from '../base/limits.js';
import { quoted, refuse } from './refuse.js';

const UNTYPED = 'application/octet-stream';
const UNTYPED_TEXT = 'text/plain';
/** What `curl -d` sends when it was told nothing, about bytes that are no form. */
const FORM = 'application/x-www-form-urlencoded';
/** Type and subtype (RFC 9110, section 8.3.1), then parameters as they come: they are stored, not understood. */
const MEDIA_TYPE = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+[ \t]*(?:;[\t\x20-\x7e]*)?$/;
/** Types that a browser would run scripts of, in the origin of this API. */
const ACTIVE = /html|xml|svg|javascript|pdf/i;

/** The type to store for a request that says `header`. @throws CausewayError `invalid-request` */
export function storedContentType(header: string | undefined): string {
  if (header === undefined) return UNTYPED;
  if (header.toLowerCase() === FORM) return UNTYPED_TEXT;
  return checkContentType(header, 'Content-Type');
}

/** The type of a batch's value where the op names none. */
export function defaultContentType(encoding: 'utf8' | 'base64'): string {
  return encoding === 'utf8' ? UNTYPED_TEXT : UNTYPED;
}

/** `text` if it is a media type. `where` names its place in the request. @throws CausewayError `invalid-request` */
export function checkContentType(text: string, where: string): string {
  if (text.length > LIMITS.contentTypeMaxBytes) {
    return refuse(`${where} has ${text.length} characters; at most ${LIMITS.contentTypeMaxBytes} are stored.`);
  }
  return MEDIA_TYPE.test(text) ? text : refuse(`${where} ${quoted(text)} is not a media type.`);
}

/** Whether a value of this type must be kept from acting when a browser opens it. */
export function isActive(contentType: string): boolean {
  return ACTIVE.test(contentType);
}

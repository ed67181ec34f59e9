/**
 * The request target as it was sent. Keys are bytes that no router should touch - `%2F`, `//`, `..` and `%FF` all mean
 * something in a key - so the router is shown a fixed path in the key's place, and the key is cut from the original.
 */
import type { IncomingMessage } from 'node:http';

const ITEM_PREFIX = '/v1/kv/';
/** What the router sees of every `/v1/kv/{key}`. */
const ITEM_PATH = '/v1/kv/-';
const SCHEME_AND_AUTHORITY = /^https?:\/\/[^/?]*/i;

/** The target the router matches; for Fastify's `rewriteUrl`. */
export function routedTarget(request: IncomingMessage): string {
  const target = originForm(request.url ?? '/');
  return target.startsWith(ITEM_PREFIX) ? ITEM_PATH : target;
}

/** What follows `/v1/kv/` up to the query, as it was sent; undefined if the target is of another form. */
export function encodedKey(sentTarget: string): string | undefined {
  const target = originForm(sentTarget);
  if (!target.startsWith(ITEM_PREFIX)) return undefined;
  const end = target.indexOf('?');
  return end < 0 ? target.slice(ITEM_PREFIX.length) : target.slice(ITEM_PREFIX.length, end);
}

/** What follows the question mark, as it was sent; undefined if there is none. */
export function queryText(sentTarget: string): string | undefined {
  const at = sentTarget.indexOf('?');
  return at < 0 ? undefined : sentTarget.slice(at + 1);
}

/** What precedes the query. */
export function pathOf(sentTarget: string): string {
  const target = originForm(sentTarget);
  const at = target.indexOf('?');
  return at < 0 ? target : target.slice(0, at);
}

/** Proxies may send a whole URI (RFC 9112, section 3.2.2); it means the same as its path and query. */
function originForm(target: string): string {
  return target.startsWith('/') ? target : target.replace(SCHEME_AND_AUTHORITY, '') || '/';
}

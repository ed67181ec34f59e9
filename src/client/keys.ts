/**
 * Keys as parts of a URL. A key is any text, a URL path is not: `fetch` resolves the segments `.` and `..` before it
 * sends anything, percent-encoded ones included (WHATWG URL, section 4.4), and proxies merge empty segments.
 */
import { InvalidArgumentError } from './errors.js';

/**
 * Target of a key. Slashes stay readable unless a segment would not survive the journey; then they are encoded too, so
 * that the key travels as one segment. The keys `.` and `..` cannot travel in a path at all and go as a parameter.
 */
export function keyTarget(key: string, format?: 'entry'): string {
  if (key === '') throw new InvalidArgumentError('a key has at least one byte');
  if (key === '.' || key === '..') {
    return `/v1/kv${queryOf([
      ['key', key],
      ['format', format],
    ])}`;
  }
  return `/v1/kv/${keyPath(key)}${queryOf([['format', format]])}`;
}

/** Path of a coordination object or member. Each name is one segment, its slashes encoded. */
export function namePath(collection: string, ...names: readonly string[]): string {
  for (const name of names) {
    // `fetch` would resolve these away, percent-encoded or not.
    if (name === '.' || name === '..')
      throw new InvalidArgumentError(`${JSON.stringify(name)} cannot travel in a path`);
    if (name === '') throw new InvalidArgumentError(`a name in /v1/${collection} has at least one byte`);
  }
  return ['/v1', collection, ...names.map(encodeText)].join('/');
}

function keyPath(key: string): string {
  const encoded = encodeText(key);
  const fragile = key.split('/').some((segment) => segment === '' || segment === '.' || segment === '..');
  return fragile ? encoded : encoded.replaceAll('%2F', '/');
}

/** @throws InvalidArgumentError on a lone surrogate, which has no UTF-8 form. */
export function encodeText(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw new InvalidArgumentError('text with a lone surrogate cannot be encoded as UTF-8', cause);
  }
}

/** `?a=1&b=2` of the parameters that have a value; empty if none has. */
export function queryOf(parameters: readonly (readonly [string, string | number | undefined])[]): string {
  const parts = parameters
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeText(String(value))}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/**
 * Query of a multi-key read. In `?keys=a,b` the comma separates, so keys that contain one go as one `key=` parameter
 * each, where the empty `keys=` says that a list is wanted, however short.
 */
export function keysQuery(keys: readonly string[]): string {
  if (keys.length === 0) throw new InvalidArgumentError('getMany() needs at least one key');
  if (keys.includes('')) throw new InvalidArgumentError('a key has at least one byte');
  if (!keys.some((key) => key.includes(','))) return `?keys=${keys.map(encodeText).join(',')}`;
  return `?keys=&${keys.map((key) => `key=${encodeText(key)}`).join('&')}`;
}

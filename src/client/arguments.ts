/** Arguments of callers that are checked before anything is sent. */
import { InvalidArgumentError } from './errors.js';

/** What a timer can hold: 2^31 - 1 milliseconds, 24 days. Beyond it, timers fire at once. */
const DURATION_MAX_MS = 2_147_483_647;

/** A replica's base URL without a trailing slash. */
export function baseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new InvalidArgumentError(`"${text}" is not a URL`, cause);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new InvalidArgumentError(`"${text}" is not an http or https URL`);
  }
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError(`"${text}" is more than a base URL: leave out query, fragment and credentials`);
  }
  return url.href.replace(/\/+$/, '');
}

/** A span of time above zero, as far as timers reach. */
export function durationMs(name: string, value: number): number {
  return Math.min(DURATION_MAX_MS, positive(name, value));
}

export function positive(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`${name} is ${value}, and has to be a positive number`);
}

/** Etags are strings in double quotes; people who copy one tend to lose them. */
export function quotedEtag(etag: string): string {
  if (etag === '') throw new InvalidArgumentError('an empty string is not an etag');
  return etag === '*' || /^(W\/)?".*"$/.test(etag) ? etag : `"${etag}"`;
}

/** The curl line that sends an `HttpCall`, safe to paste into a POSIX shell. */
import type { HttpCall } from './http-call.js';

export interface CurlOptions {
  /** Show the response headers as well (`-i`). */
  readonly withHeaders?: boolean;
  /** The body comes from standard input rather than from the line. */
  readonly bodyFromStdin?: boolean;
}

export function curlLine(call: HttpCall, options: CurlOptions = {}): string {
  const words = ['curl', options.withHeaders ? '-sSi' : '-sS'];
  if (/(^|\/)\.{1,2}(\/|\?|$)/.test(call.path)) words.push('--path-as-is');
  if (call.method === 'HEAD') words.push('--head');
  else if (call.method !== 'GET') words.push('-X', call.method);
  words.push(quote(`${call.origin}${call.path}`));
  for (const [name, value] of Object.entries(call.headers)) words.push('-H', header(name, value));
  if (options.bodyFromStdin) words.push('--data-binary', '@-');
  else if (call.body !== undefined) words.push(...bodyWords(call.body));
  return words.join(' ');
}

/** A secret never appears on the line: the shell takes it from the environment. */
function header(name: string, value: string): string {
  return name.toLowerCase() === 'authorization'
    ? '"Authorization: Bearer $CAUSEWAY_TOKEN"'
    : quote(`${name}: ${value}`);
}

function bodyWords(body: Uint8Array): string[] {
  const text = Buffer.from(body).toString('utf8');
  // A line cannot carry what is not text, and curl reads a leading @ as a file name.
  const fitsLine = Buffer.from(text, 'utf8').equals(body) && !text.includes('\0');
  if (!fitsLine) return ['--data-binary', '@-'];
  return [text.startsWith('@') ? '--data-raw' : '--data-binary', quote(text)];
}

function quote(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** `causeway get`: the bytes of a value as they were stored, or with `-o json` everything known of the key. */
import { encodeKey, textOf } from '../../lab/http-call.js';
import { type ClientOptions, perform } from '../client-call.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Terminal } from '../terminal.js';

export interface GetOptions extends ClientOptions {
  /** Response headers on standard error. */
  readonly headers?: boolean;
}

const SHOWN_HEADERS = ['consistency-level', 'causal-token', 'etag', 'conflicts', 'version-timestamp', 'served-by'];

export async function get(terminal: Terminal, key: string, options: GetOptions): Promise<ExitCode> {
  const asJson = options.output === 'json';
  const path = `/v1/kv/${encodeKey(key)}${asJson ? '?format=entry' : ''}`;
  const answer = await perform(terminal, options, { method: 'GET', path });
  if (answer === undefined) return EXIT.ok;
  if (options.headers) {
    for (const name of SHOWN_HEADERS) {
      const value = answer.headers[name];
      if (value !== undefined) terminal.err(`${name}: ${value}\n`);
    }
  }
  terminal.out(asJson ? `${textOf(answer).trimEnd()}\n` : answer.body);
  const others = Number(answer.headers['conflicts'] ?? '0');
  if (others > 0 && !asJson) {
    terminal.err(
      `${others} other ${others === 1 ? 'version was' : 'versions were'} written concurrently; -o json lists them\n`,
    );
  }
  return EXIT.ok;
}

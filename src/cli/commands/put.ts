/** `causeway put` and `causeway del`: one write, and its receipt. */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { encodeKey } from '../../lab/http-call.js';
import { type ClientOptions, perform } from '../client-call.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { showAnswer } from '../show-answer.js';
import type { Terminal } from '../terminal.js';

export interface WriteOptions extends ClientOptions {
  readonly durability?: 'local' | 'majority' | 'all';
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: boolean;
  /** `<lock>=<n>`, several separated by commas. */
  readonly fencingToken?: string;
}

export interface PutOptions extends WriteOptions {
  readonly contentType?: string;
}

/** `value` is the value itself; `-` stands for standard input. */
export async function put(terminal: Terminal, key: string, value: string, options: PutOptions): Promise<ExitCode> {
  const fromInput = value === '-';
  const body = await bodyOf(terminal, value, options.curl === true);
  const contentType = options.contentType ?? (isText(body) ? 'text/plain; charset=utf-8' : 'application/octet-stream');
  const request = {
    method: 'PUT' as const,
    path: `/v1/kv/${encodeKey(key)}`,
    headers: { 'Content-Type': contentType, ...writeHeaders(options) },
    body,
  };
  const answer = await perform(terminal, options, request, { bodyFromStdin: fromInput });
  if (answer !== undefined) showAnswer(terminal, options, answer);
  return EXIT.ok;
}

export async function del(terminal: Terminal, key: string, options: WriteOptions): Promise<ExitCode> {
  const request = { method: 'DELETE' as const, path: `/v1/kv/${encodeKey(key)}`, headers: writeHeaders(options) };
  const answer = await perform(terminal, options, request);
  if (answer !== undefined) showAnswer(terminal, options, answer);
  return EXIT.ok;
}

async function bodyOf(terminal: Terminal, value: string, onlyShown: boolean): Promise<Uint8Array> {
  if (value !== '-') return Buffer.from(value, 'utf8');
  if (onlyShown) return Buffer.alloc(0);
  const bytes = await terminal.readInput(LIMITS.valueMaxBytes);
  if (bytes.length > LIMITS.valueMaxBytes) {
    throw new CausewayError('value-too-large', `standard input has more than ${LIMITS.valueMaxBytes} bytes`);
  }
  return bytes;
}

function isText(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString('utf8'), 'utf8').equals(bytes);
}

function writeHeaders(options: WriteOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  if (options.durability !== undefined) headers['Durability'] = options.durability;
  if (options.idempotencyKey !== undefined) headers['Idempotency-Key'] = options.idempotencyKey;
  if (options.ifMatch !== undefined) headers['If-Match'] = options.ifMatch;
  if (options.fencingToken !== undefined) headers['Fencing-Token'] = options.fencingToken;
  if (options.ifNoneMatch) headers['If-None-Match'] = '*';
  return headers;
}

/** `causeway txn` and `causeway cas`: conditions and what depends on them, as one step. */
import { readFile } from 'node:fs/promises';
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { type HttpAnswer, jsonOf } from '../../lab/http-call.js';
import { type ClientOptions, perform } from '../client-call.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type IdempotentOptions, orderedRequest } from '../json-request.js';
import { type TxnDocument, type TxnFlags, txnOfFlags } from '../parse/txn-flags.js';
import { showAnswer } from '../show-answer.js';
import { renderTable, shorten } from '../table.js';
import type { Terminal } from '../terminal.js';

export interface OrderedWriteOptions extends ClientOptions, IdempotentOptions {
  readonly fencingToken?: string;
}

export interface TxnOptions extends OrderedWriteOptions, TxnFlags {}

interface OpResult {
  readonly key: string;
  readonly etag: string | null;
  readonly value?: string | null;
  readonly encoding?: string;
}

interface TxnAnswer {
  readonly succeeded: boolean;
  readonly results: readonly OpResult[];
}

/** More than the largest transaction, whatever its encoding. */
const DOCUMENT_MAX_BYTES = 4 * LIMITS.groupMaxBytes;
const VALUE_COLUMN = 60;

/** `source` is a file with the JSON document, or `-` for standard input; without one the flags say it all. */
export async function txn(terminal: Terminal, source: string | undefined, options: TxnOptions): Promise<ExitCode> {
  const answer = await send(terminal, options, await documentOf(terminal, source, options));
  if (answer === undefined) return EXIT.ok;
  const { succeeded, results } = jsonOf(answer) as TxnAnswer;
  if (options.output === 'json') {
    showAnswer(terminal, options, answer);
  } else {
    terminal.err(succeeded ? 'the conditions held\n' : 'a condition did not hold\n');
    if (results.length > 0) terminal.out(renderTable(['KEY', 'ETAG', 'VALUE'], results.map(row)));
  }
  return succeeded ? EXIT.ok : EXIT.precondition;
}

/** Writes `wanted` if the value is `expected`; says what it is otherwise. */
export async function cas(
  terminal: Terminal,
  key: string,
  expected: string,
  wanted: string,
  options: OrderedWriteOptions,
): Promise<ExitCode> {
  const document: TxnDocument = new Map([
    ['if', [{ key, value: expected }]],
    ['then', [{ put: key, value: wanted }]],
    ['else', [{ get: key }]],
  ]);
  const answer = await send(terminal, options, document);
  if (answer === undefined) return EXIT.ok;
  const { succeeded, results } = jsonOf(answer) as TxnAnswer;
  if (options.output === 'json') showAnswer(terminal, options, answer);
  else if (succeeded) terminal.out(`${results[0]?.etag ?? ''}\n`);
  else terminal.err(`not swapped: the value is ${shownValue(results[0])}\n`);
  return succeeded ? EXIT.ok : EXIT.precondition;
}

function send(
  terminal: Terminal,
  options: OrderedWriteOptions,
  document: TxnDocument | object,
): Promise<HttpAnswer | undefined> {
  const body = document instanceof Map ? Object.fromEntries(document) : document;
  const request = orderedRequest('POST', '/v1/txn', options, body);
  const fencing = options.fencingToken === undefined ? {} : { 'Fencing-Token': options.fencingToken };
  return perform(terminal, options, { ...request, headers: { ...request.headers, ...fencing } });
}

async function documentOf(
  terminal: Terminal,
  source: string | undefined,
  options: TxnOptions,
): Promise<TxnDocument | object> {
  const flags = txnOfFlags(options);
  if (source !== undefined && flags !== undefined) throw misuse('name a document or give flags, not both');
  if (source === undefined) return flags ?? misusedEmpty();
  const text = Buffer.from(source === '-' ? await terminal.readInput(DOCUMENT_MAX_BYTES) : await readDocument(source));
  if (text.length > DOCUMENT_MAX_BYTES) throw misuse(`the document has more than ${DOCUMENT_MAX_BYTES} bytes`);
  const document = parseJson(text.toString('utf8'));
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  throw misuse('the document is not a JSON object like {"if":[…],"then":[…],"else":[…]}');
}

async function readDocument(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw misuse(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function misusedEmpty(): never {
  throw misuse('the transaction is empty: name a JSON document, - for standard input, or flags like --put key=value');
}

function misuse(detail: string): CausewayError {
  return new CausewayError('invalid-config', detail);
}

function row(result: OpResult): string[] {
  return [result.key, result.etag ?? '-', result.value === undefined ? '(written)' : shownValue(result)];
}

function shownValue(result: OpResult | undefined): string {
  if (result?.value === undefined || result.value === null) return '(absent)';
  return result.encoding === 'base64' ? '(binary)' : shorten(JSON.stringify(result.value), VALUE_COLUMN);
}

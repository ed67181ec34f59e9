/** One key: `PUT`, `GET`, `HEAD`, `DELETE` of `/v1/kv/{key}`, and the same of `/v1/kv?key=`. */
import { EMPTY_BYTES } from '../../base/bytes.js';
import { CausewayError } from '../../base/errors.js';
import type { KeyState, ReadResult, RequestContext, WriteOp } from '../../replica/request-types.js';
import { isActive, storedContentType } from '../content-type.js';
import { conflictsOf, etagOf, listedEntry, siblingsOf, timestampOf, winnerOf } from '../entries.js';
import type { Answer, Exchange } from '../exchange.js';
import { checkKey, decodeKey } from '../keys.js';
import { problemAnswer } from '../problem.js';
import { Query } from '../query.js';
import { receiptAnswer } from '../receipts.js';
import { quoted, refuse } from '../refuse.js';
import type { LevelContext, LinearizableContext } from '../request-context.js';
import { encodedKey, queryText } from '../request-target.js';
import type { Entry } from '../schemas.js';
import { orderedReplica } from '../served-levels.js';
import { type WriteTerms, writeTerms } from '../write-headers.js';

const READ_PARAMETERS = ['consistency', 'format'];
const WRITE_PARAMETERS = ['consistency'];
const KEYED_WRITE_PARAMETERS = ['consistency', 'key'];

export function getItem(exchange: Exchange): Answer | Promise<Answer> {
  const query = Query.parse(queryText(exchange.request.originalUrl), READ_PARAMETERS);
  return readItem(exchange, query, pathKey(exchange));
}

export function putItem(exchange: Exchange): Promise<Answer> {
  const query = Query.parse(queryText(exchange.request.originalUrl), WRITE_PARAMETERS);
  return writeItem(exchange, query, putOp(exchange, pathKey(exchange)));
}

export function deleteItem(exchange: Exchange): Promise<Answer> {
  const query = Query.parse(queryText(exchange.request.originalUrl), WRITE_PARAMETERS);
  return writeItem(exchange, query, { kind: 'delete', key: pathKey(exchange) });
}

/** `PUT /v1/kv?key=`: for keys that no path can carry, because clients resolve `.` and `..` in it. */
export function putKeyedItem(exchange: Exchange): Promise<Answer> {
  const query = Query.parse(queryText(exchange.request.originalUrl), KEYED_WRITE_PARAMETERS);
  return writeItem(exchange, query, putOp(exchange, queryKey(query)));
}

export function deleteKeyedItem(exchange: Exchange): Promise<Answer> {
  const query = Query.parse(queryText(exchange.request.originalUrl), KEYED_WRITE_PARAMETERS);
  return writeItem(exchange, query, { kind: 'delete', key: queryKey(query) });
}

/** Read one key, as bytes or as an entry; at once where nothing has to be waited for. */
export function readItem(exchange: Exchange, query: Query, key: string): Answer | Promise<Answer> {
  const format = query.one('format');
  if (format !== undefined && format !== 'entry') return refuse(`format=${quoted(format)} is unknown; there is entry.`);
  const context = exchange.openContext(query.one('consistency'));
  const asEntry = format === 'entry';
  const read = context.level === 'linearizable' ? undefined : exchange.service.replica.readNow(key, context);
  if (read !== undefined) return itemAnswer(exchange, context, read, asEntry);
  return readState(exchange, key, context).then((later) => itemAnswer(exchange, context, later, asEntry));
}

function itemAnswer(exchange: Exchange, context: LevelContext, read: ReadResult, asEntry: boolean): Answer {
  const { state, token, timing } = read;
  exchange.dependsOn(token, timing);
  const winner = winnerOf(state);
  if (winner === undefined) return absent(exchange, state, asEntry);
  const etag = etagOf(winner);
  const headers = ['ETag', etag, 'Conflicts', String(conflictsOf(state)), 'Version-Timestamp', timestampOf(winner)];
  headers.push('Cache-Control', 'no-cache');
  checkMatch(exchange, state.key, etag);
  if (matches(exchange.headers['if-none-match'], etag)) return { status: 304, headers, body: undefined };
  if (asEntry) {
    const { siblings, ...listed } = listedEntry(state.key, winner, state);
    const entry: Entry = { ...listed, level: context.level, token: exchange.token, siblings };
    headers.push('Content-Type', 'application/json');
    return { status: 200, headers, body: JSON.stringify(entry) };
  }
  headers.push('Content-Type', winner.contentType, 'X-Content-Type-Options', 'nosniff');
  if (isActive(winner.contentType)) headers.push('Content-Security-Policy', 'sandbox');
  return { status: 200, headers, body: winner.bytes };
}

function readState(exchange: Exchange, key: string, context: LevelContext): Promise<ReadResult> {
  const { replica } = exchange.service;
  if (context.level === 'linearizable') return orderedReplica(replica).read(key, context);
  return replica.read(key, context);
}

function writeItem(exchange: Exchange, query: Query, op: WriteOp): Promise<Answer> {
  const context = exchange.openContext(query.one('consistency'));
  const terms = writeTerms(exchange, context.level);
  if (context.level === 'linearizable') return writeOrdered(exchange, context, terms, op);
  return writeCausal(exchange, context, terms, op);
}

async function writeCausal(
  exchange: Exchange,
  context: RequestContext,
  terms: WriteTerms,
  op: WriteOp,
): Promise<Answer> {
  const { durability, guards } = terms;
  const result = await exchange.service.replica.write({ ops: [op], durability, ...guards }, context);
  return receiptAnswer(exchange, context.level, terms, op.key, result);
}

async function writeOrdered(
  exchange: Exchange,
  context: LinearizableContext,
  terms: WriteTerms,
  op: WriteOp,
): Promise<Answer> {
  const { condition, guards } = terms;
  const request = { ops: [op], ...guards, ...(condition === undefined ? {} : { condition }) };
  const result = await orderedReplica(exchange.service.replica).write(request, context);
  const wasCreated = result.created && op.kind === 'put' && condition?.kind === 'absent';
  return receiptAnswer(exchange, context.level, terms, op.key, result, wasCreated ? 201 : 200);
}

function putOp(exchange: Exchange, key: string): WriteOp {
  const contentType = storedContentType(exchange.headers['content-type']);
  const body: unknown = exchange.request.body;
  return { kind: 'put', key, contentType, bytes: body instanceof Uint8Array ? body : EMPTY_BYTES };
}

function pathKey(exchange: Exchange): string {
  const encoded = encodedKey(exchange.request.originalUrl);
  // A path that spells `/v1/kv/` with percent-encoded letters reaches the route and names no key.
  if (encoded === undefined) throw new CausewayError('not-found', 'There is no such route.');
  return decodeKey(encoded);
}

function queryKey(query: Query): string {
  const key = query.one('key');
  return key === undefined ? refuse('The request names no key: neither in its path nor as ?key=.') : checkKey(key);
}

/** A deleted key still has a stamp, and siblings that a later write must know of. */
function absent(exchange: Exchange, state: KeyState, asEntry: boolean): Answer {
  const headers = ['Conflicts', String(conflictsOf(state))];
  const [tombstone] = state.versions;
  if (tombstone !== undefined) headers.push('Version-Timestamp', timestampOf(tombstone));
  const error = new CausewayError('not-found', `There is no key ${quoted(state.key)} at this level here.`);
  const siblings = asEntry && state.versions.length > 1 ? { siblings: siblingsOf(state) } : {};
  return problemAnswer(exchange, error, siblings, headers);
}

/** Strong comparison (RFC 9110, section 13.1.1): a tag that no replica ever gave is one that is not there. */
function checkMatch({ headers }: Exchange, key: string, etag: string): void {
  const condition = headers['if-match'];
  if (condition === undefined || listsTag(condition, [etag])) return;
  const detail = `The key ${quoted(key)} shows ${etag}; the condition is another.`;
  throw new CausewayError('precondition-failed', detail, { etag });
}

/** Weak comparison (RFC 9110, section 13.1.2). */
function matches(condition: string | undefined, etag: string): boolean {
  return condition !== undefined && listsTag(condition, [etag, `W/${etag}`]);
}

function listsTag(condition: string, tags: readonly string[]): boolean {
  return condition.split(',').some((candidate) => ['*', ...tags].includes(candidate.trim()));
}

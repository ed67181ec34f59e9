/** What replies mean: headers and JSON read into the results of `types.ts`. Nothing is invented that is not there. */
import type { Reply } from './attempt.js';
import { contentOf, decodeContent } from './content.js';
import { ProtocolError } from './errors.js';
import { arrayAt, asObject, type JsonObject, parseObject, stringAt } from './json.js';
import type {
  Answer,
  BatchReceipt,
  Durability,
  Entry,
  EntryResult,
  GetResult,
  KeyReceipt,
  Level,
  ManyResult,
  NotFound,
  Page,
  Sibling,
  WriteReceipt,
} from './types.js';

const LEVELS: readonly Level[] = ['eventual', 'causal', 'linearizable'];
const DURABILITIES: readonly Durability[] = ['local', 'majority', 'all'];

export function readGet(reply: Reply, key: string): GetResult {
  if (reply.status === 404) return notFound(reply, key);
  const { headers } = reply;
  return {
    ...answerOf(reply),
    ...contentOf(reply.bytes, headers.get('Content-Type') ?? 'application/octet-stream'),
    found: true,
    key,
    etag: headers.get('ETag') ?? violation(reply, 'has no ETag'),
    conflicts: Number(headers.get('Conflicts') ?? 0),
    timestamp: headers.get('Version-Timestamp') ?? violation(reply, 'has no Version-Timestamp'),
  };
}

export function readEntry(reply: Reply, key: string): EntryResult {
  if (reply.status === 404) return notFound(reply, key);
  return { ...answerOf(reply), ...entryOf(reply, documentOf(reply)), found: true };
}

export function readPage(reply: Reply): Page {
  const document = documentOf(reply);
  return { ...answerOf(reply), items: itemsOf(reply, document), next: stringAt(document, 'next') };
}

/** Replicas may leave out what does not exist or say so with a null value. */
export function readMany(reply: Reply): ManyResult {
  const entries = itemsOf(reply, documentOf(reply));
  return { ...answerOf(reply), entries: new Map(entries.map((entry) => [entry.key, entry])) };
}

export function readBatch(reply: Reply): BatchReceipt {
  const document = documentOf(reply);
  const results = arrayAt(document, 'results').map((value) => {
    const result = asObject(value) ?? {};
    const [key, etag] = [stringAt(result, 'key'), stringAt(result, 'etag')];
    if (key === undefined || etag === undefined) return violation(reply, 'has a result without a key or an etag');
    return { key, etag };
  });
  return { ...receiptOf(reply, document), results };
}

export function readKeyReceipt(reply: Reply, key: string): KeyReceipt {
  const document = documentOf(reply);
  const etag = stringAt(document, 'etag') ?? violation(reply, 'has no etag');
  return { ...receiptOf(reply, document), key, etag, created: reply.status === 201 };
}

/** @throws ProtocolError if the body is not a JSON object. */
export function documentOf(reply: Reply): JsonObject {
  return parseObject(reply.bytes) ?? violation(reply, 'is not a JSON object');
}

/** `a;dur=1.5, b` (W3C Server Timing) as `{a: 1.5}`: what has no duration is left out. */
export function parseTiming(text: string | null): Readonly<Record<string, number>> {
  const timing: Record<string, number> = {};
  for (const metric of text?.split(',') ?? []) {
    const [name, ...parameters] = metric.split(';').map((part) => part.trim());
    const duration = parameters.find((parameter) => parameter.startsWith('dur='));
    const ms = duration === undefined ? Number.NaN : Number(duration.slice('dur='.length).replaceAll('"', ''));
    if (name !== undefined && name !== '' && Number.isFinite(ms)) timing[name] = ms;
  }
  return timing;
}

/** What the headers of every answer say. */
export function answerOf({ headers }: Reply): Answer {
  const level = headers.get('Consistency-Level')?.split(';')[0]?.trim();
  return {
    level: LEVELS.find((known) => known === level),
    token: headers.get('Causal-Token') ?? undefined,
    servedBy: headers.get('Served-By') ?? undefined,
    timing: parseTiming(headers.get('Server-Timing')),
  };
}

function notFound(reply: Reply, key: string): NotFound {
  return { ...answerOf(reply), found: false, key };
}

function receiptOf(reply: Reply, document: JsonObject): WriteReceipt {
  const durability = stringAt(document, 'durability') ?? reply.headers.get('Durability');
  return {
    ...answerOf(reply),
    durability: DURABILITIES.find((known) => known === durability),
    replica: stringAt(document, 'replica'),
    timestamp: stringAt(document, 'timestamp'),
  };
}

function itemsOf(reply: Reply, document: JsonObject): Entry[] {
  const { items } = document;
  if (!Array.isArray(items)) return violation(reply, 'has no items');
  return items
    .map((item) => asObject(item) ?? violation(reply, 'has an item that is not an object'))
    .filter((item) => stringAt(item, 'value') !== undefined)
    .map((item) => entryOf(reply, item));
}

function entryOf(reply: Reply, entry: JsonObject): Entry {
  return {
    ...(decodeContent(entry) ?? violation(reply, 'has an entry without a readable value')),
    key: stringAt(entry, 'key') ?? violation(reply, 'has an entry without a key'),
    etag: stringAt(entry, 'etag') ?? violation(reply, 'has an entry without an etag'),
    timestamp: stringAt(entry, 'timestamp') ?? violation(reply, 'has an entry without a timestamp'),
    siblings: arrayAt(entry, 'siblings').flatMap(siblingOf),
  };
}

function siblingOf(value: unknown): Sibling[] {
  const sibling = asObject(value);
  const etag = sibling && stringAt(sibling, 'etag');
  if (sibling === undefined || etag === undefined) return [];
  const content = decodeContent(sibling);
  const kind = content === undefined ? 'tombstone' : 'value';
  return [{ kind, etag, timestamp: stringAt(sibling, 'timestamp') ?? '', content }];
}

export function violation(reply: Reply, what: string): never {
  throw new ProtocolError(`the answer of ${reply.url} to ${reply.request.method} ${reply.request.path} ${what}`, {
    outcome: reply.request.effect === 'read' ? 'not-applied' : 'unknown',
    retryable: false,
    url: reply.url,
  });
}

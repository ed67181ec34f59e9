/** What a write is answered with: the receipt as JSON, or 204 for a client that prefers none. */
import { formatHlc } from '../clocks/hybrid-logical-clock.js';
import type { WriteOp, WriteResult } from '../replica/request-types.js';
import type { LevelName } from './consistency-header.js';
import type { Answer, Exchange } from './exchange.js';
import type { BatchReceipt, Receipt } from './schemas.js';
import type { WriteTerms } from './write-headers.js';

/** The answer to a write of one key; `status` is that of a full receipt. */
export function receiptAnswer(
  exchange: Exchange,
  level: LevelName,
  terms: WriteTerms,
  key: string,
  result: WriteResult,
  status = 200,
): Answer {
  exchange.dependsOn(result.token, result.timing);
  const headers = ['ETag', result.etag, ...writeHeaders(result)];
  if (terms.minimal) return minimal(headers);
  const receipt: Receipt = { key, etag: result.etag, ...commonMembers(exchange, level, result) };
  headers.push('Content-Type', 'application/json');
  return { status, headers, body: JSON.stringify(receipt) };
}

/** The answer to a batch; all its keys have one entity tag. */
export function batchAnswer(
  exchange: Exchange,
  level: LevelName,
  terms: WriteTerms,
  ops: readonly WriteOp[],
  result: WriteResult,
): Answer {
  exchange.dependsOn(result.token, result.timing);
  const headers = writeHeaders(result);
  if (terms.minimal) return minimal(headers);
  const results = ops.map(({ key }) => ({ key, etag: result.etag }));
  const receipt: BatchReceipt = { ...commonMembers(exchange, level, result), results };
  headers.push('Content-Type', 'application/json');
  return { status: 200, headers, body: JSON.stringify(receipt) };
}

function commonMembers(
  exchange: Exchange,
  level: LevelName,
  result: WriteResult,
): Pick<Receipt, 'level' | 'durability' | 'token' | 'replica' | 'timestamp'> {
  return {
    level,
    durability: result.durability,
    token: exchange.token,
    replica: exchange.service.replica.id,
    timestamp: formatHlc(result.hlc),
  };
}

function writeHeaders(result: WriteResult): string[] {
  const headers = ['Durability', result.durability, 'Version-Timestamp', formatHlc(result.hlc)];
  if (result.replayed) headers.push('Idempotent-Replayed', 'true');
  return headers;
}

function minimal(headers: string[]): Answer {
  headers.push('Preference-Applied', 'return=minimal');
  return { status: 204, headers, body: undefined };
}

/** Requests with a JSON body, as the commands of the total order send them. */
import type { ClientRequest } from './client-call.js';

export interface IdempotentOptions {
  readonly idempotencyKey?: string;
}

/** A command of the total order: linearizable, and done once under its key. */
export function orderedRequest(
  method: 'PUT' | 'POST' | 'DELETE',
  path: string,
  options: IdempotentOptions,
  body?: object,
): ClientRequest {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (options.idempotencyKey !== undefined) headers['Idempotency-Key'] = options.idempotencyKey;
  return {
    method,
    path,
    headers,
    level: 'linearizable',
    ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body), 'utf8') }),
  };
}

/** The path of an object: each name is one segment. */
export function objectPath(collection: string, ...names: readonly string[]): string {
  return ['/v1', collection, ...names.map(encodeURIComponent)].join('/');
}

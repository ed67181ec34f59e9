/** The routes as data: method, path, who may call it, and what kind of body it takes. */
import type { Role } from './auth.js';
import type { OperationName } from './operations.js';

export interface RouteEntry {
  readonly name: OperationName;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: string;
  /** Undefined: everybody, and under any load. */
  readonly role: Role | undefined;
  /** Values are bytes whatever their type says; everything else is JSON. */
  readonly body: 'bytes' | 'json';
}

const keys = (name: OperationName, method: RouteEntry['method'], url: string, role: Role): RouteEntry => ({
  name,
  method,
  url,
  role,
  body: 'bytes',
});
const json = (name: OperationName, method: RouteEntry['method'], url: string, role: Role | undefined): RouteEntry => ({
  name,
  method,
  url,
  role,
  body: 'json',
});

export const ROUTES: readonly RouteEntry[] = [
  keys('getItem', 'GET', '/v1/kv/:key', 'read'),
  keys('putItem', 'PUT', '/v1/kv/:key', 'write'),
  keys('deleteItem', 'DELETE', '/v1/kv/:key', 'write'),
  keys('getKeys', 'GET', '/v1/kv', 'read'),
  keys('putKeyedItem', 'PUT', '/v1/kv', 'write'),
  keys('deleteKeyedItem', 'DELETE', '/v1/kv', 'write'),
  json('postBatch', 'POST', '/v1/batch', 'write'),
  json('getReplica', 'GET', '/v1/replica', 'read'),
  json('getCluster', 'GET', '/v1/cluster', 'read'),
  json('getFaults', 'GET', '/v1/faults', 'admin'),
  json('deleteFaults', 'DELETE', '/v1/faults', 'admin'),
  json('putPartition', 'PUT', '/v1/faults/partitions/:name', 'admin'),
  json('deletePartition', 'DELETE', '/v1/faults/partitions/:name', 'admin'),
  json('putLink', 'PUT', '/v1/faults/links/:from/:to', 'admin'),
  json('deleteLink', 'DELETE', '/v1/faults/links/:from/:to', 'admin'),
  json('putClock', 'PUT', '/v1/faults/clock', 'admin'),
  json('deleteClock', 'DELETE', '/v1/faults/clock', 'admin'),
  json('getLiveness', 'GET', '/livez', undefined),
  json('getReadiness', 'GET', '/readyz', undefined),
  json('getMetrics', 'GET', '/metrics', undefined),
];

/** Paths of what needs the log, which this release does not have: refused, so that clients learn why. */
export const UNOFFERED_PATHS: readonly string[] = [
  '/v1/txn',
  '/v1/sequences/*',
  '/v1/claims/*',
  '/v1/constraints/*',
  '/v1/locks/*',
  '/v1/elections/*',
];

/** The path of a route as people write it, with braces. */
export function displayPath(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}');
}

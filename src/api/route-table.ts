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
  /** It exists only where the replica has the total order; elsewhere nothing of the request is looked at. */
  readonly ordered: boolean;
}

const keys = (name: OperationName, method: RouteEntry['method'], url: string, role: Role): RouteEntry => ({
  name,
  method,
  url,
  role,
  body: 'bytes',
  ordered: false,
});
const json = (name: OperationName, method: RouteEntry['method'], url: string, role: Role | undefined): RouteEntry => ({
  name,
  method,
  url,
  role,
  body: 'json',
  ordered: false,
});
const ordered = (name: OperationName, method: RouteEntry['method'], url: string, role: Role): RouteEntry => ({
  ...json(name, method, url, role),
  ordered: true,
});

/** One key. */
export const ITEM_URL = '/v1/kv/:key';

export const ROUTES: readonly RouteEntry[] = [
  keys('getItem', 'GET', ITEM_URL, 'read'),
  keys('putItem', 'PUT', ITEM_URL, 'write'),
  keys('deleteItem', 'DELETE', ITEM_URL, 'write'),
  keys('getKeys', 'GET', '/v1/kv', 'read'),
  keys('putKeyedItem', 'PUT', '/v1/kv', 'write'),
  keys('deleteKeyedItem', 'DELETE', '/v1/kv', 'write'),
  json('postBatch', 'POST', '/v1/batch', 'write'),
  ordered('postTxn', 'POST', '/v1/txn', 'write'),
  ordered('postNext', 'POST', '/v1/sequences/:name/next', 'write'),
  ordered('getSequence', 'GET', '/v1/sequences/:name', 'read'),
  ordered('putClaim', 'PUT', '/v1/claims/:namespace/:value', 'write'),
  ordered('getClaim', 'GET', '/v1/claims/:namespace/:value', 'read'),
  ordered('deleteClaim', 'DELETE', '/v1/claims/:namespace/:value', 'write'),
  ordered('putConstraint', 'PUT', '/v1/constraints/:name', 'write'),
  ordered('getConstraint', 'GET', '/v1/constraints/:name', 'read'),
  ordered('deleteConstraint', 'DELETE', '/v1/constraints/:name', 'write'),
  ordered('getLock', 'GET', '/v1/locks/:name', 'read'),
  ordered('acquireLock', 'POST', '/v1/locks/:name/acquire', 'write'),
  ordered('renewLock', 'POST', '/v1/locks/:name/renew', 'write'),
  ordered('releaseLock', 'POST', '/v1/locks/:name/release', 'write'),
  ordered('getElection', 'GET', '/v1/elections/:name', 'read'),
  ordered('observeElection', 'GET', '/v1/elections/:name/observe', 'read'),
  ordered('campaign', 'POST', '/v1/elections/:name/campaign', 'write'),
  ordered('renewTerm', 'POST', '/v1/elections/:name/renew', 'write'),
  ordered('resign', 'POST', '/v1/elections/:name/resign', 'write'),
  ordered('getMembers', 'GET', '/v1/members', 'read'),
  ordered('postMember', 'POST', '/v1/members', 'admin'),
  ordered('deleteMember', 'DELETE', '/v1/members/:id', 'admin'),
  ordered('promoteMember', 'POST', '/v1/members/:id/promote', 'admin'),
  ordered('transferLead', 'POST', '/v1/members/:id/lead', 'admin'),
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

/** The path of a route as people write it, with braces. */
export function displayPath(url: string): string {
  return url.replace(/:(\w+)/g, '{$1}');
}

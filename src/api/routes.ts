/** Which route answers which method and path, for whom, and from what kind of body. */
import type { FastifyInstance } from 'fastify';
import { CausewayError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Role } from './auth.js';
import { gate } from './gate.js';
import { parseJson } from './json.js';
import type { Metrics } from './metrics.js';
import { type OperationName, operation } from './operations.js';
import { postBatch } from './routes/batches.js';
import { getCluster, getReplica } from './routes/cluster.js';
import * as faults from './routes/faults.js';
import { getLiveness, getMetrics, getReadiness } from './routes/health.js';
import { deleteItem, deleteKeyedItem, getItem, putItem, putKeyedItem } from './routes/items.js';
import { getKeys } from './routes/lists.js';
import { type Route, serve } from './serve.js';

type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** A batch of the largest size whose every byte JSON writes as six characters, and its brackets. */
const JSON_BODY_MAX_BYTES = 6 * LIMITS.groupMaxBytes + 64 * 1024;

/** Paths of what needs the log, which this release does not have. */
const UNOFFERED = [
  '/v1/txn',
  '/v1/sequences/*',
  '/v1/claims/*',
  '/v1/constraints/*',
  '/v1/locks/*',
  '/v1/elections/*',
] as const;

/** Values are bytes whatever their type says, so one parser takes them all. */
export function registerKeyRoutes(app: FastifyInstance): void {
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LIMITS.valueMaxBytes }, (_request, body, done) => {
    done(null, body);
  });
  const add = adder(app);
  add('GET', '/v1/kv/:key', 'read', 'getItem', getItem);
  add('PUT', '/v1/kv/:key', 'write', 'putItem', putItem);
  add('DELETE', '/v1/kv/:key', 'write', 'deleteItem', deleteItem);
  add('GET', '/v1/kv', 'read', 'getKeys', getKeys);
  add('PUT', '/v1/kv', 'write', 'putKeyedItem', putKeyedItem);
  add('DELETE', '/v1/kv', 'write', 'deleteKeyedItem', deleteKeyedItem);
}

export function registerJsonRoutes(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: JSON_BODY_MAX_BYTES },
    (_request, body, done) => {
      done(null, body.length === 0 ? undefined : parseJson(body as Buffer));
    },
  );
  const add = adder(app);
  add('POST', '/v1/batch', 'write', 'postBatch', postBatch);
  add('GET', '/v1/replica', 'read', 'getReplica', getReplica);
  add('GET', '/v1/cluster', 'read', 'getCluster', getCluster);
  add('GET', '/v1/faults', 'admin', 'getFaults', faults.getFaults);
  add('DELETE', '/v1/faults', 'admin', 'deleteFaults', faults.deleteFaults);
  add('PUT', '/v1/faults/partitions/:name', 'admin', 'putPartition', faults.putPartition);
  add('DELETE', '/v1/faults/partitions/:name', 'admin', 'deletePartition', faults.deletePartition);
  add('PUT', '/v1/faults/links/:from/:to', 'admin', 'putLink', faults.putLink);
  add('DELETE', '/v1/faults/links/:from/:to', 'admin', 'deleteLink', faults.deleteLink);
  add('PUT', '/v1/faults/clock', 'admin', 'putClock', faults.putClock);
  add('DELETE', '/v1/faults/clock', 'admin', 'deleteClock', faults.deleteClock);
}

/** They answer under any load, and to everybody. */
export function registerHealthRoutes(app: FastifyInstance, metrics: Metrics): void {
  const add = adder(app);
  add('GET', '/livez', undefined, 'getLiveness', getLiveness);
  add('GET', '/readyz', undefined, 'getReadiness', getReadiness);
  add('GET', '/metrics', undefined, 'getMetrics', getMetrics(metrics));
}

/** Routes of the contract that this release refuses, so that clients learn why rather than "not found". */
export function registerUnofferedRoutes(app: FastifyInstance): void {
  app.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined));
  const refuseRoute: Route = () => {
    const detail = 'This needs the total order, and the replica runs without a consensus module.';
    throw new CausewayError('level-not-offered', detail, { served: [] });
  };
  for (const url of UNOFFERED) {
    const config = { swaggerTransform: () => ({ schema: { hide: true }, url }) };
    app.all(url, { config, onRequest: gate('read') }, serve(url, refuseRoute));
  }
}

type AddRoute = (method: Method, url: string, role: Role | undefined, name: OperationName, route: Route) => void;

/** Registers routes with the description of their operation, which the framework itself has no use for. */
function adder(app: FastifyInstance): AddRoute {
  return (method, url, role, name, route) => {
    const config = { swaggerTransform: () => ({ schema: operation(name), url }) };
    const onRequest = role === undefined ? [] : [gate(role)];
    app.route({ method, url, config, onRequest, handler: serve(url.replace(/:(\w+)/g, '{$1}'), route) });
  };
}

/** The routes with what answers them, registered by the kind of body they take. */
import type { FastifyInstance } from 'fastify';
import { assert } from '../base/assert.js';
import { LIMITS } from '../base/limits.js';
import type { FrontRoute, FrontRoutes } from './front/front.js';
import { gate, orderGate } from './gate.js';
import { parseJson } from './json.js';
import type { Metrics } from './metrics.js';
import type { OperationName } from './operations.js';
import { displayPath, ITEM_URL, ROUTES, type RouteEntry } from './route-table.js';
import { postBatch } from './routes/batches.js';
import { deleteClaim, getClaim, putClaim } from './routes/claims.js';
import { getCluster, getReplica } from './routes/cluster.js';
import { deleteConstraint, getConstraint, putConstraint } from './routes/constraints.js';
import {
  deleteClock,
  deleteFaults,
  deleteLink,
  deletePartition,
  getFaults,
  putClock,
  putLink,
  putPartition,
} from './routes/faults.js';
import { getLiveness, getMetrics, getReadiness } from './routes/health.js';
import { deleteItem, deleteKeyedItem, getItem, putItem, putKeyedItem } from './routes/items.js';
import { getKeys } from './routes/lists.js';
import { acquire, getLock, release, renew } from './routes/locks.js';
import { changeMember, getMembers, postMember } from './routes/members.js';
import { observeElection } from './routes/observe.js';
import { getSequence, postNext } from './routes/sequences.js';
import { postTxn } from './routes/txn.js';
import { type Route, serve } from './serve.js';

/** A batch of the largest size whose every byte JSON writes as six characters, and its brackets. */
const JSON_BODY_MAX_BYTES = 6 * LIMITS.groupMaxBytes + 64 * 1024;

type Routes = Readonly<Record<OperationName, Route>>;

export function registerRoutes(app: FastifyInstance, routes: Routes): void {
  app.register(async (scope) => {
    takeBytes(scope);
    for (const entry of ROUTES) if (entry.body === 'bytes') add(scope, entry, routes[entry.name]);
  });
  app.register(async (scope) => {
    takeJson(scope);
    for (const entry of ROUTES) if (entry.body === 'json') add(scope, entry, routes[entry.name]);
  });
}

/** The routes of one key, for requests that do not come through the framework. */
export function frontRoutes(routes: Routes): FrontRoutes {
  const of = (method: RouteEntry['method']): FrontRoute => {
    const entry = ROUTES.find((candidate) => candidate.url === ITEM_URL && candidate.method === method);
    assert(entry?.role !== undefined, 'one key has a route for every method', { method });
    return { name: displayPath(entry.url), role: entry.role, route: routes[entry.name] };
  };
  return { GET: of('GET'), PUT: of('PUT'), DELETE: of('DELETE') };
}

export function routesByName(metrics: Metrics): Routes {
  return {
    getItem,
    putItem,
    deleteItem,
    getKeys,
    putKeyedItem,
    deleteKeyedItem,
    postBatch,
    ...ORDERED_ROUTES,
    getReplica,
    getCluster,
    deleteClock,
    deleteFaults,
    deleteLink,
    deletePartition,
    getFaults,
    putClock,
    putLink,
    putPartition,
    getLiveness,
    getReadiness,
    getMetrics: getMetrics(metrics),
  };
}

const ORDERED_ROUTES = {
  postTxn,
  postNext,
  getSequence,
  putClaim,
  getClaim,
  deleteClaim,
  putConstraint,
  getConstraint,
  deleteConstraint,
  getLock: getLock('lock'),
  acquireLock: acquire('lock'),
  renewLock: renew('lock'),
  releaseLock: release('lock'),
  getElection: getLock('election'),
  observeElection,
  campaign: acquire('election'),
  renewTerm: renew('election'),
  resign: release('election'),
  getMembers,
  postMember,
  deleteMember: changeMember('remove'),
  promoteMember: changeMember('promote'),
  transferLead: changeMember('transfer'),
} as const satisfies Partial<Record<OperationName, Route>>;

function add(app: FastifyInstance, { method, url, role, ordered }: RouteEntry, route: Route): void {
  const onRequest = role === undefined ? [] : [gate(role), ...(ordered ? [orderGate] : [])];
  app.route({ method, url, onRequest, handler: serve(displayPath(url), route) });
}

function takeBytes(app: FastifyInstance): void {
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LIMITS.valueMaxBytes }, (_request, body, done) => {
    done(null, body);
  });
}

/** An empty body is none, whatever its type: clients announce JSON on requests that carry nothing. */
function takeJson(app: FastifyInstance): void {
  const options: { readonly parseAs: 'buffer'; readonly bodyLimit: number } = {
    parseAs: 'buffer',
    bodyLimit: JSON_BODY_MAX_BYTES,
  };
  app.addContentTypeParser<Buffer>('application/json', options, (_request, body, done) => {
    done(null, body.length === 0 ? undefined : parseJson(body));
  });
}

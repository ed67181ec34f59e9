/** The routes with what answers them, registered by the kind of body they take. */
import type { FastifyInstance } from 'fastify';
import { LIMITS } from '../base/limits.js';
import { gate, orderGate } from './gate.js';
import { parseJson } from './json.js';
import type { Metrics } from './metrics.js';
import type { OperationName } from './operations.js';
import { displayPath, ROUTES, type RouteEntry } from './route-table.js';
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

export function registerRoutes(app: FastifyInstance, metrics: Metrics): void {
  const routes = routesByName(metrics);
  app.register(async (scope) => {
    takeBytes(scope);
    for (const entry of ROUTES) if (entry.body === 'bytes') add(scope, entry, routes[entry.name]);
  });
  app.register(async (scope) => {
    takeJson(scope);
    for (const entry of ROUTES) if (entry.body === 'json') add(scope, entry, routes[entry.name]);
  });
}

function routesByName(metrics: Metrics): Readonly<Record<OperationName, Route>> {
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

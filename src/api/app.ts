/**
 * The HTTP API over a replica, as an app that is not listening yet. It knows replicas only through their handle, and
 * nothing of how one is made.
 */
import type { IncomingMessage } from 'node:http';
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from 'fastify';
import { LIMITS } from '../base/limits.js';
import { encodeToken } from '../clocks/causal-token.js';
import { VersionVector } from '../clocks/version-vector.js';
import type { Replica } from '../replica/handle.js';
import type { AuthTokens } from './auth.js';
import { endWithAnswers } from './closing.js';
import { answerConnectionError, refuseExpectations } from './connection-errors.js';
import { serveDocs } from './docs.js';
import { Exchange } from './exchange.js';
import { Front } from './front/front.js';
import { afterBody } from './lingering.js';
import { HEAD_OPTIONS, readWholeHeads } from './message-head.js';
import { createMetrics } from './metrics.js';
import { routedTarget } from './request-target.js';
import { frontRoutes, registerRoutes, routesByName } from './routes.js';
import { sendFailure } from './serve.js';
import type { ApiLogger, Service } from './service.js';
import { TokenCache } from './token-cache.js';
import { Traffic } from './traffic.js';
import { answerUnmatched } from './unmatched.js';

export interface AppOptions {
  readonly replica: Replica;
  /** Without them everybody may do everything. */
  readonly authTokens?: AuthTokens | undefined;
  /** Receives what deserves a line in the log; by default nobody does. */
  readonly logger?: ApiLogger | undefined;
  /** Requests served at a time before new ones are refused as overloaded. */
  readonly maxInFlight?: number | undefined;
  /** Called after a broken invariant was answered as an internal error; by default it ends the process. */
  readonly onBrokenInvariant?: ((error: unknown) => void) | undefined;
}

type CompilersFactory = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>;

/**
 * Routes check what they take themselves, and the framework's compilers are most of the time it takes to start. Their
 * types ask for what only those compilers have, although none of it is ever used.
 */
const NO_COMPILERS = {
  buildValidator: () => () => () => true,
  buildSerializer: () => () => JSON.stringify,
} as unknown as CompilersFactory;

/** A request whose head or body takes longer is given up. */
const REQUEST_TIMEOUT_MS = 60_000;
/** The longest name in a path with its every byte percent-encoded. */
const NAME_MAX_CHARS = 3 * LIMITS.claimValueMaxBytes;
const BODY_TOO_LARGE = 'FST_ERR_CTP_BODY_TOO_LARGE';

/**
 * The app; call `listen` on it, or `inject`. `close` refuses new requests, answers those in progress, and ends every
 * connection with its answer. The replica stays the caller's: drain it before, close it after.
 */
export function buildApp(options: AppOptions): FastifyInstance {
  const service = createService(options);
  const app = createFramework(service);
  app.decorateRequest('exchange');
  app.addHook('onRequest', (request, reply, done) => {
    request.exchange = new Exchange(service, request, reply.raw);
    done();
  });
  app.setErrorHandler(answerFrameworkError);
  app.removeAllContentTypeParsers();
  readWholeHeads(app.server);
  refuseExpectations(app.server, service);
  answerUnmatched(app);
  serveDocs(app);
  const routes = routesByName(createMetrics(service.replica, service.traffic));
  registerRoutes(app, routes);
  endWithAnswers(app, service, new Front(app.server, service, frontRoutes(routes)));
  return app;
}

function createService(options: AppOptions): Service {
  return {
    replica: options.replica,
    traffic: new Traffic(options.maxInFlight ?? LIMITS.requestsInFlightMax),
    authTokens: options.authTokens,
    logger: options.logger ?? (() => {}),
    onBrokenInvariant: options.onBrokenInvariant ?? endProcess,
    tokens: new TokenCache(options.replica.clusterId),
    emptyToken: encodeToken(options.replica.clusterId, VersionVector.EMPTY),
    streams: new Set(),
    closing: false,
  };
}

/** Nothing is logged, numbered or parsed by the framework that a request does not need. */
function createFramework(service: Service): FastifyInstance {
  return Fastify({
    logger: false,
    genReqId: () => '',
    http: HEAD_OPTIONS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    return503OnClosing: false,
    rewriteUrl: (request) => routedTarget(request as IncomingMessage),
    routerOptions: { querystringParser: () => ({}), maxParamLength: NAME_MAX_CHARS },
    schemaController: { compilersFactory: NO_COMPILERS },
    clientErrorHandler: (error, socket) => answerConnectionError(service, error, socket),
    frameworkErrors: (error, request, reply) => {
      sendFailure(new Exchange(service, request as FastifyRequest, (reply as FastifyReply).raw), error);
    },
  });
}

/** What went wrong between the router and a route: mostly bodies. */
function answerFrameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { exchange } = request;
  exchange.route = request.routeOptions.url ?? exchange.route;
  exchange.mustClose = reply.getHeader('connection') === 'close';
  if (error.code !== BODY_TOO_LARGE) {
    sendFailure(exchange, error);
    return;
  }
  afterBody(request.raw, () => {
    exchange.mustClose = !request.raw.complete;
    sendFailure(exchange, error);
  });
}

/** Out of the promise it was caught in, so that nothing catches it again. */
function endProcess(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

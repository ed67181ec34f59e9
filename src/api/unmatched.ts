/** Requests that no route takes: unknown paths, and known ones with another method, which are told what is allowed. */
import type { FastifyInstance, RouteOptions } from 'fastify';
import { CausewayError } from '../base/errors.js';
import { authorize } from './authorize.js';
import type { Answer, Exchange } from './exchange.js';
import { problemAnswer } from './problem.js';
import { quoted } from './refuse.js';
import { pathOf } from './request-target.js';
import { sendFailure } from './serve.js';

interface KnownPath {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** Takes note of every route that is registered on `app` from now on, and answers what none of them does. */
export function answerUnmatched(app: FastifyInstance): void {
  const paths = new Map<string, KnownPath>();
  app.addHook('onRoute', (route: RouteOptions) => {
    const known = paths.get(route.url) ?? { pattern: patternOf(route.url), methods: new Set<string>() };
    for (const method of [route.method].flat()) known.methods.add(method);
    paths.set(route.url, known);
  });
  app.setNotFoundHandler((request) => {
    const { exchange } = request;
    try {
      exchange.send(unmatchedAnswer(exchange, [...paths.values()]));
    } catch (error) {
      sendFailure(exchange, error);
    }
  });
}

function unmatchedAnswer(exchange: Exchange, paths: readonly KnownPath[]): Answer {
  const { method, raw } = exchange.request;
  const path = pathOf(raw.url ?? '/');
  if (path.startsWith('/v1/')) authorize(exchange, 'read');
  const allowed = new Set(paths.flatMap((known) => (known.pattern.test(path) ? [...known.methods] : [])));
  // A route that takes the method and comes here all the same has found nothing under the path, as that of files may.
  if (allowed.size === 0 || allowed.has(method)) {
    return problemAnswer(exchange, new CausewayError('not-found', `There is nothing at ${quoted(path)}.`));
  }
  const allow = [...allowed].sort().join(', ');
  const error = new CausewayError('method-not-allowed', `${method} is not a method of this route; it has ${allow}.`);
  return problemAnswer(exchange, error, {}, ['Allow', allow]);
}

/** `/a/:b` matches one segment in the place of `:b`, `*` anything. */
function patternOf(url: string): RegExp {
  const source = url
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/:[A-Za-z]+/g, '[^/]+')
    .replaceAll('*', '.*');
  return new RegExp(`^${source}$`);
}

/**
 * `/openapi.json` and `/docs`, by an app of its own that is made when somebody first asks: describing the API takes more
 * code than serving it, and most replicas are never asked.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CausewayError } from '../base/errors.js';
import type { Exchange } from './exchange.js';
import { quoted } from './refuse.js';
import { sendFailure } from './serve.js';

const PATHS = ['/openapi.json', '/docs', '/docs/*'];

export function serveDocs(app: FastifyInstance): void {
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  let made: Promise<FastifyInstance> | undefined;

  const make = async (): Promise<FastifyInstance> => {
    const { buildDocsApp } = await import('./docs-app.js');
    return buildDocsApp((request) => {
      const exchange = exchanges.get(request);
      const error = new CausewayError('not-found', `There is nothing at ${quoted(request.url ?? '')}.`);
      if (exchange !== undefined) sendFailure(exchange, error);
    });
  };
  const pass = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { token, service } = request.exchange;
    made ??= make();
    const docs = await made;
    exchanges.set(request.raw, request.exchange);
    reply.raw.setHeader('Causal-Token', token).setHeader('Served-By', service.replica.id);
    docs.routing(request.raw, reply.raw);
  };

  for (const path of PATHS) {
    app.get(path, (request, reply) => {
      reply.hijack();
      pass(request, reply).catch((error: unknown) => sendFailure(request.exchange, error));
    });
  }
  app.addHook('onClose', async () => (await made)?.close());
}

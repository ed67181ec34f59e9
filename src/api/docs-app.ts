/** The API described by itself: an app that has its routes only to describe them. Nothing is fetched from elsewhere. */
import type { IncomingMessage } from 'node:http';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyInstance } from 'fastify';
import { operation } from './operations.js';
import { ROUTES } from './route-table.js';
import { Problem } from './schemas.js';

/** The page sets styles on its elements; scripts and requests stay within this origin, over whatever scheme it has. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'self'",
  "frame-ancestors 'self'",
].join('; ');

const DESCRIPTION = [
  'A replicated datastore in which each request chooses its consistency. The header Consistency-Level says which level',
  'is wanted; Causal-Token, taken from one response and sent with the next request, carries what a session has seen from',
  'replica to replica. Every failure is a problem document whose outcome says whether the request may have taken effect.',
].join(' ');

/** Ready to route; `onMissing` answers what is not here. */
export async function buildDocsApp(onMissing: (request: IncomingMessage) => void): Promise<FastifyInstance> {
  const app = Fastify({ logger: false });
  app.addSchema({ $id: 'Problem', ...Problem });
  app.setNotFoundHandler((request, reply) => {
    reply.hijack();
    onMissing(request.raw);
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Causeway', version: '1', description: DESCRIPTION },
      tags: [
        { name: 'keys', description: 'Keys and values' },
        { name: 'coordination', description: 'Sequences, claims, constraints, locks and elections' },
        { name: 'members', description: 'Who takes part in the total order' },
        { name: 'cluster', description: 'Replicas' },
        { name: 'health', description: 'For operators; answered without a token' },
        { name: 'faults', description: 'Fault injection, only with --enable-faults' },
      ],
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'Needed where the replica runs with --auth-tokens' },
        },
      },
      security: [{}, { bearer: [] }],
    },
    refResolver: { buildLocalReference: (json) => String(json['$id']) },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: CONTENT_SECURITY_POLICY });
  for (const { name, method, url } of ROUTES) {
    const config = { swaggerTransform: () => ({ schema: operation(name), url }) };
    app.route({ method, url, config, exposeHeadRoute: false, handler: (_request, reply) => reply.callNotFound() });
  }
  const config = { swaggerTransform: () => ({ schema: { hide: true }, url: '/openapi.json' }) };
  app.get('/openapi.json', { config }, (_request, reply) => reply.send(app.swagger()));
  await app.ready();
  return app;
}

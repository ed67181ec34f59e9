/** `/openapi.json` and `/docs`: the API described by itself. Everything is served from here, nothing from elsewhere. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonAnswer } from './json.js';
import { Problem } from './schemas.js';
import { serve } from './serve.js';

/** The page sets styles on its elements; scripts and requests stay within this origin, over whatever scheme it has. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "object-src 'none'",
  "base-uri 'self'",
  "frame-ancestors 'self'",
].join('; ');

const DESCRIPTION = `A replicated datastore in which each request chooses its consistency. The header Consistency-Level
says which level is wanted; Causal-Token, taken from one response and sent with the next request, carries what a session
has seen from replica to replica. Every failure is a problem document whose outcome says whether the request may have
taken effect.`;

export function describeApi(app: FastifyInstance): void {
  app.addSchema({ $id: 'Problem', ...Problem });
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Causeway', version: '1', description: DESCRIPTION.replaceAll('\n', ' ') },
      tags: [
        { name: 'keys', description: 'Keys and values' },
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
  app.register(swaggerUi, { routePrefix: '/docs', staticCSP: CONTENT_SECURITY_POLICY });
  app.register(async (scope) => {
    const config = { swaggerTransform: () => ({ schema: { hide: true }, url: '/openapi.json' }) };
    scope.get(
      '/openapi.json',
      { config },
      serve('/openapi.json', () => jsonAnswer(scope.swagger())),
    );
  });
}

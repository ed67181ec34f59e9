/** The API describes itself: a valid OpenAPI 3.1 document of exactly the routes there are, readable without the network. */
import { describe, expect, it } from 'vitest';
import { ROUTES } from '../../../src/api/route-table.js';
import { ERRORS } from '../../../src/base/errors.js';
import { expectProblem, listening, openApp, rawExchange, succeed, tokenNaming } from './harness.js';

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}

async function openDocument(): Promise<Document> {
  const { app } = openApp();
  const response = await succeed(app, { url: '/openapi.json' });
  expect(response.headers['content-type']).toMatch(/^application\/json/);
  return response.json() as Document;
}

describe('/openapi.json', () => {
  it('is of OpenAPI 3.1 and lists every route once', async () => {
    const document = await openDocument();
    expect(document.openapi).toBe('3.1.0');
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`),
    );
    const routes = ROUTES.map(({ method, url, name }) => `${method} ${url.replace(/:(\w+)/g, '{$1}')} ${name}`);
    expect(listed.sort()).toEqual([...routes].sort());
  });

  it('describes each operation: parameters of its path, a success, and its failures as problems', async () => {
    const document = await openDocument();
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const operation of Object.values(methods)) {
        expect(operation.summary).toMatch(/\w+/);
        const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
        expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
        expect(operation.responses).toHaveProperty('200');
        for (const [status, { content }] of Object.entries(operation.responses)) {
          if (Number(status) < 400) continue;
          expect(content).toEqual({ 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } });
        }
      }
    }
    expect(document.components.schemas['Problem']).toMatchObject({ type: 'object', required: expect.any(Array) });
  });

  it('refers to nothing that it does not hold', async () => {
    const document = await openDocument();
    const references = JSON.stringify(document).match(/"\$ref":"[^"]+"/g) ?? [];
    expect(new Set(references)).toEqual(new Set(['"$ref":"#/components/schemas/Problem"']));
  });

  it('names only errors that exist, under their own status', async () => {
    const document = await openDocument();
    for (const { responses } of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
      for (const [status, { description }] of Object.entries(responses)) {
        if (Number(status) < 400) continue;
        for (const code of description.split(', ')) {
          expect(ERRORS).toHaveProperty([code, 'status'], Number(status));
        }
      }
    }
  });

  it('shows the names of transactions, and events as what they are', async () => {
    const { paths } = await openDocument();
    const body = JSON.stringify(paths['/v1/txn']?.['post']?.requestBody);
    for (const name of ['if', 'then', 'else', 'put', 'delete', 'get', 'etag', 'value']) {
      expect(body).toContain(`"${name}":{`);
    }
    const events = paths['/v1/elections/{name}/observe']?.['get']?.responses['200'];
    expect(Object.keys(events?.content ?? {})).toEqual(['text/event-stream']);
  });

  it('takes values as bytes of any type and batches as JSON', async () => {
    const { paths } = await openDocument();
    expect(Object.keys(paths['/v1/kv/{key}']?.['put']?.requestBody?.content ?? {})).toEqual(['*/*']);
    expect(Object.keys(paths['/v1/batch']?.['post']?.requestBody?.content ?? {})).toEqual(['application/json']);
  });
});

describe('/docs', () => {
  it.each(['/docs', '/openapi.json', '/docs/nowhere'])(
    'answers %s with the headers of every answer, once',
    async (url) => {
      const { app } = openApp();
      const port = await listening(app);
      const token = tokenNaming(1);
      const head = `GET ${url} HTTP/1.1\r\nHost: x\r\nCausal-Token: ${token}\r\nConnection: close\r\n\r\n`;
      const received = await rawExchange(port, head);
      expect(received.match(/^causal-token: .*$/gim)).toEqual([expect.stringContaining(token)]);
      expect(received.match(/^served-by: .*$/gim)).toEqual([expect.stringContaining('r1')]);
    },
  );

  it('is a page whose every part comes from here', async () => {
    const { app } = openApp();
    const page = await succeed(app, { url: '/docs' });
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    expect(page.headers['content-security-policy']).toMatch(/^default-src 'self'/);
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? '');
    expect(parts.length).toBeGreaterThan(4);
    for (const part of parts) {
      expect(part).toMatch(/^\/docs\//);
      await succeed(app, { url: part });
    }
    expect(page.body).not.toMatch(/<script>|<style>/);
  });

  it('shows the same document', async () => {
    const { app } = openApp();
    const own = (await succeed(app, { url: '/docs/json' })).json();
    expect(own).toEqual((await succeed(app, { url: '/openapi.json' })).json());
  });

  it('has problems for what is not there', async () => {
    const { app } = openApp();
    expectProblem(await app.inject('/docs/static/none.js'), 'not-found');
    expectProblem(await app.inject('/docs/none'), 'not-found');
    expectProblem(await app.inject({ method: 'POST', url: '/docs' }), 'method-not-allowed');
  });
});

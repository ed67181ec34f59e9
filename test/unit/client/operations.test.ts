/** Each operation as the request it sends and the result it makes of the answer. */
import { describe, expect, test } from 'vitest';
import { batchReceipt, json, problem, receipt, tokenOf, value } from './answers-of-replicas.js';
import { rejection, replica, testClient } from './test-client.js';

const entry = (key: string, text: string) => ({
  key,
  etag: `"${key}.1"`,
  contentType: 'text/plain',
  encoding: 'utf8',
  value: text,
  timestamp: '1000.0',
});

describe('get', () => {
  test('gives the bytes and everything the headers say', async () => {
    const headers = { Conflicts: '2', 'Server-Timing': 'wait;dur=1.5, store;dur=0.25, cache, total;desc="x";dur=2' };
    const r1 = await replica(value('{"a":"ü"}', headers));
    const result = await testClient([r1.url]).client.get('users/ann');
    expect(r1.requests[0]).toMatchObject({ method: 'GET', path: '/v1/kv/users/ann' });
    expect(result).toMatchObject({
      found: true,
      key: 'users/ann',
      etag: '"r1~00000001.1"',
      contentType: 'text/plain; charset=utf-8',
      conflicts: 2,
      timestamp: '1000.0',
      level: 'causal',
      token: tokenOf({ r1: 1 }),
      servedBy: 'r1',
      timing: { wait: 1.5, store: 0.25, total: 2 },
    });
    if (!result.found) throw new Error('found is true');
    expect(result.value).toEqual(new TextEncoder().encode('{"a":"ü"}'));
    expect(result.text()).toBe('{"a":"ü"}');
    expect(result.json()).toEqual({ a: 'ü' });
  });

  test('says that a key is absent, and by whose word', async () => {
    const headers = { 'Causal-Token': tokenOf({ r2: 1 }), 'Consistency-Level': 'eventual', 'Served-By': 'r2' };
    const r1 = await replica(problem('not-found', {}, headers));
    const result = await testClient([r1.url]).client.get('k', { level: 'eventual' });
    expect(result).toEqual({
      found: false,
      key: 'k',
      level: 'eventual',
      token: tokenOf({ r2: 1 }),
      servedBy: 'r2',
      timing: {},
    });
  });

  test('keeps an empty value and a byte order mark as they are', async () => {
    const r1 = await replica(value(''), value('\ufeffx'));
    const { client } = testClient([r1.url]);
    expect(await client.get('k')).toMatchObject({ found: true, value: new Uint8Array(0) });
    const marked = await client.get('k');
    expect(marked.found && marked.text()).toBe('\ufeffx');
  });

  test('refuses an answer without an etag', async () => {
    const r1 = await replica({ body: 'v' });
    const error = await rejection(testClient([r1.url]).client.get('k'));
    expect(error).toMatchObject({ code: 'protocol-violation', outcome: 'not-applied' });
  });
});

describe('entry', () => {
  test('gives the value with its siblings, deletes among them', async () => {
    const siblings = [
      {
        etag: '"r2.1"',
        timestamp: '999.0',
        contentType: 'application/octet-stream',
        encoding: 'base64',
        value: '/wA=',
      },
      { etag: '"r3.1"', timestamp: '998.0', deleted: true },
    ];
    const r1 = await replica(json({ ...entry('k', 'v'), siblings }));
    const result = await testClient([r1.url]).client.entry('k');
    expect(r1.requests[0]?.path).toBe('/v1/kv/k?format=entry');
    if (!result.found) throw new Error('found is true');
    expect(result.text()).toBe('v');
    expect(result.siblings).toMatchObject([
      { kind: 'value', etag: '"r2.1"', timestamp: '999.0', content: { value: new Uint8Array([255, 0]) } },
      { kind: 'tombstone', etag: '"r3.1"', content: undefined },
    ]);
  });

  test('says that a key is absent', async () => {
    const r1 = await replica(problem('not-found'));
    expect(await testClient([r1.url]).client.entry('k')).toMatchObject({ found: false, key: 'k' });
  });

  test.each([
    ['no JSON', { body: 'oops' }],
    ['a list', json([])],
    ['no value', json({ ...entry('k', 'v'), value: 5 })],
    ['a value that is not base64', json({ ...entry('k', '***'), encoding: 'base64' })],
    ['no key', json({ ...entry('k', 'v'), key: undefined })],
  ])('refuses %s', async (_, answer) => {
    const r1 = await replica(answer);
    expect(await rejection(testClient([r1.url]).client.entry('k'))).toMatchObject({ code: 'protocol-violation' });
  });
});

describe('put', () => {
  test.each([
    ['a string', 'ü', 'text/plain; charset=utf-8', 'ü'],
    ['bytes', new Uint8Array([65, 66]), 'application/octet-stream', 'AB'],
    ['a part of a buffer', new DataView(new Uint8Array([65, 66, 67]).buffer, 1, 1), 'application/octet-stream', 'B'],
    ['a buffer', new Uint8Array([65]).buffer, 'application/octet-stream', 'A'],
    ['an object', { a: [1] }, 'application/json', '{"a":[1]}'],
    ['a number', 5, 'application/json', '5'],
    ['null', null, 'application/json', 'null'],
  ])('sends %s with its content type', async (_, given, contentType, body) => {
    const r1 = await replica(receipt());
    await testClient([r1.url]).client.put('k', given);
    expect(r1.requests[0]).toMatchObject({ method: 'PUT', body, headers: { 'content-type': contentType } });
  });

  test('sends what the options say', async () => {
    const r1 = await replica(receipt({}, 201));
    const result = await testClient([r1.url], { token: 'secret' }).client.put('k', '<b>', {
      level: 'linearizable',
      contentType: 'text/html',
      durability: 'majority',
      idempotencyKey: 'once',
      fences: [
        { name: 'lock', fencingToken: 7 },
        { name: 'a/b,c', fencingToken: 9 },
      ],
      ifNoneMatch: '*',
    });
    expect(r1.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer secret',
      'consistency-level': 'linearizable;timeout=4500',
      'content-type': 'text/html',
      durability: 'majority',
      'idempotency-key': 'once',
      'fencing-token': 'lock=7, a%2Fb%2Cc=9',
      'if-none-match': '*',
    });
    expect(result).toMatchObject({
      key: 'k',
      created: true,
      etag: '"r1~00000001.1"',
      durability: 'local',
      replica: 'r1',
    });
  });

  test.each([
    ['"a.1"', '"a.1"'],
    ['a.1', '"a.1"'],
    ['*', '*'],
    ['W/"a"', 'W/"a"'],
  ])('sends the etag %s as %s', async (given, sent) => {
    const r1 = await replica(receipt());
    expect(await testClient([r1.url]).client.put('k', 'v', { ifMatch: given })).toMatchObject({ created: false });
    expect(r1.requests[0]?.headers['if-match']).toBe(sent);
  });

  test('has an unknown outcome if the receipt cannot be read', async () => {
    const r1 = await replica({ body: 'thanks' });
    expect(await rejection(testClient([r1.url]).client.put('k', 'v'))).toMatchObject({ outcome: 'unknown' });
  });
});

test('delete sends no body and takes the same conditions', async () => {
  const r1 = await replica(receipt());
  await testClient([r1.url]).client.delete('a/b', { ifMatch: 'x', level: 'linearizable' });
  expect(r1.requests[0]).toMatchObject({
    method: 'DELETE',
    path: '/v1/kv/a/b',
    body: '',
    headers: { 'if-match': '"x"' },
  });
  expect(r1.requests[0]?.headers['content-type']).toBeUndefined();
});

test('batch sends texts, bytes and JSON as the contract writes them', async () => {
  const r1 = await replica(batchReceipt('a', 'b'));
  const large = new Uint8Array(20_000).fill(255);
  const receipts = await testClient([r1.url]).client.batch([
    { put: 'a', value: 'x' },
    { put: 'b', value: new Uint8Array([255]), contentType: 'image/png' },
    { put: 'c', value: { n: 1 } },
    { put: 'd', value: large },
    { delete: 'e' },
  ]);
  expect(r1.requests[0]).toMatchObject({ method: 'POST', path: '/v1/batch' });
  expect(JSON.parse(r1.requests[0]?.body ?? '')).toEqual({
    ops: [
      { put: 'a', value: 'x', contentType: 'text/plain; charset=utf-8' },
      { put: 'b', value: '/w==', encoding: 'base64', contentType: 'image/png' },
      { put: 'c', value: '{"n":1}', contentType: 'application/json' },
      {
        put: 'd',
        value: Buffer.from(large).toString('base64'),
        encoding: 'base64',
        contentType: 'application/octet-stream',
      },
      { delete: 'e' },
    ],
  });
  expect(receipts).toMatchObject({ level: undefined, durability: 'local', timestamp: '1000.0' });
  expect(receipts.results).toEqual([
    { key: 'a', etag: '"r1~00000001.1"' },
    { key: 'b', etag: '"r1~00000001.1"' },
  ]);
});

test('txn is linearizable and says which branch ran', async () => {
  const found = { ...entry('k', 'v'), level: 'linearizable' };
  const results = [found, { key: 'l', etag: '"log.2"' }, { key: 'm', etag: null, value: null }];
  const r1 = await replica(json({ succeeded: false, results, token: tokenOf({ log: 1 }) }));
  const result = await testClient([r1.url]).client.txn({
    compare: [
      { key: 'k', etag: null },
      { key: 'l', etag: 'log.1' },
      { key: 'm', value: 'x' },
      { key: 'n', value: new Uint8Array([255]) },
    ],
    success: [{ put: 'k', value: { a: 1 } }],
    failure: [{ get: 'k' }, { delete: 'l' }, { get: 'm' }],
  });
  expect(result).toMatchObject({
    succeeded: false,
    results: [
      { kind: 'found', key: 'k', etag: '"k.1"', contentType: 'text/plain', value: new TextEncoder().encode('v') },
      { kind: 'written', key: 'l', etag: '"log.2"' },
      { kind: 'absent', key: 'm' },
    ],
  });
  expect(r1.requests[0]).toMatchObject({
    path: '/v1/txn',
    headers: { 'consistency-level': 'linearizable;timeout=4500' },
  });
  expect(r1.requests[0]?.body).toBe(
    '{"if":[{"key":"k","etag":null},{"key":"l","etag":"\\"log.1\\""},{"key":"m","value":"x"},' +
      '{"key":"n","value":"/w==","encoding":"base64"}],' +
      '"then":[{"put":"k","value":"{\\"a\\":1}","contentType":"application/json"}],' +
      '"else":[{"get":"k"},{"delete":"l"},{"get":"m"}]}',
  );
});

describe('getMany', () => {
  test('reads one snapshot and leaves out what does not exist', async () => {
    const r1 = await replica(
      json({ items: [entry('a', '1'), { key: 'b', etag: null, value: null }, entry('c d', '3')] }),
    );
    const { entries } = await testClient([r1.url]).client.getMany(['a', 'b', 'c d']);
    expect(r1.requests[0]?.path).toBe('/v1/kv?keys=a,b,c%20d');
    expect([...entries.keys()]).toEqual(['a', 'c d']);
    expect(entries.get('c d')?.text()).toBe('3');
  });

  test('names keys with a comma one by one', async () => {
    const r1 = await replica(json({ items: [] }));
    await testClient([r1.url]).client.getMany(['a,b', '..']);
    expect(r1.requests[0]?.path).toBe('/v1/kv?keys=&key=a%2Cb&key=..');
  });
});

describe('list and scan', () => {
  test('list asks for one page', async () => {
    const r1 = await replica(json({ items: [entry('a/1', 'x')], next: 'a/1' }));
    const page = await testClient([r1.url]).client.list({ prefix: 'a/', after: 'a/0&', limit: 1 });
    expect(r1.requests[0]?.path).toBe('/v1/kv?prefix=a%2F&after=a%2F0%26&limit=1');
    expect(page).toMatchObject({ items: [{ key: 'a/1', value: new Uint8Array([120]) }], next: 'a/1' });
  });

  test('scan goes through all pages, an empty one in the middle included', async () => {
    const r1 = await replica(
      json({ items: [entry('a', '1'), entry('b', '2')], next: 'b' }),
      json({ items: [], next: 'c' }),
      json({ items: [entry('d', '3')] }),
    );
    const keys: string[] = [];
    for await (const { key } of testClient([r1.url]).client.scan('', { pageSize: 2 })) keys.push(key);
    expect(keys).toEqual(['a', 'b', 'd']);
    expect(r1.requests.map(({ path }) => path)).toEqual([
      '/v1/kv?prefix=&limit=2',
      '/v1/kv?prefix=&after=b&limit=2',
      '/v1/kv?prefix=&after=c&limit=2',
    ]);
  });

  test('scan asks for no page that nobody wants', async () => {
    const r1 = await replica(json({ items: [entry('a', '1')], next: 'a' }));
    for await (const _ of testClient([r1.url]).client.scan('')) break;
    expect(r1.requests).toHaveLength(1);
  });

  test('scan does not go round in circles', async () => {
    const r1 = await replica(json({ items: [], next: 'a' }));
    const scan = testClient([r1.url]).client.scan('');
    expect(await rejection(scan.next())).toMatchObject({ code: 'protocol-violation' });
    expect(r1.requests).toHaveLength(2);
  });
});

describe('status', () => {
  test('replica asks the first that answers, without a level', async () => {
    const r1 = await replica(json({ id: 'r1', vector: { 'r1~00000001': 3 } }));
    expect(await testClient([r1.url]).client.replica()).toMatchObject({ id: 'r1', vector: { 'r1~00000001': 3 } });
    expect(r1.requests[0]).toMatchObject({ method: 'GET', path: '/v1/replica' });
    expect(r1.requests[0]?.headers['consistency-level']).toBeUndefined();
  });

  test('cluster gives the members', async () => {
    const r1 = await replica(json({ members: [{ id: 'r1' }, { id: 'r2' }] }));
    const { members } = await testClient([r1.url]).client.cluster();
    expect(members.map(({ id }) => id)).toEqual(['r1', 'r2']);
  });
});

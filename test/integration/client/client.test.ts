/** The client against real replicas over real HTTP: what it promises together with what they promise. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CausewayApiError, createClient } from '../../../src/client/index.js';
import { type MemoryCluster, startMemoryCluster } from './memory-cluster.js';

let cluster: MemoryCluster;

beforeAll(async () => {
  cluster = await startMemoryCluster();
});

afterAll(() => cluster.close());

async function failure(promise: Promise<unknown>): Promise<CausewayApiError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CausewayApiError) return error;
  throw new Error(`not the refusal of a replica: ${String(error)}`);
}

test('a session reads at any replica what it wrote at another', async () => {
  const client = createClient({ urls: cluster.urls });
  for (let round = 0; round < 30; round += 1) {
    const session = client.session();
    await session.put('rounds', { round }, { url: cluster.urls[round % 3] });
    const read = await session.get('rounds', { url: cluster.urls[(round + 1) % 3] });
    expect(read.found && read.json()).toEqual({ round });
  }
});

test('the token of concurrent calls at different replicas covers them all', async () => {
  const session = createClient({ urls: cluster.urls }).session();
  const keys = Array.from({ length: 12 }, (_, i) => `concurrent/${i}`);
  await Promise.all(keys.map((key, i) => session.put(key, key, { url: cluster.urls[i % 3] })));
  for (const url of cluster.urls) {
    const { entries } = await session.getMany(keys, { url });
    expect([...entries.keys()].sort()).toEqual([...keys].sort());
  }
});

describe('values and keys', () => {
  test.each(['.', '..', 'a/../b', './x', 'a//b', '/', 'a,b', 'a%2Fb', '?#&=+ ', 'ü😀', '\u0000', '%'])(
    'the key %j is written, read, listed and deleted as it is',
    async (key) => {
      const session = createClient({ urls: cluster.urls }).session();
      const { etag } = await session.put(key, 'v');
      expect(await session.get(key)).toMatchObject({ found: true, key, etag, level: 'causal', conflicts: 0 });
      expect(await session.entry(key)).toMatchObject({ found: true, key, etag, siblings: [] });
      expect([...(await session.getMany([key])).entries.keys()]).toEqual([key]);
      const listed: string[] = [];
      for await (const entry of session.scan(key)) listed.push(entry.key);
      expect(listed).toContain(key);
      await session.delete(key);
      expect(await session.get(key)).toMatchObject({ found: false });
    },
  );

  test('come back with the bytes and the content type they went in with', async () => {
    const session = createClient({ urls: cluster.urls }).session();
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 256);
    await session.put('values/bytes', bytes, { contentType: 'image/png' });
    await session.batch([
      { put: 'values/text', value: 'ü' },
      { put: 'values/json', value: { a: [1, null] } },
      { put: 'values/more', value: bytes },
    ]);
    const image = await session.get('values/bytes');
    expect(image).toMatchObject({ found: true, contentType: 'image/png' });
    expect(image.found && Buffer.from(bytes).equals(image.value)).toBe(true);
    const { entries } = await session.getMany(['values/text', 'values/json', 'values/more', 'values/none']);
    expect(entries.get('values/text')?.text()).toBe('ü');
    expect(entries.get('values/text')?.contentType).toMatch(/^text\/plain/);
    expect(entries.get('values/json')?.json()).toEqual({ a: [1, null] });
    expect(Buffer.from(bytes).equals(entries.get('values/more')?.value ?? Buffer.alloc(0))).toBe(true);
    expect(entries.size).toBe(3);
  });

  test('a scan gives every key once, in order, whatever its page size', async () => {
    const session = createClient({ urls: cluster.urls }).session();
    const keys = Array.from({ length: 25 }, (_, i) => `scan/${String(i).padStart(2, '0')}`);
    await session.batch(keys.map((put) => ({ put, value: put })));
    const seen: string[] = [];
    for await (const { key } of session.scan('scan/', { pageSize: 7 })) seen.push(key);
    expect(seen).toEqual(keys);
  });
});

describe('in a partition', () => {
  afterEach(() => createClient({ urls: cluster.urls }).faults.heal());

  test('both sides write, and after it both values are there', async () => {
    const client = createClient({ urls: cluster.urls });
    const [left, , right] = cluster.urls;
    await client.faults.partition('split', [['r1'], ['r2', 'r3']]);
    const sessions = [client.session(), client.session()] as const;
    await sessions[0].put('split', 'left', { url: left });
    await sessions[1].put('split', 'right', { url: right });
    await client.faults.heal();
    const both = client.session(sessions[0].token);
    both.join(sessions[1].token ?? '');
    const entry = await both.entry('split', { url: left });
    if (!entry.found) throw new Error('the key is there');
    expect([entry.text(), ...entry.siblings.map(({ content }) => content?.text())].sort()).toEqual(['left', 'right']);
    expect(await both.get('split', { url: right })).toMatchObject({ conflicts: 1, etag: entry.etag });
  });

  test('a token of the other side is refused with what is missing, and served by a replica that has it', async () => {
    const client = createClient({ urls: [...cluster.urls].reverse() });
    const [left, , right] = cluster.urls;
    await client.faults.partition('split', [['r1'], ['r2', 'r3']]);
    const writing = client.session();
    await writing.put('side', 'left', { url: left });
    const { token } = writing;
    // The replica gives up a tenth of the time before the client does: long enough for the refusal to come, also here.
    const session = createClient({ urls: cluster.urls, retry: false }).session(token);
    const error = await failure(session.get('side', { url: right, timeoutMs: 5_000 }));
    expect(error).toMatchObject({ code: 'causal-wait-timeout', replica: 'r3', outcome: 'not-applied' });
    expect(error.missing).toEqual([
      { origin: expect.stringMatching(/^r1~/), have: expect.any(Number), need: expect.any(Number) },
    ]);
    expect(error.missing[0]?.need).toBeGreaterThan(error.missing[0]?.have ?? 0);
    expect(session.token).toBe(token);
    const quick = createClient({ urls: [right, left], attemptTimeoutMs: 1_500 }).session(token);
    expect(await quick.get('side')).toMatchObject({ found: true, servedBy: 'r1' });
  });
});

describe('a write whose answer was lost', () => {
  interface Answer {
    readonly etag: string | null;
    readonly token: string;
  }

  /** A `fetch` that carries every request, and loses the answers to the first two PUTs, once `meanwhile` is done. */
  function lossy(meanwhile: (lost: Answer) => Promise<void>): {
    readonly fetch: typeof fetch;
    readonly lost: Answer[];
  } {
    const lost: Answer[] = [];
    return {
      lost,
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (init?.method !== 'PUT' || lost.length === 2) return response;
        await response.arrayBuffer();
        const answer = { etag: response.headers.get('ETag'), token: response.headers.get('Causal-Token') ?? '' };
        lost.push(answer);
        await meanwhile(answer);
        throw new TypeError('the answer was lost on the way');
      },
    };
  }

  afterEach(() => createClient({ urls: cluster.urls }).faults.heal());

  test('is applied once, and the replica that is asked next gives the first answer', async () => {
    const everywhere = async ({ token }: Answer) => {
      const session = createClient({ urls: cluster.urls }).session(token);
      for (const url of cluster.urls) await session.get('once', { url });
    };
    const network = lossy(everywhere);
    const client = createClient({ urls: cluster.urls, fetch: network.fetch, retry: { baseDelayMs: 1 } });
    const before = await client.replica({ url: cluster.urls[0] });
    const { etag } = await client.session().put('once', 'v');
    const after = await client.replica({ url: cluster.urls[0] });
    expect(network.lost.map((answer) => answer.etag)).toEqual([etag, etag]);
    expect(after.vector[after.incarnation]).toBe((before.vector[before.incarnation] ?? 0) + 1);
    expect(await client.get('once')).toMatchObject({ etag, conflicts: 0 });
  });

  test('is one write also if no replica that it was sent to knew of the others', async () => {
    await createClient({ urls: cluster.urls }).faults.partition('apart', [['r1'], ['r2'], ['r3']]);
    const network = lossy(() => Promise.resolve());
    const client = createClient({ urls: cluster.urls, fetch: network.fetch, retry: { baseDelayMs: 1 } });
    const session = client.session();
    const { etag } = await session.put('thrice', 'v');
    await client.faults.heal();
    for (const { token } of network.lost) session.join(token);
    const names = [...network.lost.map((answer) => answer.etag), etag];
    expect(new Set(names).size).toBe(3);
    const read = await session.get('thrice', { url: cluster.urls[0] });
    expect(read).toMatchObject({ found: true, conflicts: 0 });
    expect(names).toContain(read.found && read.etag);
    for (const url of cluster.urls) {
      expect(await session.get('thrice', { url })).toMatchObject({ etag: read.found && read.etag, conflicts: 0 });
    }
  });
});

test('what the replicas do not offer is refused with a code', async () => {
  const client = createClient({ urls: cluster.urls });
  expect(await failure(client.put('k', 'v', { ifMatch: '"x"' }))).toMatchObject({
    code: 'precondition-needs-linearizable',
  });
  expect(await failure(client.session('c1.AAAA').get('k'))).toMatchObject({ code: 'invalid-causal-token' });
  expect(await failure(client.put('k'.repeat(600), 'v'))).toMatchObject({ code: 'invalid-request' });
  expect(await failure(client.put('k', new Uint8Array(600 * 1024)))).toMatchObject({
    code: 'value-too-large',
    outcome: 'not-applied',
  });
  expect(
    await failure(
      client.put('k', 'a', { idempotencyKey: 'same' }).then(() => client.put('k', 'b', { idempotencyKey: 'same' })),
    ),
  ).toMatchObject({ code: 'idempotency-key-reused' });
});

test('faults are listed where they are in force, and status is told', async () => {
  const client = createClient({ urls: cluster.urls });
  const [, second] = cluster.urls;
  await client.faults.link('r1', 'r2', { delayMs: 1 }, { ttlMs: 30_000 });
  await client.faults.clock(second, 200);
  const listed = await client.faults.list();
  expect(listed.map(({ faults }) => faults.map(({ kind }) => kind))).toEqual([['link'], ['link', 'clock'], ['link']]);
  await client.faults.removeClock(second);
  await client.faults.removeLink('r1', 'r2');
  await client.faults.removePartition('never-there');
  expect((await client.faults.list()).flatMap(({ faults }) => faults)).toEqual([]);
  expect(await client.replica({ url: second })).toMatchObject({ id: 'r2', url: second, faultsEnabled: true });
  expect((await client.cluster()).members.map(({ id, url }) => [id, url])).toEqual([
    ['r1', cluster.urls[0]],
    ['r2', cluster.urls[1]],
    ['r3', cluster.urls[2]],
  ]);
});

test('a session goes on at another replica when its own stops', async () => {
  const session = createClient({ urls: cluster.urls }).session();
  await session.put('survivor', 'v', { durability: 'majority' });
  const before = session.token;
  await cluster.stop(0);
  expect(await session.get('survivor')).toMatchObject({ found: true, servedBy: 'r2' });
  await session.put('survivor', 'w');
  const read = await session.get('survivor');
  expect(read.found && read.text()).toBe('w');
  expect(before).toBeDefined();
  expect(session.token).not.toBe(before);
});

/** The HTTP API over three production replicas, joined by a network in memory and asked by `fetch` over real sockets. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { createMemoryNetwork } from '../../../src/adapters/memory-transport.js';
import { createSystemRandom } from '../../../src/adapters/system-random.js';
import { createSystemTime } from '../../../src/adapters/system-time.js';
import { buildApp } from '../../../src/api/app.js';
import { parseClusterId, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { openReplica } from '../../../src/replica/open-replica.js';

const NAMES = ['r1', 'r2', 'r3'] as const;
type Name = (typeof NAMES)[number];

interface Running {
  readonly url: string;
  readonly close: () => Promise<void>;
}

const running = new Map<Name, Running>();
const network = createMemoryNetwork({ time: createSystemTime(), random: createSystemRandom() });

async function start(name: Name): Promise<Running> {
  const id = parseReplicaId(name);
  const members = NAMES.map((member) => ({ id: parseReplicaId(member), url: undefined }));
  const replica = await openReplica({
    id,
    cluster: parseClusterId('api-test'),
    url: `http://${name}.test`,
    members,
    storage: openMemoryStorage(),
    transport: network.connect(id),
    time: createSystemTime(),
    random: createSystemRandom(),
    trace: () => {},
    enableFaults: true,
    onFatal: (error) => {
      throw error;
    },
  });
  const app = buildApp({ replica });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const close = async (): Promise<void> => {
    await replica.drain();
    await app.close();
    await replica.close();
  };
  return { url, close };
}

function ask(name: Name, path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${running.get(name)?.url}${path}`, init);
}

function put(name: Name, key: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return ask(name, `/v1/kv/${key}`, { method: 'PUT', body, headers });
}

function get(name: Name, key: string, headers: Record<string, string> = {}): Promise<Response> {
  return ask(name, `/v1/kv/${key}`, { headers });
}

/** The parts of bodies that these tests look into. */
interface Body {
  readonly incarnation: string;
  readonly peers: readonly { readonly reachable: boolean }[];
  readonly value: string;
  readonly siblings: readonly { readonly value: string }[];
  readonly items: readonly { readonly value: string }[];
  readonly next: string | null;
  readonly replica: string;
  readonly members: readonly unknown[];
}

const bodyOf = async (response: Response): Promise<Body> => (await response.json()) as Body;
const tokenOf = (response: Response): string => response.headers.get('Causal-Token') ?? '';

async function everywhere(path: string, init: RequestInit): Promise<void> {
  for (const name of NAMES) {
    const response = await ask(name, path, init);
    expect(response.status, await response.text()).toBe(200);
  }
}

const PARTITION = '/v1/faults/partitions/split';
const CUT: RequestInit = {
  method: 'PUT',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ groups: [['r1'], ['r2', 'r3']], ttlMs: 60_000 }),
};

beforeAll(async () => {
  const started = await Promise.all(NAMES.map(start));
  for (const [i, name] of NAMES.entries()) running.set(name, started[i] as Running);
  await vi.waitUntil(async () => {
    const { peers } = await bodyOf(await ask('r1', '/v1/replica'));
    return peers.every(({ reachable }) => reachable);
  });
});

afterAll(async () => {
  await Promise.all([...running.values()].map(({ close }) => close()));
});

beforeEach(() => everywhere('/v1/faults', { method: 'DELETE' }));

describe('a token', () => {
  it('makes a write of one replica visible at every other', async () => {
    for (let i = 0; i < 20; i += 1) {
      const written = await put('r1', `carried/${i}`, `value ${i}`);
      for (const name of ['r2', 'r3'] as const) {
        const read = await get(name, `carried/${i}`, { 'Causal-Token': tokenOf(written) });
        expect(await read.text()).toBe(`value ${i}`);
        expect(read.headers.get('Served-By')).toBe(name);
        expect(read.headers.get('ETag')).toBe(written.headers.get('ETag'));
      }
    }
  });

  it('of a write beyond a partition is waited for, as long as asked, and then named', async () => {
    await everywhere(PARTITION, CUT);
    const written = await put('r1', 'far', 'x');
    const headers = { 'Causal-Token': tokenOf(written), 'Consistency-Level': 'causal;timeout=50' };
    const refused = await get('r2', 'far', headers);
    expect(refused.status).toBe(503);
    const { incarnation } = await bodyOf(await ask('r1', '/v1/replica'));
    expect(await refused.json()).toMatchObject({
      type: 'urn:causeway:error:causal-wait-timeout',
      outcome: 'not-applied',
      retryable: true,
      level: 'causal',
      missing: [{ origin: incarnation }],
    });
    expect(tokenOf(refused)).toBe(tokenOf(written));
    expect(refused.headers.get('Retry-After')).toMatch(/^\d+$/);
    expect((await put('r2', 'elsewhere', 'y', headers)).status).toBe(503);
    const weak = await get('r2', 'far', { 'Causal-Token': tokenOf(written), 'Consistency-Level': 'eventual' });
    expect(weak.status).toBe(404);
    expect((await get('r2', 'elsewhere')).status).toBe(404);
    await everywhere('/v1/faults', { method: 'DELETE' });
    expect(await (await get('r2', 'far', { 'Causal-Token': tokenOf(written) })).text()).toBe('x');
  });
});

describe('writes on both sides of a partition', () => {
  it('are siblings everywhere once it heals, until a write that saw both', async () => {
    await everywhere(PARTITION, CUT);
    const one = await put('r1', 'disputed', 'one', { 'Content-Type': 'text/plain' });
    const two = await put('r2', 'disputed', 'two', { 'Content-Type': 'text/plain' });
    expect([one.status, two.status]).toEqual([200, 200]);
    await everywhere('/v1/faults', { method: 'DELETE' });
    for (const name of NAMES) {
      await expect.poll(async () => (await get(name, 'disputed')).headers.get('Conflicts')).toBe('1');
      const entry = await bodyOf(await ask(name, '/v1/kv/disputed?format=entry'));
      expect([entry.value, ...entry.siblings.map(({ value }) => value)].sort()).toEqual(['one', 'two']);
    }
    const seen = await get('r3', 'disputed');
    const merged = await put('r3', 'disputed', 'both', { 'Causal-Token': tokenOf(seen) });
    for (const name of NAMES) {
      const read = await get(name, 'disputed', { 'Causal-Token': tokenOf(merged) });
      expect(await read.text()).toBe('both');
      expect(read.headers.get('Conflicts')).toBe('0');
    }
  });
});

describe('durability', () => {
  it.each(['local', 'majority', 'all'])('%s is reached and said', async (durability) => {
    const written = await put('r1', 'durable', 'x', { Durability: durability });
    expect(written.headers.get('Durability')).toBe(durability);
    expect(await written.json()).toMatchObject({ durability });
  });

  it('that cannot be reached is refused as not applied', async () => {
    await everywhere(PARTITION, CUT);
    const headers = { Durability: 'majority', 'Consistency-Level': 'causal;timeout=100' };
    // Until the others count as unreachable, the answer is that nobody knows.
    await expect.poll(async () => (await put('r1', 'alone', 'x', headers)).status, { timeout: 8000 }).toBe(503);
    const problem = await (await put('r1', 'alone', 'x', headers)).json();
    expect(problem).toMatchObject({ type: 'urn:causeway:error:no-quorum', outcome: 'not-applied' });
  });
});

describe('several keys', () => {
  it('of a batch are seen whole, wherever', async () => {
    for (let i = 0; i < 10; i += 1) {
      const ops = [
        { put: 'pair/a', value: String(i) },
        { put: 'pair/b', value: String(i) },
      ];
      const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ ops }) };
      const token = tokenOf(await ask('r1', '/v1/batch', init));
      const read = await ask('r2', '/v1/kv?keys=pair/a,pair/b', { headers: { 'Causal-Token': token } });
      const { items } = await bodyOf(read);
      expect(items.map(({ value }) => value)).toEqual([String(i), String(i)]);
    }
  });

  it('are listed page by page, each once', async () => {
    let token = '';
    for (let i = 0; i < 25; i += 1) {
      const headers: Record<string, string> = token === '' ? {} : { 'Causal-Token': token };
      token = tokenOf(await put('r1', `page/${String(i).padStart(2, '0')}`, String(i), headers));
    }
    const found: string[] = [];
    let after: string | null = '';
    while (after !== null) {
      const response = await ask('r3', `/v1/kv?prefix=page/&limit=10&after=${encodeURIComponent(after)}`, {
        headers: { 'Causal-Token': token },
      });
      const page = await bodyOf(response);
      found.push(...page.items.map(({ value }) => value));
      after = page.next;
    }
    expect(found).toEqual(Array.from({ length: 25 }, (_, i) => String(i)));
  });
});

describe('a client that sends too much', () => {
  it.each([
    ['a kibibyte', LIMITS.valueMaxBytes + 1024],
    ['megabytes', 8 * 1024 * 1024],
  ])('by %s reads the reason rather than lose its connection', async (_, length) => {
    for (let i = 0; i < 5; i += 1) {
      const response = await ask('r1', '/v1/kv/large', { method: 'PUT', body: new Uint8Array(length) });
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ type: 'urn:causeway:error:value-too-large' });
    }
  });
});

describe('the cluster', () => {
  it('is told by every replica with the addresses of all', async () => {
    for (const name of NAMES) {
      const lag = { lagOps: expect.any(Number), lagMs: expect.any(Number), lastContactMs: expect.any(Number) };
      const members = NAMES.map((id) => ({ id, url: `http://${id}.test`, reachable: true, ...(id !== name && lag) }));
      // A partition may have been healed a moment ago.
      const told = async (): Promise<Body> => bodyOf(await ask(name, '/v1/cluster'));
      await expect.poll(told).toMatchObject({ replica: name, members });
    }
  });

  it('is ready and counted', async () => {
    for (const name of NAMES) {
      expect((await ask(name, '/readyz?level=causal')).status).toBe(200);
      expect(await (await ask(name, '/metrics')).text()).toMatch(/^causeway_keys \d+$/m);
    }
  });
});

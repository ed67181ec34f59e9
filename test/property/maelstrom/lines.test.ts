/** Whatever a line holds, a node goes on; and JSON values are compared by what they are. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type Json } from '../../../src/maelstrom/json.js';
import { parseLine } from '../../../src/maelstrom/message.js';
import { MaelstromCluster } from '../../support/maelstrom-cluster.js';
import { runSeed } from '../../support/seeded-random.js';

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;

/** What the parts of a request may be, right and wrong. */
const types = ['init', 'echo', 'generate', 'topology', 'broadcast', 'add', 'read', 'write', 'cas', 'causeway'];
const body = fc.record(
  {
    type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...types) }, { weight: 1, arbitrary: json }),
    msg_id: fc.oneof({ weight: 9, arbitrary: fc.nat() }, { weight: 1, arbitrary: json }),
    in_reply_to: fc.nat(),
    echo: json,
    message: json,
    element: json,
    delta: fc.oneof(fc.integer(), json),
    key: fc.oneof(fc.constantFrom(1, 2), json),
    value: json,
    from: json,
    to: json,
    bytes: fc.oneof(fc.base64String(), json),
    node_id: fc.oneof(fc.constantFrom('n1', 'n2'), json),
    node_ids: fc.oneof(fc.constantFrom(['n1'], ['n1', 'n2']), json),
  },
  { requiredKeys: [] },
);
const message = fc.record(
  {
    src: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('x1', 'n2') }, { weight: 1, arbitrary: json }),
    dest: fc.oneof({ weight: 5, arbitrary: fc.constant('n1') }, { weight: 1, arbitrary: json }),
    body: fc.oneof({ weight: 9, arbitrary: body }, { weight: 1, arbitrary: json }),
  },
  { requiredKeys: [] },
);
const line = fc.oneof(
  { weight: 6, arbitrary: message.map((whole) => JSON.stringify(whole)) },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.tuple(message, fc.nat()).map(([whole, at]) => JSON.stringify(whole).slice(0, at)) },
);

describe('a node', () => {
  it('still answers after lines of any kind', async () => {
    const seed = runSeed();
    const lines = fc.sample(line, { numRuns: 400, seed });
    const cluster = new MaelstromCluster(seed, undefined, 1);
    try {
      const node = cluster.launch('n1');
      for (const text of lines.slice(0, 40)) if (!text.includes('node_id')) node.receive(text);
      const init = await cluster.during(
        cluster.network.rpc('n1', { type: 'init', node_id: 'n1', node_ids: ['n1'] }, 10_000),
      );
      expect(init.kind).toBe('ok');
      for (const text of lines) node.receive(text);
      const echo = await cluster.during(cluster.network.rpc('n1', { type: 'echo', echo: 'alive' }, 60_000));
      expect(echo).toEqual({ kind: 'ok', body: { type: 'echo_ok', in_reply_to: 1, echo: 'alive' } });
      await cluster.stop();
      expect(cluster.fatal).toEqual([]);
    } catch (error) {
      throw new Error(`SEED=${seed}`, { cause: error });
    }
  });
});

describe('a line', () => {
  it('is parsed or refused, and never throws', () => {
    fc.assert(
      fc.property(line, (text) => {
        expect(['message', 'malformed']).toContain(parseLine(text).kind);
      }),
    );
  });
});

describe('JSON values', () => {
  it('have one text each: that of what they are read back as', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text) as Json)).toBe(text);
        // JSON has no negative zero.
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('have the same text if and only if they are equal', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(canonicalJson(a) === canonicalJson(b)).toBe(isEqual(a, b));
        expect(canonicalJson(reversed(a))).toBe(canonicalJson(a));
      }),
    );
  });
});

function isEqual(a: Json, b: Json): boolean {
  try {
    expect(JSON.parse(JSON.stringify(a))).toEqual(JSON.parse(JSON.stringify(b)));
    return true;
  } catch {
    return false;
  }
}

/** The same value with the members of its objects in the opposite order. */
function reversed(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  const members = Object.entries(value as Record<string, Json>).map(([name, part]) => [name, reversed(part)] as const);
  return Object.fromEntries(members.reverse());
}

/** What a node makes of the lines it is sent, and which errors it answers with. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CausewayError, ERRORS, type ErrorCode } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import type { JsonObject } from '../../../src/maelstrom/json.js';
import { parseLine } from '../../../src/maelstrom/message.js';
import { PROTOCOL_ERRORS, protocolErrorOf } from '../../../src/maelstrom/protocol-error.js';
import type { WorkloadName } from '../../../src/maelstrom/workload-names.js';
import { MaelstromCluster } from '../../support/maelstrom-cluster.js';

let cluster: MaelstromCluster;
afterEach(async () => {
  await cluster.stop();
  expect(cluster.fatal).toEqual([]);
});

/** Fields of the answer, or the code of the error. */
async function ask(request: JsonObject): Promise<unknown> {
  const reply = await cluster.during(cluster.network.rpc('n1', request, 5_000));
  if (reply.kind === 'error') return reply.code;
  if (reply.kind === 'timeout') return 'no answer';
  const { type: _, in_reply_to: __, ...fields } = reply.body;
  return fields;
}

describe('before it has its init a node', () => {
  beforeEach(() => {
    cluster = new MaelstromCluster(1, undefined, 1);
    cluster.launch('n1');
  });

  it('says that it cannot answer yet', async () => {
    expect(await ask({ type: 'echo', echo: 1 })).toBe(11);
    expect(await ask({ type: 'anything' })).toBe(11);
  });

  it.each([
    [{}],
    [{ node_id: 'n1' }],
    [{ node_id: 1, node_ids: ['n1'] }],
    [{ node_id: 'n1', node_ids: 'n1' }],
    [{ node_id: 'n1', node_ids: ['n1', 7] }],
    [{ node_id: 'n1', node_ids: ['n1', 'n2', 'n1'] }],
    [{ node_id: 'n1', node_ids: ['n2', 'n3'] }],
    [{ node_id: 'n1', node_ids: ['n1', 'Not An Id'] }],
    [{ node_id: 'n1', node_ids: Array.from({ length: LIMITS.membersMax + 1 }, (_, i) => `n${i}`) }],
  ])('refuses an init of %j, and takes a right one afterwards', async (init) => {
    expect(await ask({ type: 'init', ...init })).toBe(12);
    expect(await ask({ type: 'init', node_id: 'n1', node_ids: ['n1'] })).toEqual({});
  });
});

async function open(workload?: WorkloadName): Promise<void> {
  cluster = new MaelstromCluster(1, workload, 1);
  await cluster.during(cluster.start('n1'));
}

describe('a node', () => {
  it('answers the same init again, and refuses another', async () => {
    await open();
    expect(await ask({ type: 'init', node_id: 'n1', node_ids: ['n1'] })).toEqual({});
    expect(await ask({ type: 'init', node_id: 'n1', node_ids: ['n1', 'n2'] })).toBe(12);
  });

  it('answers requests that came while it was still starting', async () => {
    cluster = new MaelstromCluster(1, undefined, 1);
    cluster.launch('n1');
    const init = cluster.network.rpc('n1', { type: 'init', node_id: 'n1', node_ids: ['n1'] });
    cluster.network.delayMs = 0;
    await cluster.during(new Promise<void>((resolve) => cluster.time.after(2, resolve)));
    expect(await ask({ type: 'write', key: 1, value: 2 })).toEqual({});
    expect((await cluster.during(init)).kind).toBe('ok');
  });

  it('refuses what is addressed to another, under its own name', async () => {
    await open();
    const heard = new Promise((resolve) => cluster.network.attach('x1', resolve));
    cluster.nodeOf('n1').receive('{"src":"x1","dest":"n2","body":{"type":"echo","echo":1,"msg_id":1}}');
    const line = JSON.parse(String(await cluster.during(heard)));
    expect(line).toMatchObject({ src: 'n1', dest: 'x1', body: { type: 'error', in_reply_to: 1, code: 12 } });
  });

  it('refuses requests when too many wait, and serves again when they are done', async () => {
    cluster = new MaelstromCluster(1, undefined, 1);
    cluster.launch('n1');
    const init = cluster.network.rpc('n1', { type: 'init', node_id: 'n1', node_ids: ['n1'] });
    const count = LIMITS.requestsInFlightMax + 1;
    const echoes = Array.from({ length: count }, () => cluster.network.rpc('n1', { type: 'echo', echo: 1 }, 5_000));
    await cluster.during(init);
    const replies = await cluster.during(Promise.all(echoes));
    expect(replies.some((reply) => reply.kind === 'error' && reply.code === 11)).toBe(true);
    expect(await ask({ type: 'echo', echo: 2 })).toEqual({ echo: 2 });
  });

  it('says of what it does not know that it is not supported', async () => {
    await open();
    expect(await ask({ type: 'txn', txn: [] })).toBe(10);
    expect(await ask({ type: 'constructor' })).toBe(10);
    expect(await ask({ type: '__proto__' })).toBe(10);
  });

  it('that is told what is tested knows nothing else', async () => {
    await open('g-set');
    expect(await ask({ type: 'echo', echo: 1 })).toBe(10);
    expect(await ask({ type: 'read' })).toEqual({ value: [] });
  });

  it('cannot tell what a bare read is for until something was written', async () => {
    await open();
    expect(await ask({ type: 'read' })).toBe(11);
    expect(await ask({ type: 'add', delta: -3 })).toEqual({});
    expect(await ask({ type: 'read' })).toEqual({ value: -3 });
    expect(await ask({ type: 'add', element: 'x' })).toEqual({});
    expect(await ask({ type: 'read' })).toEqual({ value: ['x'] });
    expect(await ask({ type: 'topology', topology: {} })).toEqual({});
    expect(await ask({ type: 'read' })).toEqual({ messages: [] });
  });

  it('takes elements of every kind, each once', async () => {
    await open('broadcast');
    const all = [1, '1', null, true, [1, [2]], { a: 1, b: { c: null } }, 1.5];
    for (const message of [...all, 1, { b: { c: null }, a: 1 }]) {
      expect(await ask({ type: 'broadcast', message })).toEqual({});
    }
    const { messages } = (await ask({ type: 'read' })) as { messages: unknown[] };
    expect(messages).toHaveLength(all.length);
    for (const message of all) expect(messages).toContainEqual(message);
  });

  it('shows more elements than one page of a list has', async () => {
    await open('g-set');
    const elements = Array.from({ length: LIMITS.listMaxItems + 5 }, (_, element) => element);
    const adds = elements.map((element) => cluster.network.rpc('n1', { type: 'add', element }, 5_000));
    expect((await cluster.during(Promise.all(adds))).every(({ kind }) => kind === 'ok')).toBe(true);
    const { value } = (await ask({ type: 'read' })) as { value: number[] };
    expect(value.sort((a, b) => a - b)).toEqual(elements);
  });

  it('refuses deltas that are no integers or not the counter’s, and sums beyond what can be told apart', async () => {
    await open('g-counter');
    for (const delta of [-1, 0.5, '1', null, 2 ** 53]) expect(await ask({ type: 'add', delta })).toBe(12);
    expect(await ask({ type: 'add' })).toBe(12);
    expect(await ask({ type: 'add', delta: Number.MAX_SAFE_INTEGER })).toEqual({});
    expect(await ask({ type: 'add', delta: 1 })).toBe(14);
    expect(await ask({ type: 'read' })).toEqual({ value: Number.MAX_SAFE_INTEGER });
  });

  it('tells an absent key from one with another value', async () => {
    await open('lin-kv');
    expect(await ask({ type: 'read', key: 'a' })).toBe(20);
    expect(await ask({ type: 'cas', key: 'a', from: 1, to: 2 })).toBe(20);
    expect(await ask({ type: 'write', key: 'a', value: { x: 1, y: 2 } })).toEqual({});
    expect(await ask({ type: 'cas', key: 'a', from: { x: 1 }, to: 2 })).toBe(22);
    expect(await ask({ type: 'cas', key: 'a', from: { y: 2, x: 1 }, to: null })).toEqual({});
    expect(await ask({ type: 'read', key: 'a' })).toEqual({ value: null });
    expect(await ask({ type: 'read', key: ['a'] })).toBe(20);
  });

  it('refuses what cannot be a key or a value', async () => {
    await open('lin-kv');
    expect(await ask({ type: 'read' })).toBe(12);
    expect(await ask({ type: 'write', key: 1 })).toBe(12);
    expect(await ask({ type: 'cas', key: 1, from: 1 })).toBe(12);
    expect(await ask({ type: 'write', key: 'k'.repeat(LIMITS.keyMaxBytes), value: 1 })).toBe(12);
    expect(await ask({ type: 'write', key: 1, value: 'v'.repeat(LIMITS.valueMaxBytes) })).toBe(12);
  });

  it('does what a message without a number asks, and answers nothing', async () => {
    await open('g-set');
    const node = cluster.nodeOf('n1');
    node.receive('{"src":"c9","dest":"n1","body":{"type":"add","element":5}}');
    node.receive('{"src":"c9","dest":"n1","body":{"type":"error","in_reply_to":5,"code":11}}');
    node.receive('{"src":"n2","dest":"n1","body":{"type":"causeway","bytes":"AAAA"}}');
    node.receive('{"src":"c9","dest":"n1","body":{"type":"causeway","bytes":"?"}}');
    expect(await ask({ type: 'read' })).toEqual({ value: [5] });
  });
});

describe('a line', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

  it.each([
    ['', 'not JSON'],
    ['{', 'not JSON'],
    [deep(100_000), 'not an object'],
    ['null', 'not an object'],
    ['{"src":"c1","dest":7,"body":{}}', 'must be strings'],
    ['{"src":"c1","dest":"n1"}', 'body is not an object'],
    ['{"src":"c1","dest":"n1","body":[]}', 'body is not an object'],
    ['{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":"1"}}', 'msg_id'],
    ['{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":1.5}}', 'msg_id'],
  ])('is refused: %.60s', (line, reason) => {
    const parsed = parseLine(line);
    expect(parsed).toMatchObject({ kind: 'malformed', sender: undefined });
    expect(parsed.kind === 'malformed' && parsed.reason).toContain(reason);
  });

  it.each([
    ['{"src":"c1","dest":"n1","body":{"msg_id":3}}', 'no type'],
    ['{"src":"c1","dest":"n1","body":{"type":7,"msg_id":3}}', 'no type'],
    [`{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":3,"echo":${deep(65)}}}`, 'too deep'],
    [`{"src":"c1","dest":"n1","body":{"type":"echo","msg_id":3,"echo":${deep(5_000)}}}`, 'too deep'],
  ])('is refused, and its sender told: %.60s', (line, reason) => {
    const sender = { src: 'c1', dest: 'n1', msgId: 3 };
    expect(parseLine(line)).toEqual({ kind: 'malformed', reason: expect.stringContaining(reason), sender });
  });
});

describe('an error of a replica', () => {
  it.each(Object.keys(ERRORS) as ErrorCode[])('%s is told as definite only if nothing was applied', (code) => {
    const error = new CausewayError(code, 'why');
    const told = protocolErrorOf(error);
    const { definite } = PROTOCOL_ERRORS[told.error];
    expect(definite).toBe(error.entry.outcome === 'not-applied' && error.entry.status !== 0);
    expect(told.message).toBe(`${code}: why`);
  });

  it('without a quorum is temporary, with an unknown outcome a timeout', () => {
    const codeOf = (code: ErrorCode) => PROTOCOL_ERRORS[protocolErrorOf(new CausewayError(code, '')).error].code;
    expect(codeOf('no-quorum')).toBe(11);
    expect(codeOf('causal-wait-timeout')).toBe(11);
    expect(codeOf('outcome-unknown')).toBe(0);
    expect(codeOf('value-too-large')).toBe(12);
    expect(codeOf('storage-failed')).toBe(13);
    expect(codeOf('level-not-offered')).toBe(10);
  });
});

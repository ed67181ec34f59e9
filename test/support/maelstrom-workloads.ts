/**
 * Maelstrom's workloads, and what each demands of the answers. Every run is the same: clients make requests while faults
 * come and go, then the network is whole again, all nodes run, and what they show is judged.
 */
import type { HistoryRecord, Status, Value } from '../../src/check/history/record.js';
import { checkLinearizability } from '../../src/check/linearizability.js';
import type { Json, JsonObject } from '../../src/maelstrom/json.js';
import type { Time } from '../../src/ports/time.js';
import type { MaelstromNodes } from './maelstrom-cluster.js';
import type { Reply } from './maelstrom-network.js';

export interface Load {
  readonly clients: number;
  readonly requests: number;
  /** Between two requests of one client, at most. */
  readonly pauseMs: number;
}

/** Faults, one after the other. */
export type Nemesis = (nodes: MaelstromNodes) => Promise<void>;

export interface RunOptions {
  readonly load: Load;
  readonly nemesis: Nemesis;
  /** How long what was acknowledged may take to be everywhere after the end of all faults. */
  readonly convergeMs: number;
}

/** How many requests of a run got which answer. */
export interface Tally {
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
}

export function pause(time: Time, ms: number): Promise<void> {
  return new Promise((resolve) => time.after(ms, resolve));
}

export async function runUniqueIds(nodes: MaelstromNodes, options: RunOptions): Promise<Tally> {
  const ids: Json[] = [];
  const tally = await underFaults(nodes, options, async (node) => {
    const reply = await nodes.network.rpc(node, { type: 'generate' });
    if (reply.kind === 'ok') ids.push(reply.body['id'] ?? null);
    return reply;
  });
  const doubles = ids.filter((id, at) => ids.indexOf(id) !== at);
  if (doubles.length > 0 || ids.includes(null)) throw new Error(`ids that are not unique: ${doubles.join()}`);
  return tally;
}

/** `broadcast` or `g-set`, which differ in their words. */
export async function runSet(nodes: MaelstromNodes, kind: 'broadcast' | 'g-set', options: RunOptions): Promise<Tally> {
  const [add, field, shown] = kind === 'broadcast' ? ['broadcast', 'message', 'messages'] : ['add', 'element', 'value'];
  const sent = new Set<Json>();
  const acknowledged = new Set<Json>();
  const tally = await underFaults(nodes, options, async (node) => {
    const element = sent.size;
    sent.add(element);
    const reply = await nodes.network.rpc(node, { type: add, [field]: element });
    if (reply.kind === 'ok') acknowledged.add(element);
    return reply;
  });
  await finalReads(nodes, options, shown, (values) => {
    const lists = values.map((value) => value as readonly Json[]);
    const made = lists.flat().filter((element) => !sent.has(element));
    const twice = lists.filter((list) => new Set(list).size !== list.length);
    if (made.length + twice.length > 0) throw new Error(`never sent: ${made.join()}; shown twice: ${twice.length}`);
    const lost = [...acknowledged].filter((element) => lists.some((list) => !list.includes(element)));
    const sizes = new Set(lists.map(({ length }) => length));
    if (lost.length > 0) return `lost ${lost.join()}`;
    return sizes.size === 1 ? undefined : `nodes show ${[...sizes].join()} elements`;
  });
  return tally;
}

export async function runCounter(nodes: MaelstromNodes, mayDecrease: boolean, options: RunOptions): Promise<Tally> {
  let certain = 0;
  /** What the additions of unknown outcome may have come to. */
  let possible = new Set([0]);
  const tally = await underFaults(nodes, options, async (node) => {
    const delta = nodes.random.int(10) - (mayDecrease ? 5 : 0);
    const reply = await nodes.network.rpc(node, { type: 'add', delta });
    if (reply.kind === 'ok') certain += delta;
    else if (isUnknown(reply)) possible = new Set([...possible].flatMap((sum) => [sum, sum + delta]));
    return reply;
  });
  await finalReads(nodes, options, 'value', (values) => {
    const wrong = values.filter((value) => !possible.has(Number(value) - certain));
    if (wrong.length > 0) return `${values.join()} instead of ${certain} and perhaps ${[...possible].join()}`;
    return new Set(values).size === 1 ? undefined : `nodes show ${values.join()}`;
  });
  return tally;
}

/** Returns the history besides, which was found to be linearizable. */
export async function runLinKv(nodes: MaelstromNodes, options: RunOptions): Promise<Tally & LinKvFigures> {
  const history: HistoryRecord[] = [];
  const figures = { swapped: 0, shown: 0 };
  const seen = new Map<number, Value>();
  const now = () => nodes.time.monotonicMs() * 1e6;
  let next = 0;
  let processes = 0;
  const tally = await underFaults(nodes, options, async (node) => {
    processes += 1;
    next += 1;
    const key = nodes.random.int(2);
    const value = next;
    const expect = seen.get(key) ?? null;
    const kinds = expect === null ? (['read', 'write'] as const) : (['read', 'read', 'write', 'cas'] as const);
    const op = nodes.random.pick(kinds);
    const bodies: Readonly<Record<typeof op, JsonObject>> = {
      read: { type: 'read', key },
      write: { type: 'write', key, value },
      cas: { type: 'cas', key, from: expect as Json, to: value },
    };
    const invoke = now();
    const reply = await nodes.network.rpc(node, bodies[op]);
    const status = statusOf(op, reply);
    const common = { process: processes, level: 'linearizable', key: String(key), invoke, status } as const;
    const complete = status === 'info' ? null : now();
    if (op === 'cas') history.push({ ...common, op, complete, expect, value });
    else if (op === 'write') history.push({ ...common, op, complete, value });
    else {
      const output = reply.kind === 'ok' ? (reply.body['value'] as Value) : null;
      history.push({ ...common, op, complete, output });
      if (output !== null) seen.set(key, output);
      figures.shown += Number(output !== null);
    }
    if (op === 'cas' && status === 'ok') figures.swapped += 1;
    if (op !== 'read' && status === 'ok') seen.set(key, value);
    return reply;
  });
  const verdict = checkLinearizability(history);
  if (verdict.kind === 'unknown') throw new Error(verdict.reason);
  if (verdict.kind === 'violated') throw new Error(JSON.stringify(verdict.violations, null, 1));
  return { ...tally, ...figures };
}

interface LinKvFigures {
  /** Swaps that succeeded, and reads that showed a value. */
  readonly swapped: number;
  readonly shown: number;
}

/** A read that failed in any way has read nothing; one of an absent key has. */
function statusOf(op: 'read' | 'write' | 'cas', reply: Reply): Status {
  if (reply.kind === 'ok') return 'ok';
  if (op === 'read') return reply.kind === 'error' && reply.code === 20 ? 'ok' : 'fail';
  return isUnknown(reply) ? 'info' : 'fail';
}

function isUnknown(reply: Reply): boolean {
  return reply.kind === 'timeout' || (reply.kind === 'error' && !reply.isDefinite);
}

async function underFaults(
  nodes: MaelstromNodes,
  { load, nemesis }: RunOptions,
  request: (node: string) => Promise<Reply>,
): Promise<Tally> {
  const tally = { ok: 0, refused: 0, unknown: 0 };
  const client = async () => {
    for (let i = 0; i < load.requests; i += 1) {
      await pause(nodes.time, nodes.random.float() * load.pauseMs);
      const reply = await request(nodes.random.pick(nodes.ids));
      if (reply.kind === 'ok') tally.ok += 1;
      else if (isUnknown(reply)) tally.unknown += 1;
      else tally.refused += 1;
    }
  };
  await Promise.all([nemesis(nodes), ...Array.from({ length: load.clients }, client)]);
  nodes.network.heal();
  nodes.network.loss = 0;
  return tally;
}

/** @param judge what is wrong and may still come right; throws at what may not */
async function finalReads(
  nodes: MaelstromNodes,
  { convergeMs }: RunOptions,
  field: string,
  judge: (values: readonly Json[]) => string | undefined,
): Promise<void> {
  const deadlineMs = nodes.time.monotonicMs() + convergeMs;
  for (;;) {
    const replies = await Promise.all(nodes.ids.map((node) => nodes.network.rpc(node, { type: 'read' })));
    const values = replies.flatMap((reply) => (reply.kind === 'ok' ? [reply.body[field] ?? null] : []));
    const wrong = values.length === nodes.ids.length ? judge(values) : JSON.stringify(replies);
    if (wrong === undefined) return;
    if (nodes.time.monotonicMs() > deadlineMs) throw new Error(`${convergeMs} ms after the last fault: ${wrong}`);
    await pause(nodes.time, 50);
  }
}

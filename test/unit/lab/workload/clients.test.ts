/** Clients against the real API of a replica in memory: what they record is what happened, and a lie is found. */
import { expect, onTestFinished, test } from 'vitest';
import { historyLine } from '../../../../src/check/history/line.js';
import { parseLine } from '../../../../src/check/history/parse.js';
import type { HistoryRecord } from '../../../../src/check/history/record.js';
import { checkLinearizability } from '../../../../src/check/linearizability.js';
import { History, tallyOf } from '../../../../src/lab/workload/history.js';
import { ALL_KINDS } from '../../../../src/lab/workload/register-client.js';
import { RequestPool, type Requests } from '../../../../src/lab/workload/requests.js';
import { type Ground, runObjectClients, runRegisterClients } from '../../../../src/lab/workload/run.js';
import { listening, openApp } from '../../api/harness.js';

const SEED = 7;
const GROUPS = [
  ['a', 'b'],
  ['c', 'd'],
] as const;

/** `between` stands between the clients and the replica. */
async function openGround(operations: number, between: (requests: Requests) => Requests = (r) => r): Promise<Ground> {
  const { app } = openApp({}, { ordered: true });
  const target = { id: 'r1', url: `http://127.0.0.1:${await listening(app)}` };
  const pool = new RequestPool({ connections: 6, answerTimeoutMs: 10_000 });
  onTestFinished(() => pool.close());
  const history = new History();
  const ending = new AbortController();
  const requests = between(pool);
  const counted: Requests = {
    send(to, sent) {
      if (history.records.length >= operations) ending.abort();
      return requests.send(to, sent);
    },
  };
  const { signal } = ending;
  return { requests: counted, targets: () => [target], history, seed: SEED, timeoutMs: 5_000, signal };
}

function opsOf(records: readonly HistoryRecord[]): readonly string[] {
  return Object.entries(tallyOf(records)).flatMap(([name, { ok }]) => (ok > 0 ? [name] : []));
}

test('everything there is to do to a key is done, answered and recorded', async () => {
  const ground = await openGround(400);
  const mix = ALL_KINDS.map(([, action]) => [1, action] as const);
  await runRegisterClients(ground, { clients: 6, groups: GROUPS, mix });
  const { records } = ground.history;
  expect(opsOf(records).toSorted()).toEqual([
    'causal delete',
    'causal read',
    'causal txn',
    'causal write',
    'eventual read',
    'eventual write',
    'linearizable cas',
    'linearizable create',
    'linearizable delete',
    'linearizable read',
    'linearizable txn',
    'linearizable write',
  ]);
  expect(records.filter(({ status }) => status === 'info')).toEqual([]);
  expect(checkLinearizability(records)).toMatchObject({ kind: 'ok' });
  const txns = records.flatMap((record) => (record.op === 'txn' && record.output !== undefined ? [record.output] : []));
  expect(new Set(txns.map(({ succeeded }) => succeeded))).toEqual(new Set([true, false]));
});

test('a replica that answers a read with what it showed before is found out', async () => {
  const ground = await openGround(200, staleReads);
  await runRegisterClients(ground, { clients: 6, groups: GROUPS, mix: ALL_KINDS });
  expect(checkLinearizability(ground.history.records)).toMatchObject({ kind: 'violated' });
});

test('a replica that forgets an acknowledged write is found out', async () => {
  const ground = await openGround(200, forgottenWrites);
  await runRegisterClients(ground, { clients: 6, groups: GROUPS, mix: ALL_KINDS });
  expect(checkLinearizability(ground.history.records)).toMatchObject({ kind: 'violated' });
});

test('numbers are drawn, locks taken and given back, names claimed', async () => {
  const ground = await openGround(150);
  // In memory no lease ends and no waiting does: a lock that is not given back stays taken.
  const objects = { sequences: ['s'], locks: ['l', 'm'], claims: ['x', 'y'], ttlMs: 60_000, waitMs: 0 } as const;
  await runObjectClients(ground, { clients: 6, ...objects });
  const { records } = ground.history;
  expect(opsOf(records).toSorted()).toEqual([
    'linearizable acquire',
    'linearizable claim',
    'linearizable next',
    'linearizable release',
  ]);
  const drawn = records.flatMap((record) => (record.op === 'next' && record.status === 'ok' ? [record.output] : []));
  expect(drawn.toSorted((a = 0, b = 0) => a - b)).toEqual(drawn.map((_, i) => i + 1));
  const claims = records.flatMap((record) => (record.op === 'claim' ? [record] : []));
  for (const name of ['x', 'y']) {
    const owners = new Set(claims.filter(({ key }) => key === name).map(({ output }) => output));
    expect([...owners]).toEqual([expect.stringMatching(/^o\d$/)]);
  }
  expect(claims.some(({ value, output }) => value !== output)).toBe(true);
});

test('a history that was written to a file is the same when it is read', async () => {
  const ground = await openGround(100);
  await runRegisterClients(ground, { clients: 3, groups: GROUPS, mix: ALL_KINDS });
  for (const record of ground.history.records) {
    const { line, ...read } = parseLine(historyLine(record), { file: 'h.jsonl', line: 1 });
    expect(read).toEqual(record);
    expect(line).toBe(1);
  }
});

/** Every tenth linearizable read of a key gets the answer of the first one that showed a value. */
function staleReads(requests: Requests): Requests {
  const first = new Map<string, Awaited<ReturnType<Requests['send']>>>();
  let reads = 0;
  return {
    async send(target, sent) {
      const answer = await requests.send(target, sent);
      const isRead = sent.method === 'GET' && sent.headers?.['consistency-level']?.startsWith('linearizable');
      if (!isRead || answer.code !== 200) return answer;
      reads += 1;
      const known = first.get(sent.path);
      if (known === undefined) first.set(sent.path, answer);
      return known !== undefined && reads % 10 === 0 ? known : answer;
    },
  };
}

/** Every tenth linearizable write is acknowledged and never carried out. */
function forgottenWrites(requests: Requests): Requests {
  let writes = 0;
  return {
    async send(target, sent) {
      const isWrite = sent.method === 'PUT' && sent.headers?.['consistency-level']?.startsWith('linearizable');
      if (isWrite) writes += 1;
      if (!isWrite || writes % 10 !== 0) return requests.send(target, sent);
      return {
        status: 'ok',
        isForGood: false,
        code: 200,
        headers: { etag: `"log.${1_000_000 + writes}"` },
        text: '{}',
      };
    },
  };
}

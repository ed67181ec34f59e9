/** Client and commands against the real API at linearizable, over a replica in memory: both ends mean the same. */
import { expect, test } from 'vitest';
import { runCli } from '../../../src/cli/program.js';
import { isRefusal } from '../../../src/client/api-error.js';
import { type Client, createClient } from '../../../src/client/client.js';
import { LeaseLostError } from '../../../src/client/errors.js';
import { listening, openApp } from '../../unit/api/harness.js';
import type { MemoryOrder } from '../../unit/api/memory-order.js';
import { recordingTerminal } from '../../unit/cli/recording-terminal.js';

interface Served {
  readonly url: string;
  readonly client: Client;
  readonly order: MemoryOrder;
}

async function served(): Promise<Served> {
  const { app, replica } = openApp({}, { ordered: true });
  const url = `http://127.0.0.1:${await listening(app)}`;
  if (replica.ordered === undefined) throw new Error('the replica has no order');
  return { url, client: createClient({ urls: [url] }), order: replica.ordered };
}

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('conditions and transactions', async () => {
  const { client } = await served();
  const level = 'linearizable';
  const first = await client.put('k', 'one', { level, ifNoneMatch: '*' });
  expect(first).toMatchObject({ created: true, level, durability: 'majority' });
  expect(await refusal(client.put('k', 'two', { level, ifNoneMatch: '*' }))).toMatchObject({
    code: 'precondition-failed',
    etag: first.etag,
  });
  const swapped = await client.txn({
    compare: [
      { key: 'k', etag: first.etag },
      { key: 'k', value: 'one' },
      { key: 'l', etag: null },
    ],
    success: [{ put: 'k', value: new Uint8Array([255]) }, { get: 'l' }, { delete: 'm' }],
  });
  expect(swapped).toMatchObject({
    succeeded: true,
    results: [{ kind: 'written', key: 'k' }, { kind: 'absent', key: 'l' }, { kind: 'written' }],
  });
  const other = await client.txn({ compare: [{ key: 'k', value: 'one' }], success: [], failure: [{ get: 'k' }] });
  expect(other).toMatchObject({ succeeded: false, results: [{ kind: 'found', value: new Uint8Array([255]) }] });
});

test('sequences, claims and constraints', async () => {
  const { client } = await served();
  const once = { idempotencyKey: 'order-7' };
  expect(await client.sequences.get('orders')).toMatchObject({ value: 0 });
  expect(await client.sequences.next('orders', once)).toMatchObject({ value: 1, level: 'linearizable' });
  expect(await client.sequences.next('orders', once)).toMatchObject({ value: 1 });
  expect(await client.sequences.next('orders')).toMatchObject({ value: 2 });
  expect(await client.claims.claim('names', 'a/ü', 'u1')).toMatchObject({ created: true, owner: 'u1' });
  expect(await client.claims.claim('names', 'a/ü', 'u1')).toMatchObject({ created: false });
  const taken = await refusal(client.claims.claim('names', 'a/ü', 'u2'));
  expect(isRefusal(taken, 'already-claimed') && taken.owner).toBe('u1');
  await client.claims.release('names', 'a/ü', 'u1');
  expect(await client.claims.get('names', 'a/ü')).toMatchObject({ found: false });
  await client.constraints.declare('mail', { prefix: 'users/', field: '/mail' });
  expect(await client.constraints.get('mail')).toMatchObject({ found: true, prefix: 'users/', field: '/mail' });
  await client.constraints.drop('mail');
  expect(await client.constraints.get('mail')).toMatchObject({ found: false });
});

test('locks: queue, fencing, and a lease that is lost under work', async () => {
  const { client, order } = await served();
  const lock = await client.locks.acquire('a,b/=', { owner: 'ann', ttlMs: 60_000 });
  expect(await refusal(client.locks.acquire('a,b/=', { owner: 'bob', ttlMs: 1_000 }))).toMatchObject({
    code: 'lock-held',
    owner: 'ann',
    remainingMs: 60_000,
  });
  const next = client.locks.acquire('a,b/=', { owner: 'bob', ttlMs: 60_000, waitMs: 60_000 });
  await expect.poll(async () => await client.locks.get('a,b/=')).toMatchObject({ owner: 'ann', waiting: ['bob'] });
  for (const level of ['causal', 'linearizable'] as const) await client.put('k', 'v', { level, fences: [lock] });
  await lock.release();
  const successor = await next;
  expect(successor.fencingToken).toBeGreaterThan(lock.fencingToken);
  expect(await refusal(client.put('k', 'v', { level: 'linearizable', fences: [lock] }))).toMatchObject({
    code: 'fenced',
  });
  await successor.release();
  expect(await client.locks.get('a,b/=')).toMatchObject({ held: false });

  const lost = await refusal(
    client.locks.withLock('short', { ttlMs: 600 }, async (_, signal) => {
      order.turnClock(601);
      await expect.poll(() => signal.aborted, { timeout: 10_000 }).toBe(true);
    }),
  );
  expect(lost).toBeInstanceOf(LeaseLostError);
});

test('elections: whoever watches sees each leader once', async () => {
  const { client } = await served();
  const seen: string[] = [];
  const leader = await client.elections.campaign('e', { owner: 'ann', ttlMs: 60_000 });
  for await (const change of client.elections.observe('e')) {
    seen.push(change.held ? change.owner : '-');
    if (seen.length === 1) {
      await leader.renew();
      await leader.resign();
    } else if (seen.length === 2) await client.elections.campaign('e', { owner: 'bob', ttlMs: 60_000 });
    else break;
  }
  expect(seen).toEqual(['ann', '-', 'bob']);
});

test('members', async () => {
  const { client } = await served();
  expect((await client.members.add('r4')).members.find(({ id }) => id === 'r4')?.role).toBe('observer');
  await client.members.promote('r4');
  expect(await client.members.transfer('r4')).toMatchObject({ leader: 'r4' });
  expect((await client.members.remove('r1')).members).toHaveLength(3);
});

test('a replica without quorum is left at once for one that has it', async () => {
  const [cutOff, majority] = [await served(), await served()];
  cutOff.order.hasQuorum = false;
  const client = createClient({ urls: [cutOff.url, majority.url] });
  expect(await client.put('k', 'v', { level: 'linearizable' })).toMatchObject({ level: 'linearizable' });
  expect(await client.sequences.next('s')).toMatchObject({ value: 1 });
  const stubborn = createClient({ urls: [cutOff.url], retry: false });
  expect(await refusal(stubborn.sequences.next('s'))).toMatchObject({ code: 'no-quorum' });
});

test('the commands speak the same language', async () => {
  const { url } = await served();
  const outcomes: [string, number][] = [];
  const run = async (line: string): Promise<string> => {
    const terminal = recordingTerminal();
    const exit = await runCli([...line.split(' '), '--url', url], terminal);
    outcomes.push([line, exit]);
    return terminal.output() + terminal.errors();
  };
  await run('put k one -c linearizable --if-none-match');
  await run('put k one -c linearizable --if-none-match');
  expect(await run('get k -c linearizable')).toBe('one');
  expect(await run('cas k two three')).toBe('not swapped: the value is "one"\n');
  await run('cas k one two');
  expect(await run('txn --if k=two --put k=3 --get l')).toContain('the conditions held');
  expect(await run('seq next s')).toBe('1\n');
  expect(await run('claim names ann --owner u1')).toContain('owner      u1');
  await run('claim names ann --owner u2');
  const token = /fencingToken +(\d+)/.exec(await run('lock acquire l --owner ann'))?.[1];
  await run('lock acquire l --owner bob');
  await run(`put k v --fencing-token l=${token}`);
  await run(`put k v --fencing-token l=${Number(token) + 1}`);
  await run(`lock renew l ${token}`);
  await run(`lock release l ${token}`);
  await run('lock show l');
  await run('elect campaign e --owner ann --timeout 2s');
  expect(await run('elect observe e --changes 1')).toMatch(/^term \d+: ann leads\n$/);
  await run('constraint add m --prefix users/ --field mail');
  await run('constraint add m --prefix users/ --field /mail');
  await run('constraint drop m');
  expect(await run('member add r4 --timeout 2s')).toContain('r4      observer');
  await run('member promote r9');
  expect(
    outcomes.map(([, exit]) => exit),
    JSON.stringify(outcomes),
  ).toEqual([...[0, 4, 0, 4, 0, 0, 0, 0, 4, 0, 4, 0, 4, 0, 0, 1], ...[0, 0, 2, 0, 0, 0, 2]]);
});

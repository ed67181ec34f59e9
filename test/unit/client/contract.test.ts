/**
 * The client's own types against the schemas of the API, which it may not import: what a replica may answer is what the
 * client's readers expect. The types are compared by the compiler, the readers on documents that satisfy the schemas.
 */
import { expect, test } from 'vitest';
import type { ClusterReport, ReplicaReport } from '../../../src/api/cluster-schemas.js';
import {
  BatchReceipt,
  BatchRequest,
  type BatchRequest as BatchRequestType,
  Entry,
  Page,
  Problem,
  Receipt,
  Selection,
} from '../../../src/api/schemas.js';
import { validatorOf } from '../../../src/api/validate.js';
import type { ClusterStatus, ReplicaStatus } from '../../../src/client/status.js';
import { batchReceipt, json, problem, receipt, tokenOf } from './answers-of-replicas.js';
import type { Reply } from './scripted-replica.js';
import { replica, testClient } from './test-client.js';

const asReplicaStatus = (report: ReplicaReport): ReplicaStatus => report;
const asClusterStatus = (report: ClusterReport): ClusterStatus => report;

const documentOf = (reply: Reply): unknown => JSON.parse(String(reply.body));
const token = tokenOf({ r1: 1 });
const version = { etag: '"r1~00000001.1"', timestamp: '1.0', contentType: 'text/plain', encoding: 'utf8', value: 'v' };
const siblings = [version, { etag: '"r2~00000001.1"', timestamp: '1.0', deleted: true }];
const listed = { key: 'k', ...version, siblings };
const absent = { key: 'l', etag: null, value: null, siblings };

test('the compiler accepts reports as status', () => {
  expect([asReplicaStatus, asClusterStatus]).toHaveLength(2);
});

test('the answers that the scripts of these tests use are answers of the API', () => {
  const valid = { kind: 'valid' };
  expect(validatorOf(Receipt)(documentOf(receipt()))).toMatchObject(valid);
  expect(validatorOf(BatchReceipt)(documentOf(batchReceipt('a')))).toMatchObject(valid);
  expect(validatorOf(Problem)(documentOf(problem('no-quorum')))).toMatchObject(valid);
});

test('an entry, a page and a selection of the API are read whole', async () => {
  const entry = { ...listed, level: 'causal', token };
  const page = { items: [listed], next: null, level: 'causal', token };
  const selection = { items: [listed, absent], level: 'causal', token };
  expect(validatorOf(Entry)(entry)).toMatchObject({ kind: 'valid' });
  expect(validatorOf(Page)(page)).toMatchObject({ kind: 'valid' });
  expect(validatorOf(Selection)(selection)).toMatchObject({ kind: 'valid' });
  const r1 = await replica(json(entry), json(page), json(selection));
  const { client } = testClient([r1.url]);
  const read = { key: 'k', etag: version.etag, contentType: 'text/plain', timestamp: '1.0' };
  const kinds = [{ kind: 'value' }, { kind: 'tombstone' }];
  expect(await client.entry('k')).toMatchObject({ found: true, ...read, siblings: kinds });
  expect(await client.list()).toMatchObject({ items: [{ ...read, siblings: kinds }], next: undefined });
  expect([...(await client.getMany(['k', 'l'])).entries]).toMatchObject([['k', read]]);
});

test('a batch of the client is one of the API', async () => {
  const r1 = await replica(batchReceipt('a'));
  await testClient([r1.url]).client.batch([
    { put: 'a', value: new Uint8Array([1]) },
    { put: 'b', value: 'x' },
    { delete: 'c' },
  ]);
  const sent: unknown = JSON.parse(r1.requests[0]?.body ?? '');
  const checked = validatorOf(BatchRequest)(sent);
  expect(checked).toMatchObject({ kind: 'valid' });
  if (checked.kind === 'valid') expect((checked.value satisfies BatchRequestType).ops).toHaveLength(3);
});

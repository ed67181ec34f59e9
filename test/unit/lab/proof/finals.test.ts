/** What replicas show at the end of a proof is recorded as the checkers understand it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { checkConvergence } from '../../../../src/check/convergence.js';
import { recordFinals } from '../../../../src/lab/proof/quiet.js';
import { History } from '../../../../src/lab/workload/history.js';

/** A replica that knows one answer. */
async function answering(status: number, body: object): Promise<{ readonly id: string; readonly url: string }> {
  const server = createServer((_, response) => void response.writeHead(status).end(JSON.stringify(body)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { id: `r${port}`, url: `http://127.0.0.1:${port}` };
}

test('a key deleted twice at the same time shows nothing, also where one of the deletions is forgotten', async () => {
  const replicas = [
    await answering(404, { siblings: [{ etag: '"r2~1.7"', deleted: true }] }),
    await answering(404, { detail: 'there is no such key' }),
  ];
  const history = new History();
  await recordFinals({ replicas }, ['k'], history);
  expect(history.records).toMatchObject([
    { op: 'final', key: 'k', output: null, outputs: [null, null] },
    { op: 'final', key: 'k', output: null, outputs: [null] },
  ]);
  expect(checkConvergence(history.records)).toMatchObject({ kind: 'ok', judged: 2 });
});

test('values beside the winner are recorded with it, and deletions beside it as nothing', async () => {
  const siblings = [{ value: 'b' }, { deleted: true }];
  const history = new History();
  await recordFinals({ replicas: [await answering(200, { value: 'a', siblings })] }, ['k'], history);
  expect(history.records).toMatchObject([{ output: 'a', outputs: ['a', 'b', null] }]);
});

/** When a lab counts as ready: at the strongest level, with everybody in sight, or with a sentence that says what is missing. */
import { afterEach, expect, test } from 'vitest';
import { waitUntilMutuallyVisible } from '../../../src/lab/readiness.js';
import { ScriptedReplica } from '../client/scripted-replica.js';

let replica: ScriptedReplica | undefined;
afterEach(() => replica?.stop());

const READY = { body: '{"status":"ready"}' };
const sees = (reachable: boolean) => ({ body: JSON.stringify({ peers: [{ id: 'r2', reachable }] }) });

test('a lab is ready when a replica would serve the strongest level and reaches the others', async () => {
  const notYet = { status: 503, body: '{"detail":"no leader"}' };
  replica = await ScriptedReplica.start(notYet, READY, sees(false), sees(true));
  await waitUntilMutuallyVisible([{ id: 'r1', url: replica.url }]);
  expect(replica.requests.map(({ path }) => path)).toEqual([
    '/readyz?level=linearizable',
    '/readyz?level=linearizable',
    '/v1/replica',
    '/v1/replica',
  ]);
});

test.each([
  [
    'no leader',
    [{ status: 503, body: '{"detail":"no leader is known"}' }],
    'r1 was not ready within 80 ms: .*503 no leader is known',
  ],
  ['a peer out of reach', [READY, sees(false)], '/v1/replica answers 200'],
])('with %s it gives up, says what is missing, and says that trying again may help', async (_, script, sentence) => {
  replica = await ScriptedReplica.start(...script);
  const failure = await waitUntilMutuallyVisible([{ id: 'r1', url: replica.url }], 80).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'not-ready', message: expect.stringMatching(sentence) });
});

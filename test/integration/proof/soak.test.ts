/** A NATS server killed, and routes between NATS servers cut, held back and broken, while every promise is recorded and judged. */
import { expect, test } from 'vitest';
import { resolveNatsServer } from '../../../src/adapters/nats-server.js';
import { openLab } from '../cluster/real-lab.js';
import { SOAK_TIMEOUT_MS, soakShortly } from './short-soak.js';

test(
  'all promises hold while replicas are killed and paused and their NATS server goes away',
  () => soakShortly('shared', ['kill the leader', 'kill a NATS server', 'pause the leader']),
  SOAK_TIMEOUT_MS,
);

const nats = await resolveNatsServer(process.env, { install: false });

// The embedded broker stands alone: without a nats-server there is nothing to route.
if (nats.kind === 'binary') {
  test(
    'all promises hold while routes between NATS servers are cut and broken below the replicas',
    () =>
      soakShortly('routed', [
        'unplug the leader',
        'deafen one',
        'break the routes of the leader',
        'kill a NATS server',
      ]),
    SOAK_TIMEOUT_MS,
  );
}

test('a lab whose replicas need a nats-server each is refused where there is none, with the reason', async () => {
  const refused = expect.objectContaining({
    code: 'invalid-config',
    message: expect.stringContaining('was asked for'),
  });
  await expect(openLab({ basePort: 17_751, network: 'routed', transport: 'embedded' })).rejects.toEqual(refused);
});

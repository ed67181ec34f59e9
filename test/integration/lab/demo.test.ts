/** The demo as a newcomer runs it: every observation as promised, also without a nats-server. */
import { expect, test } from 'vitest';
import { run } from './command.js';

test('all that the demo shows is as expected', async () => {
  const { exit, output, errors } = await run(['demo'], { env: { NATS_SERVER_BIN: 'none', NATS_URL: '' } });
  expect(output).toContain('the broker built into Causeway stands in for a nats-server');
  expect(output).not.toContain('✗');
  expect(output).toMatch(/all \d+ observations are as expected/);
  expect(errors).toBe('');
  expect(exit).toBe(0);
});

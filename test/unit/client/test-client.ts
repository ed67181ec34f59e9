/** Clients whose pauses are written down instead of waited for; everything else is real. */
import { afterEach } from 'vitest';
import type { Client } from '../../../src/client/client.js';
import { buildClient } from '../../../src/client/client.js';
import type { Runtime } from '../../../src/client/runtime.js';
import type { ClientOptions } from '../../../src/client/types.js';
import { ScriptedReplica, type Step } from './scripted-replica.js';

export interface TestClient {
  readonly client: Client;
  /** Milliseconds of each pause so far. */
  readonly pauses: readonly number[];
}

/** Time passes only in pauses; jitter is the middle of its range; keys are key-1, key-2, … */
export function testClient(urls: readonly string[], options: Omit<ClientOptions, 'urls'> = {}): TestClient {
  const pauses: number[] = [];
  let nowMs = 0;
  let keys = 0;
  const runtime: Runtime = {
    fetch: globalThis.fetch,
    nowMs: () => nowMs,
    wallMs: () => Date.UTC(2030, 0, 1),
    random: () => 0.5,
    uniqueKey: () => `key-${++keys}`,
    sleep: async (delayMs, signal) => {
      signal?.throwIfAborted();
      pauses.push(delayMs);
      nowMs += delayMs;
    },
  };
  return { client: buildClient({ ...options, urls }, runtime), pauses };
}

const running: ScriptedReplica[] = [];

/** A replica that is stopped when the test ends. */
export async function replica(...steps: readonly Step[]): Promise<ScriptedReplica> {
  const started = await ScriptedReplica.start(...steps);
  running.push(started);
  return started;
}

/** Nobody listens on this port, which belongs to no service and is never given out. */
export const DEAD_URL = 'http://127.0.0.1:2';

/** What `promise` is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
});

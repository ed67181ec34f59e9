/** Observing an election: server-sent events over real connections, which end with the client or with the app. */
import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { LIMITS } from '../../../src/base/limits.js';
import { expectProblem, listening, type Opened, openApp, succeed } from './harness.js';

const URL = '/v1/elections/e/observe';

interface Observing extends Opened {
  readonly socket: Socket;
  /** All that has come so far, chunk sizes included. */
  received(): string;
}

async function observing(headers = '', opened = openApp({}, { ordered: true })): Promise<Observing> {
  const port = await listening(opened.app);
  let received = '';
  const socket = connect(port, '127.0.0.1', () => {
    socket.write(`GET ${URL} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
  });
  onTestFinished(() => void socket.destroy());
  socket.on('data', (chunk) => {
    received += chunk.toString('utf8');
  });
  return { ...opened, socket, received: () => received };
}

function eventsIn(received: string): unknown[] {
  return [...received.matchAll(/^event: leader\ndata: (.*)\n\n/gm)].map(([, data]) => JSON.parse(data ?? ''));
}

const campaign = (owner: string) => ({
  method: 'POST' as const,
  url: '/v1/elections/e/campaign',
  payload: { owner, ttlMs: 1000 },
});

describe('an election that is observed', () => {
  it('shows who leads, and everybody who leads after', async () => {
    const { app, replica, received } = await observing();
    await expect.poll(() => eventsIn(received())).toEqual([{ owner: null }]);
    const [head = ''] = received().split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(head).toMatch(/\r\nContent-Type: text\/event-stream\r\n/);
    expect(head).toMatch(/\r\nCache-Control: no-store\r\n/);
    expect(head).toMatch(/\r\nConsistency-Level: linearizable\r\n/);
    expect(head).toMatch(/\r\nCausal-Token: c1\./);
    expect(head).not.toMatch(/Content-Length/);

    const first = (await succeed(app, campaign('a'))).json().fencingToken;
    await succeed(app, { ...campaign('a'), url: '/v1/elections/e/renew', payload: { fencingToken: first } });
    replica.ordered?.turnClock(1000);
    const second = (await succeed(app, campaign('b'))).json().fencingToken;
    const leader = { ttlMs: 1000, remainingMs: 1000, waiting: [] };
    await expect
      .poll(() => eventsIn(received()))
      .toEqual([
        { owner: null },
        { ...leader, owner: 'a', fencingToken: first, term: first },
        { owner: null },
        { ...leader, owner: 'b', fencingToken: second, term: second },
      ]);
  });

  it('is forgotten when the client goes, and then has room for others', async () => {
    const { app, replica, socket, received } = await observing('', openApp({ maxInFlight: 1 }, { ordered: true }));
    await expect.poll(() => eventsIn(received())).toHaveLength(1);
    expect(replica.ordered?.observers.size).toBe(1);
    expectProblem(await app.inject('/v1/replica'), 'overloaded');
    socket.destroy();
    await expect.poll(() => replica.ordered?.observers.size).toBe(0);
    await succeed(app, { url: '/v1/replica' });
  });

  it('ends for the observer when the app closes', async () => {
    const { app, replica, socket, received } = await observing();
    const ended = new Promise((resolve) => socket.once('end', resolve));
    await expect.poll(() => eventsIn(received())).toHaveLength(1);
    await app.close();
    await ended;
    expect(received()).toMatch(/\r\n0\r\n\r\n$/);
    expect(replica.ordered?.observers.size).toBe(0);
  });

  it('says from time to time that it is still there', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const opened = openApp({}, { ordered: true });
    const timers = vi.getTimerCount();
    const { received, socket } = await observing('', opened);
    await vi.waitUntil(() => eventsIn(received()).length === 1);
    vi.advanceTimersByTime(2 * LIMITS.streamHeartbeatMs);
    await vi.waitUntil(
      () =>
        received()
          .split('\n')
          .filter((line) => line.startsWith(':')).length === 2,
    );
    socket.destroy();
    await vi.waitUntil(() => vi.getTimerCount() === timers);
  });

  it('without a quorum is refused, and shown at weaker levels', async () => {
    const opened = openApp({}, { ordered: true });
    if (opened.replica.ordered !== undefined) opened.replica.ordered.hasQuorum = false;
    const refused = expectProblem(await opened.app.inject(URL), 'no-quorum');
    expect(refused).toMatchObject({ served: ['causal', 'eventual'] });
    const { received } = await observing('Consistency-Level: eventual\r\n', opened);
    await expect.poll(() => eventsIn(received())).toEqual([{ owner: null }]);
    expect(received()).toMatch(/\r\nConsistency-Level: eventual\r\n/);
  });

  it('has a head of its own', async () => {
    const { app, replica } = openApp({}, { ordered: true });
    const response = await app.inject({ method: 'HEAD', url: URL });
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('text/event-stream');
    expect(replica.ordered?.observers.size).toBe(0);
  });
});

/** Watching an election: across broken streams and replicas, without ever seeing the past. */
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { EventStreamParser } from '../../../src/client/event-stream.js';
import { problem, tokenOf } from './answers-of-replicas.js';
import type { Step } from './scripted-replica.js';
import { rejection, replica, testClient } from './test-client.js';

const leader = (fencingToken: number, owner = `owner-${fencingToken}`) => ({ owner, fencingToken, ttlMs: 1_000 });
const event = (state: object) => `event: leader\ndata: ${JSON.stringify(state)}\n\n`;

/** Opens a stream and tells these; `then` says how it goes on. */
function telling(
  states: readonly object[],
  then: (response: ServerResponse) => void = (response) => response.end(),
): Step {
  return (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Served-By': 'r1' });
    response.write(`: hello\n\n${states.map(event).join('')}`, () => then(response));
  };
}

const open = (): void => undefined;

describe('an observation', () => {
  test('tells who leads now, and every change', async () => {
    const r1 = await replica(telling([leader(3), { owner: null, fencingToken: null }, leader(5)], open));
    const seen: unknown[] = [];
    for await (const state of testClient([r1.url]).client.elections.observe('e/1')) {
      seen.push(state.held ? state.owner : 'nobody');
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(['owner-3', 'nobody', 'owner-5']);
    expect(r1.requests[0]).toMatchObject({ method: 'GET', path: '/v1/elections/e%2F1/observe' });
    expect(r1.requests[0]?.headers).toMatchObject({ accept: 'text/event-stream' });
    await expect.poll(() => r1.abandoned).toBe(1);
  });

  test('goes on at another replica, and tells nothing twice and nothing that is past', async () => {
    const r1 = await replica(telling([leader(3), leader(5)], (response) => response.destroy()));
    const r2 = await replica(telling([leader(3), leader(5), {}, leader(5), leader(4), leader(8)], open));
    const terms: number[] = [];
    for await (const state of testClient([r1.url, r2.url]).client.elections.observe('e')) {
      terms.push(state.held ? state.fencingToken : 0);
      if (terms.at(-1) === 8) break;
    }
    expect(terms).toEqual([3, 5, 0, 8]);
    expect(r2.requests).toHaveLength(1);
  });

  test('begins at a replica that can serve it', async () => {
    const r1 = await replica(problem('no-quorum'));
    const r2 = await replica(telling([leader(3)], open));
    const watch = testClient([r1.url, r2.url]).client.elections.observe('e');
    expect((await watch.next()).value).toMatchObject({ held: true, owner: 'owner-3', servedBy: 'r1' });
    await watch.return();
  });

  test('fails where no replica serves it', async () => {
    const r1 = await replica(problem('no-quorum'));
    const watch = testClient([r1.url], { retry: false }).client.elections.observe('e');
    expect(await rejection(watch.next())).toMatchObject({ code: 'no-quorum' });
  });

  test('ends with the reason of its signal, and the connection with it', async () => {
    const caller = new AbortController();
    const r1 = await replica(telling([leader(3)], open));
    const watch = testClient([r1.url]).client.elections.observe('e', { signal: caller.signal });
    await watch.next();
    setTimeout(() => caller.abort('enough'), 10);
    expect(await rejection(watch.next())).toBe('enough');
    await expect.poll(() => r1.abandoned).toBe(1);
  });

  test('of a session carries its token, and gives it what the events have seen', async () => {
    const r1 = await replica(telling([{ ...leader(3), token: tokenOf({ log: 7 }) }], open));
    const session = testClient([r1.url]).client.session(tokenOf({ r1: 2 }));
    const watch = session.elections.observe('e');
    await watch.next();
    expect(r1.requests[0]?.headers['causal-token']).toBe(tokenOf({ r1: 2 }));
    expect(session.token).toBe(tokenOf({ r1: 2, log: 7 }));
    await watch.return();
  });

  test('refuses an event that cannot be read', async () => {
    const r1 = await replica((response) => {
      response.writeHead(200).write('event: leader\ndata: oops\n\n');
    });
    const watch = testClient([r1.url]).client.elections.observe('e');
    expect(await rejection(watch.next())).toMatchObject({ code: 'protocol-violation' });
  });
});

describe('a stream of events', () => {
  const text = '\ufeff: note\r\nevent: leader\r\ndata: ü\r\ndata:  2\r\n\r\nid: 7\ndata\n\nevent: x\n\rdata:3\r\r: end';
  const events = [
    { event: 'leader', data: 'ü\n 2' },
    { event: 'message', data: '' },
    { event: 'message', data: '3' },
  ];

  test.each([1, 2, 3, 7, 1_000])('is read the same in pieces of %i bytes', (size) => {
    const bytes = new TextEncoder().encode(text);
    const parser = new EventStreamParser();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...parser.push(bytes.subarray(at, at + size)));
    expect(found).toEqual(events);
    expect(parser.pendingChars).toBe(': end'.length);
  });
});

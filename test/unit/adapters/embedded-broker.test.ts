import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type EmbeddedBroker, startEmbeddedBroker } from '../../../src/adapters/embedded-broker.js';

/** A client of bare bytes. */
class RawClient {
  readonly socket: Socket;
  received = '';
  isClosed = false;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setEncoding('latin1').on('data', (text: string) => {
      this.received += text;
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
    });
  }

  say(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** What came after the greeting, once it ends with `end`. */
  async hears(end: string): Promise<string> {
    await eventually(() => expect(this.received.endsWith(end)).toBe(true));
    return this.received.slice(this.received.indexOf('\r\n') + 2);
  }
}

describe('the embedded broker', () => {
  let broker: EmbeddedBroker;
  const clients: RawClient[] = [];

  function client(port = broker.port): RawClient {
    const created = new RawClient(port);
    clients.push(created);
    return created;
  }

  beforeEach(async () => {
    broker = await startEmbeddedBroker({ payloadMaxBytes: 100_000, backlogMaxBytes: 4_000_000 });
  });
  afterEach(async () => {
    for (const each of clients.splice(0)) each.socket.destroy();
    await broker.close();
  });

  test('introduces itself in its first line', async () => {
    const raw = client();
    await eventually(() => expect(raw.received).toMatch(/\r\n$/));
    const info: unknown = JSON.parse(raw.received.slice('INFO '.length));
    expect(info).toMatchObject({
      server_name: 'causeway-embedded-broker',
      max_payload: 100_000,
      proto: 1,
      headers: true,
    });
  });

  test('answers +OK to every command of a verbose client, and only then', async () => {
    const raw = client();
    raw.say('CONNECT {"verbose":true}\r\nSUB a 1\r\nPUB b 0\r\n\r\nUNSUB 1\r\nPING\r\n');
    expect(await raw.hears('PONG\r\n')).toBe('+OK\r\n+OK\r\n+OK\r\n+OK\r\nPONG\r\n');
    const quiet = client();
    quiet.say('CONNECT {"verbose":false}\r\nSUB a 1\r\nPUB b 0\r\n\r\nUNSUB 1\r\nPING\r\n');
    expect(await quiet.hears('PONG\r\n')).toBe('PONG\r\n');
  });

  test('delivers with subject, subscription and reply, and headers only to those who read them', async () => {
    const [plain, modern, sender] = [client(), client(), client()];
    plain.say('CONNECT {"verbose":false}\r\nSUB a.* 7\r\nPING\r\n');
    modern.say('CONNECT {"verbose":false,"headers":true}\r\nSUB a.> 8\r\nPING\r\n');
    await Promise.all([plain.hears('PONG\r\n'), modern.hears('PONG\r\n')]);
    sender.say('CONNECT {"verbose":false,"headers":true}\r\nHPUB a.b back 12 15\r\nNATS/1.0\r\n\r\nabc\r\n');
    expect(await plain.hears('abc\r\n')).toBe('PONG\r\nMSG a.b 7 back 3\r\nabc\r\n');
    expect(await modern.hears('abc\r\n')).toBe('PONG\r\nHMSG a.b 8 back 12 15\r\nNATS/1.0\r\n\r\nabc\r\n');
  });

  test('a subscription with a maximum gets no message more, counted from its start', async () => {
    const [limited, sender] = [client(), client()];
    limited.say('CONNECT {"verbose":false}\r\nSUB a 1\r\nSUB a 2\r\nUNSUB 2 3\r\nPING\r\n');
    await limited.hears('PONG\r\n');
    sender.say(`CONNECT {"verbose":false}\r\n${'PUB a 0\r\n\r\n'.repeat(5)}`);
    await eventually(() => expect(limited.received.split('MSG a 1 0').length - 1).toBe(5));
    limited.say('UNSUB 1 5\r\nPING\r\n');
    await limited.hears('PONG\r\n');
    sender.say('PUB a 0\r\n\r\nPING\r\n');
    await sender.hears('PONG\r\n');
    limited.say('PING\r\n');
    const heard = await limited.hears('PONG\r\nPONG\r\n');
    expect([heard.split('MSG a 1').length - 1, heard.split('MSG a 2').length - 1]).toEqual([5, 3]);
  });

  test.each([
    ['an unknown command', 'HELLO\r\n', 'Unknown Protocol Operation'],
    ['a size that is no number', 'PUB a x\r\n', 'Parser Error'],
    ['a size over the limit', 'PUB a 100001\r\n', 'Maximum Payload Violation'],
    ['a line without end', 'x'.repeat(5000), 'Maximum Control Line Exceeded'],
  ])('answers %s with an error and hangs up', async (_, bytes, reason) => {
    const raw = client();
    raw.say(bytes);
    await eventually(() => expect(raw.isClosed).toBe(true));
    expect(raw.received).toContain(`-ERR '${reason}'\r\n`);
  });

  test.each([
    ['SUB a..b 1\r\n', 'Invalid Subject'],
    ['PUB a.* 1\r\nx\r\n', 'Invalid Publish Subject'],
  ])('answers %j with an error and goes on', async (bytes, reason) => {
    const raw = client();
    raw.say(`CONNECT {"verbose":false,"pedantic":true}\r\n${bytes}PING\r\n`);
    expect(await raw.hears('PONG\r\n')).toBe(`-ERR '${reason}'\r\nPONG\r\n`);
  });

  test('random bytes never harm it or its other clients', async () => {
    const witness = client();
    witness.say('CONNECT {"verbose":false}\r\nSUB witness 1\r\nPING\r\n');
    await witness.hears('PONG\r\n');
    const prefix = fc.constantFrom('', 'PUB witness 5\r\n', 'CONNECT {"verbose":false}\r\nPUB a 3\r\n', 'SUB > 1\r\n');
    const noise = fc.array(fc.tuple(prefix, fc.uint8Array({ maxLength: 300 })), { minLength: 1, maxLength: 3 });
    const survives = fc.asyncProperty(noise, fc.boolean(), async (parts, endsPolitely) => {
      const raw = client();
      await once(raw.socket, 'connect');
      for (const [text, bytes] of parts) raw.socket.write(Buffer.concat([Buffer.from(text), bytes]));
      if (endsPolitely) raw.socket.end();
      else raw.socket.resetAndDestroy();
      await eventually(() => expect(raw.isClosed).toBe(true));
    });
    await fc.assert(survives, { numRuns: 60 });
    client().say('CONNECT {"verbose":false}\r\nPUB witness 5\r\nalive\r\n');
    await witness.hears('MSG witness 1 5\r\nalive\r\n');
  });

  test('hangs up on a client that does not read, and others go on', async () => {
    const [slow, quick, sender] = [client(), client(), client()];
    slow.say('CONNECT {"verbose":false}\r\nSUB load 1\r\n');
    quick.say('CONNECT {"verbose":false}\r\nSUB load 1\r\nPING\r\n');
    await Promise.all([slow.hears('\r\n'), quick.hears('PONG\r\n')]);
    slow.socket.pause();
    sender.say('CONNECT {"verbose":false}\r\n');
    const deliveries = (to: RawClient): number => to.received.split('MSG load').length - 1;
    // The kernel takes some megabytes for the one who does not read; the broker's own share is bounded.
    for (let n = 10; n <= 300; n += 10) {
      sender.say(`PUB load 100000\r\n${'x'.repeat(100_000)}\r\n`.repeat(10));
      await eventually(() => expect(deliveries(quick)).toBe(n));
    }
    slow.socket.resume();
    await eventually(() => expect(slow.isClosed).toBe(true));
    expect(deliveries(slow)).toBeLessThan(300);
  });

  test('asks silent clients whether they are there, and hangs up on those who do not answer', async () => {
    await broker.close();
    broker = await startEmbeddedBroker({ pingIntervalMs: 100 });
    const [deaf, polite] = [client(), client()];
    polite.socket.on('data', (text: string) => {
      if (text.includes('PING')) polite.say('PONG\r\n');
    });
    await eventually(() => expect(deaf.isClosed).toBe(true));
    expect(deaf.received).toContain("-ERR 'Stale Connection'");
    const pings = polite.received.split('PING').length;
    await eventually(() => expect(polite.received.split('PING').length).toBeGreaterThan(pings + 2));
    expect(polite.isClosed).toBe(false);
  });

  test('a port that is taken is refused with a coded error', async () => {
    await expect(startEmbeddedBroker({ port: broker.port })).rejects.toMatchObject({ code: 'port-in-use' });
  });

  test('close ends every client, frees the port, and can be followed by a new broker there', async () => {
    const raw = client();
    await raw.hears('\r\n');
    await broker.close();
    await eventually(() => expect(raw.isClosed).toBe(true));
    broker = await startEmbeddedBroker({ port: broker.port });
    await client().hears('\r\n');
  });
});

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 5 });
}

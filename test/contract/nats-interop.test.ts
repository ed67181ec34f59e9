/**
 * The official client against every server: what passes for nats-server must pass for the embedded broker. This is
 * more than the transport uses, so that other clients can join in.
 */
import { connect, headers, type Msg, type NatsConnection, nuid } from '@nats-io/transport-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { serverKinds, type TestServer } from './nats-servers.js';

for (const kind of await serverKinds()) {
  describe(`the NATS client and ${kind.name}`, () => {
    let server: TestServer;
    let subject: string;
    const connections: NatsConnection[] = [];

    async function client(options: { noEcho?: boolean } = {}): Promise<NatsConnection> {
      const connection = await connect({ servers: server.url, reconnect: false, ...options });
      connections.push(connection);
      return connection;
    }

    beforeAll(async () => {
      server = await kind.start(0);
    });
    afterAll(() => server.kill());
    beforeEach(() => {
      subject = `test.${nuid.next()}`;
    });
    afterEach(async () => {
      for (const connection of connections.splice(0)) await connection.close();
    });

    test('a subscriber gets what is published to its subject, in order', async () => {
      const [publisher, subscriber] = [await client(), await client()];
      const got = collect(subscriber, subject);
      await subscriber.flush();
      for (let n = 0; n < 1000; n += 1) publisher.publish(subject, `${n}`);
      await eventually(() => expect(got.length).toBe(1000));
      expect(got.map((message) => message.string())).toEqual(Array.from({ length: 1000 }, (_, n) => `${n}`));
    });

    test('the wildcard * stands for one token and > for all that follow', async () => {
      const connection = await client();
      const one = collect(connection, `${subject}.*.end`);
      const rest = collect(connection, `${subject}.>`);
      const sent = ['', '.a', '.a.end', '.b.end', '.a.b.end', '.end'].map((tail) => `${subject}${tail}`);
      for (const each of sent) connection.publish(each);
      await connection.flush();
      expect(one.map((message) => message.subject)).toEqual([`${subject}.a.end`, `${subject}.b.end`]);
      expect(rest.map((message) => message.subject)).toEqual(sent.slice(1));
    });

    test('one member of a queue group gets each message, and plain subscribers get all', async () => {
      const [publisher, w1, w2, plain] = [await client(), await client(), await client(), await client()];
      const [first, second] = [collect(w1, subject, { queue: 'workers' }), collect(w2, subject, { queue: 'workers' })];
      const all = collect(plain, subject);
      await Promise.all([w1.flush(), w2.flush(), plain.flush()]);
      for (let n = 0; n < 300; n += 1) publisher.publish(subject, `${n}`);
      await eventually(() => expect([first.length + second.length, all.length]).toEqual([300, 300]));
      expect(new Set([...first, ...second].map((message) => message.string())).size).toBe(300);
      expect(first.length).toBeGreaterThan(0);
      expect(second.length).toBeGreaterThan(0);
    });

    test('a queue group is one group even where its members came by different patterns', async () => {
      const [publisher, w1, w2] = [await client(), await client(), await client()];
      const exact = collect(w1, `${subject}.a`, { queue: 'workers' });
      const wild = collect(w2, `${subject}.*`, { queue: 'workers' });
      await Promise.all([w1.flush(), w2.flush()]);
      for (let n = 0; n < 50; n += 1) publisher.publish(`${subject}.a`);
      await publisher.flush();
      await Promise.all([w1.flush(), w2.flush()]);
      expect(exact.length + wild.length).toBe(50);
    });

    test('a client that wants no echo does not get its own messages, and others do', async () => {
      const [silent, other] = [await client({ noEcho: true }), await client()];
      const [own, others] = [collect(silent, subject), collect(other, subject)];
      await Promise.all([silent.flush(), other.flush()]);
      silent.publish(subject, 'mine');
      await silent.flush();
      await eventually(() => expect(others.length).toBe(1));
      expect(own.length).toBe(0);
    });

    test('headers arrive as they were sent', async () => {
      const connection = await client();
      const got = collect(connection, subject);
      const sent = headers();
      sent.append('Kind', 'first');
      sent.append('Kind', 'second');
      connection.publish(subject, 'body', { headers: sent, reply: `${subject}.reply` });
      await connection.flush();
      expect(got[0]?.headers?.values('Kind')).toEqual(['first', 'second']);
      expect([got[0]?.string(), got[0]?.reply]).toEqual(['body', `${subject}.reply`]);
    });

    test('a request gets the answer of whoever listens', async () => {
      const [asking, answering] = [await client(), await client()];
      answering.subscribe(subject, { callback: (_, message) => void message.respond(`${message.string()} to you`) });
      await answering.flush();
      const answers = await Promise.all(['hello', 'good day'].map((word) => asking.request(subject, word)));
      expect(answers.map((answer) => answer.string())).toEqual(['hello to you', 'good day to you']);
    });

    test('a request that nobody listens to fails at once', async () => {
      const asking = await client();
      await expect(asking.request(subject, '', { timeout: 10_000 })).rejects.toThrow(/no responders/i);
    });

    test('a client that has gone counts as nobody', async () => {
      const [asking, answering] = [await client(), await client()];
      answering.subscribe(subject, { callback: () => undefined });
      await answering.flush();
      await answering.close();
      await vi.waitFor(() => expect(asking.request(subject, '', { timeout: 500 })).rejects.toThrow(/no responders/i), {
        timeout: 15_000,
      });
    });

    test('a subscription with a maximum ends after that many messages', async () => {
      const [publisher, subscriber] = [await client(), await client()];
      const got: Msg[] = [];
      const subscription = subscriber.subscribe(subject, { max: 3, callback: (_, message) => void got.push(message) });
      await subscriber.flush();
      for (let n = 0; n < 10; n += 1) publisher.publish(subject);
      await subscription.closed;
      await publisher.flush();
      await subscriber.flush();
      expect(got.length).toBe(3);
      await expect(publisher.request(subject)).rejects.toThrow(/no responders/i);
    });

    test('nothing arrives after unsubscribing', async () => {
      const [publisher, subscriber] = [await client(), await client()];
      const got: Msg[] = [];
      const subscription = subscriber.subscribe(subject, { callback: (_, message) => void got.push(message) });
      subscription.unsubscribe();
      await subscriber.flush();
      publisher.publish(subject);
      await publisher.flush();
      await subscriber.flush();
      expect(got).toEqual([]);
    });

    test('subjects and payloads beyond ASCII survive', async () => {
      const connection = await client();
      const name = `${subject}.ключ.日本`;
      const got = collect(connection, name);
      connection.publish(name, 'значение 値');
      await connection.flush();
      expect(got.map((message) => [message.subject, message.string()])).toEqual([[name, 'значение 値']]);
    });

    test('the largest payload it announces passes', async () => {
      const [publisher, subscriber] = [await client(), await client()];
      const got = collect(subscriber, subject);
      await subscriber.flush();
      const largest = new Uint8Array(publisher.info?.max_payload ?? 0).fill(7);
      for (let n = 0; n < 5; n += 1) publisher.publish(subject, largest);
      await eventually(() => expect(got.length).toBe(5));
      expect(got.every((message) => Buffer.compare(message.data, largest) === 0)).toBe(true);
    });
  });
}

function collect(connection: NatsConnection, subject: string, options: { queue?: string } = {}): Msg[] {
  const got: Msg[] = [];
  connection.subscribe(subject, { ...options, callback: (_, message) => void got.push(message) });
  return got;
}

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 15_000, interval: 5 });
}

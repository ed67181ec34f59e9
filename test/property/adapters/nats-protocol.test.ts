import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ClientCommand, ClientParser, ProtocolViolation } from '../../../src/adapters/nats-protocol.js';

const PAYLOAD_MAX_BYTES = 1000;

type Outcome = { commands: ClientCommand[]; violation: string | undefined };

/** What a parser makes of the pieces; payloads are copied, so that an aliasing mistake shows. */
function parse(pieces: readonly Buffer[]): Outcome {
  const parser = new ClientParser(PAYLOAD_MAX_BYTES);
  const commands: ClientCommand[] = [];
  try {
    for (const piece of pieces) parser.feed(piece, (command) => commands.push(command));
    return { commands: commands.map(withPlainPayload), violation: undefined };
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error;
    return { commands: commands.map(withPlainPayload), violation: error.message };
  }
}

function withPlainPayload(command: ClientCommand): ClientCommand {
  return command.kind === 'publish' ? { ...command, payload: Buffer.from(command.payload) } : command;
}

const token = fc.stringMatching(/^[a-z>*.$_-]{1,8}$/);
const space = fc.constantFrom(' ', '\t', '  ');
const lineEnd = fc.constantFrom('\r\n', '\n');
const payload = fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes));

/** A well-formed command with the bytes that say it. */
const spoken: fc.Arbitrary<{ command: ClientCommand; bytes: Buffer }> = fc.oneof(
  fc.constantFrom('PING', 'ping').map((word) => line({ kind: 'ping' }, `${word}\r\n`)),
  fc.constantFrom('PONG', 'Pong').map((word) => line({ kind: 'pong' }, `${word}\r\n`)),
  fc
    .record({ subject: token, queue: fc.option(token, { nil: undefined }), sid: token, space, lineEnd })
    .map(({ subject, queue, sid, space: gap, lineEnd: end }) =>
      line({ kind: 'subscribe', subject, queue, sid }, `${words(gap, 'SUB', subject, queue, sid)}${end}`),
    ),
  fc
    .record({ sid: token, max: fc.nat(1000), space, lineEnd })
    .map(({ sid, max, space: gap, lineEnd: end }) =>
      line({ kind: 'unsubscribe', sid, max }, `${words(gap, 'UNSUB', sid, max === 0 ? undefined : `${max}`)}${end}`),
    ),
  fc
    .record({ subject: token, reply: fc.option(token, { nil: undefined }), payload, space })
    .map(({ subject, reply, payload: body, space: gap }) => {
      const head = words(gap, 'PUB', subject, reply, `${body.length}`);
      return publication({ kind: 'publish', subject, reply, headerBytes: 0, payload: body }, head);
    }),
  fc
    .record({ subject: token, reply: fc.option(token, { nil: undefined }), headers: payload, body: payload, space })
    .map(({ subject, reply, headers, body, space: gap }) => {
      const whole = Buffer.concat([headers, body]);
      const head = words(gap, 'HPUB', subject, reply, `${headers.length}`, `${whole.length}`);
      return publication({ kind: 'publish', subject, reply, headerBytes: headers.length, payload: whole }, head);
    }),
);

function words(gap: string, ...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(gap);
}

function line(command: ClientCommand, text: string): { command: ClientCommand; bytes: Buffer } {
  return { command, bytes: Buffer.from(text, 'latin1') };
}

function publication(command: ClientCommand & { kind: 'publish' }, head: string) {
  return { command, bytes: Buffer.concat([Buffer.from(`${head}\r\n`), command.payload, Buffer.from('\r\n')]) };
}

/** `bytes` cut at each of `cuts`. */
function cutAt(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, at) => bytes.subarray(edges[at], end));
}

describe('the NATS protocol parser', () => {
  test('reads what was said, however the bytes are cut', () => {
    const story = fc.array(spoken, { maxLength: 12 }).chain((said) => {
      const bytes = Buffer.concat(said.map((each) => each.bytes));
      return fc.record({ said: fc.constant(said), bytes: fc.constant(bytes), cuts: fc.array(fc.nat(bytes.length)) });
    });
    const readsBack = fc.property(story, ({ said, bytes, cuts }) => {
      const { commands, violation } = parse(cutAt(bytes, cuts));
      expect(violation).toBeUndefined();
      expect(commands).toEqual(said.map(({ command }) => withPlainPayload(command)));
    });
    fc.assert(readsBack, { numRuns: 500 });
  });

  test('a story of every command reads the same when cut in two at each of its bytes', () => {
    const story = Buffer.from(
      'CONNECT {"verbose":false,"headers":true}\r\nSUB a.> 1\r\nSUB b queue 2\r\nPUB a.b 5\r\nhe\r\no\r\n' +
        'PUB a reply 0\r\n\r\nHPUB a 12 15\r\nNATS/1.0\r\n\r\nabc\r\nUNSUB 1 5\r\nPING\r\nPONG\r\nUNSUB 2\r\n',
    );
    const whole = parse([story]);
    expect(whole.commands.map(({ kind }) => kind).join(' ')).toBe(
      'connect subscribe subscribe publish publish publish unsubscribe ping pong unsubscribe',
    );
    for (let at = 0; at <= story.length; at += 1) expect(parse(cutAt(story, [at]))).toEqual(whole);
    expect(parse([...story].map((byte) => Buffer.from([byte])))).toEqual(whole);
  });

  test('random and damaged bytes give the same commands and the same violation however they are cut', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(spoken, { minLength: 1, maxLength: 4 }).chain((said) => {
        const bytes = Buffer.concat(said.map((each) => each.bytes));
        return fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, value]) => {
          const damaged = Buffer.from(bytes);
          damaged[at] = value;
          return damaged;
        });
      }),
    );
    let violations = 0;
    const agrees = fc.property(noise, fc.array(fc.nat(200), { maxLength: 5 }), (bytes, cuts) => {
      const buffer = Buffer.from(bytes);
      const whole = parse([buffer]);
      if (whole.violation !== undefined) violations += 1;
      expect(
        parse(
          cutAt(
            buffer,
            cuts.map((cut) => cut % (buffer.length + 1)),
          ),
        ),
      ).toEqual(whole);
    });
    fc.assert(agrees, { numRuns: 1000 });
    expect(violations).toBeGreaterThan(100);
  });

  test.each([
    ['HELLO\r\n', 'Unknown Protocol Operation'],
    ['\r\n', 'Unknown Protocol Operation'],
    ['GET / HTTP/1.1\r\n', 'Unknown Protocol Operation'],
    ['PUB a\r\n', 'Parser Error'],
    ['PUB a b c 1\r\n', 'Parser Error'],
    ['PUB a -1\r\n', 'Parser Error'],
    ['PUB a 1e3\r\n', 'Parser Error'],
    ['PUB a 99999999999999999999\r\n', 'Parser Error'],
    [`PUB a ${PAYLOAD_MAX_BYTES + 1}\r\n`, 'Maximum Payload Violation'],
    ['PUB a 1\r\nxy\r\n', 'Parser Error'],
    ['HPUB a 3\r\n', 'Parser Error'],
    ['HPUB a 4 3\r\n', 'Parser Error'],
    ['SUB a\r\n', 'Parser Error'],
    ['SUB a b c d\r\n', 'Parser Error'],
    ['UNSUB\r\n', 'Parser Error'],
    ['UNSUB 1 x\r\n', 'Parser Error'],
    ['CONNECT\r\n', 'Parser Error'],
    ['CONNECT {"a":\r\n', 'Parser Error'],
    ['CONNECT 7\r\n', 'Parser Error'],
    [`SUB ${'a'.repeat(5000)} 1\r\n`, 'Maximum Control Line Exceeded'],
    ['x'.repeat(5000), 'Maximum Control Line Exceeded'],
  ])('refuses what is malformed (%#) with the words of nats-server', (bytes, reason) => {
    expect(parse([Buffer.from(bytes)]).violation).toBe(reason);
    expect(parse([...Buffer.from(bytes)].map((byte) => Buffer.from([byte]))).violation).toBe(reason);
  });

  test('what comes before a violation is still obeyed', () => {
    expect(parse([Buffer.from('PING\r\nSUB a 1\r\nnonsense\r\nPING\r\n')])).toEqual({
      commands: [{ kind: 'ping' }, { kind: 'subscribe', subject: 'a', queue: undefined, sid: '1' }],
      violation: 'Unknown Protocol Operation',
    });
  });
});

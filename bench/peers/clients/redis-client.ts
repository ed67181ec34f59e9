/**
 * Redis, by RESP2. A write that must be durable on a majority is SET and WAIT, sent together, as one would to save a round
 * trip. With `appendfsync always` a replica syncs before it sends the acknowledgement that WAIT waits for. WAITAOF would say so
 * itself, but reports what was synced one event loop earlier: a lone client would wait for the next second.
 */
import { type Address, ClientSocket, type Decoded, type Decoder } from '../../load/client-socket.js';
import { checkValue, keyName, type LoadClient, type Operation, Refused } from '../../load/operations.js';

export type RedisValue = string | number | Buffer | undefined | Error | readonly RedisValue[];

interface Parsed {
  readonly value: RedisValue;
  readonly end: number;
}

const CRLF = '\r\n';
const WAIT_TIMEOUT_MS = 5_000;

/** Gathers the replies to everything that was sent together. */
export class RedisDecoder implements Decoder<readonly RedisValue[]> {
  readonly #replies: RedisValue[] = [];
  readonly #perRequest: number;

  constructor(perRequest: number) {
    this.#perRequest = perRequest;
  }

  decode(bytes: Buffer): Decoded<readonly RedisValue[]> | undefined {
    const parsed = parseValue(bytes, 0);
    if (parsed === undefined) return undefined;
    this.#replies.push(parsed.value);
    if (this.#replies.length < this.#perRequest) return { length: parsed.end };
    return { length: parsed.end, reply: this.#replies.splice(0) };
  }
}

function parseValue(bytes: Buffer, from: number): Parsed | undefined {
  const lineEnd = bytes.indexOf(CRLF, from);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString('latin1', from + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCharCode(bytes[from] ?? 0)) {
    case '+':
      return { value: line, end };
    case '-':
      return { value: new Error(line), end };
    case ':':
      return { value: Number(line), end };
    case '$':
      return parseBulk(bytes, end, Number(line));
    case '*':
      return parseArray(bytes, end, Number(line));
    default:
      throw new Error(`not a reply of Redis: ${bytes.toString('latin1', from, from + 20)}`);
  }
}

function parseBulk(bytes: Buffer, from: number, length: number): Parsed | undefined {
  if (length < 0) return { value: undefined, end: from };
  const end = from + length + 2;
  return bytes.length < end ? undefined : { value: bytes.subarray(from, from + length), end };
}

function parseArray(bytes: Buffer, from: number, count: number): Parsed | undefined {
  const values: RedisValue[] = [];
  let end = from;
  for (let i = 0; i < count; i += 1) {
    const item = parseValue(bytes, end);
    if (item === undefined) return undefined;
    values.push(item.value);
    end = item.end;
  }
  return { value: values, end };
}

export function redisCommand(...words: readonly (string | Uint8Array)[]): Buffer {
  const parts = words.flatMap((word) => {
    const bytes = Buffer.from(word as string);
    return [Buffer.from(`$${bytes.length}${CRLF}`), bytes, Buffer.from(CRLF)];
  });
  return Buffer.concat([Buffer.from(`*${words.length}${CRLF}`), ...parts]);
}

/** One command on a connection of its own. @throws Refused with what the server said. */
export async function askRedis(address: Address, ...words: readonly string[]): Promise<RedisValue> {
  const socket = await ClientSocket.open(address, new RedisDecoder(1));
  try {
    return refuseErrors(await socket.ask(redisCommand(...words)))[0];
  } finally {
    socket.close();
  }
}

export async function openRedisClient(
  address: Address,
  operation: Operation,
  value: Uint8Array,
  /** Replicas that must have a replicated write besides the primary. */
  waitFor: number,
): Promise<LoadClient> {
  const waits = operation === 'replicated write';
  const socket = await ClientSocket.open(address, new RedisDecoder(waits ? 2 : 1));
  const set = (key: number): Buffer => redisCommand('SET', keyName(key), value);
  const wait = redisCommand('WAIT', String(waitFor), String(WAIT_TIMEOUT_MS));
  const run = async (key: number): Promise<void> => {
    if (operation === 'local read') {
      const [found] = refuseErrors(await socket.ask(redisCommand('GET', keyName(key))));
      checkValue(found instanceof Uint8Array ? found : undefined, value);
    } else if (waits) {
      const [, acknowledged] = refuseErrors(await socket.ask(Buffer.concat([set(key), wait])));
      if (Number(acknowledged) < waitFor) throw new Refused(`acknowledged by ${String(acknowledged)} replicas only`);
    } else {
      refuseErrors(await socket.ask(set(key)));
    }
  };
  return { run, close: () => socket.close() };
}

function refuseErrors(values: readonly RedisValue[]): readonly RedisValue[] {
  for (const value of values) if (value instanceof Error) throw new Refused(value.message);
  return values;
}

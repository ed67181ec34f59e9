/**
 * ZooKeeper, by its binary protocol (jute records behind a length). A linearizable read is `sync` and `getData` sent
 * together: the server answers the requests of a session in order.
 */
import { type Address, ClientSocket, type Decoded, type Decoder } from '../../load/client-socket.js';
import { checkValue, keyName, type LoadClient, type Operation, Refused } from '../../load/operations.js';

const CREATE = 1;
const GET_DATA = 4;
const SET_DATA = 5;
const SYNC = 9;
const NODE_EXISTS = -110;
const SESSION_TIMEOUT_MS = 30_000;
const REPLY_HEADER_BYTES = 16;

export interface ZooKeeperReply {
  /** 0 or one of KeeperException's codes, of the last request sent together. */
  readonly error: number;
  readonly body: Buffer;
}

export class ZooKeeperDecoder implements Decoder<ZooKeeperReply> {
  #outstanding = 1;
  #connected = false;

  /** How many requests the next `ask` sends. */
  expect(replies: number): void {
    this.#outstanding = replies;
  }

  decode(bytes: Buffer): Decoded<ZooKeeperReply> | undefined {
    if (bytes.length < 4) return undefined;
    const length = 4 + bytes.readInt32BE(0);
    if (bytes.length < length) return undefined;
    const record = bytes.subarray(4, length);
    if (!this.#connected) {
      this.#connected = true;
      return { length, reply: { error: record.readInt32BE(4) > 0 ? 0 : -112, body: record } };
    }
    const error = record.readInt32BE(12);
    this.#outstanding -= 1;
    if (this.#outstanding > 0) return { length };
    return { length, reply: { error, body: record.subarray(REPLY_HEADER_BYTES) } };
  }
}

type Field = { readonly int: number } | { readonly text: string } | { readonly bytes: Uint8Array } | 'false';

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function encodeField(field: Field): Buffer {
  if (field === 'false') return Buffer.of(0);
  if ('int' in field) return int32(field.int);
  const bytes = Buffer.from('text' in field ? Buffer.from(field.text) : field.bytes);
  return Buffer.concat([int32(bytes.length), bytes]);
}

function record(...fields: readonly Field[]): Buffer {
  const body = Buffer.concat(fields.map(encodeField));
  return Buffer.concat([int32(body.length), body]);
}

/** protocol version, last zxid seen (two halves), timeout, session id (two halves), password, may be read-only. */
const CONNECT_REQUEST = record(
  ...[0, 0, 0, SESSION_TIMEOUT_MS, 0, 0].map((int) => ({ int })),
  { bytes: new Uint8Array(16) },
  'false',
);
/** One entry: all permissions for `world:anyone`. */
const OPEN_ACL: readonly Field[] = [{ int: 1 }, { int: 31 }, { text: 'world' }, { text: 'anyone' }];

export interface ZooKeeperSession {
  /** @throws Refused with the code, unless it is 0. */
  ask(...requests: readonly (readonly Field[])[]): Promise<Buffer>;
  close(): void;
}

export async function openZooKeeperSession(address: Address): Promise<ZooKeeperSession> {
  const decoder = new ZooKeeperDecoder();
  const socket = await ClientSocket.open(address, decoder);
  if ((await socket.ask(CONNECT_REQUEST)).error !== 0) throw new Error('the server opened no session');
  let xid = 0;
  return {
    ask: async (...requests) => {
      decoder.expect(requests.length);
      const records = requests.map((fields) => {
        xid += 1;
        return record({ int: xid }, ...fields);
      });
      const { error, body } = await socket.ask(records.length === 1 ? (records[0] as Buffer) : Buffer.concat(records));
      if (error !== 0) throw new Refused(String(error));
      return body;
    },
    close: () => socket.close(),
  };
}

/** Makes a node unless it is there. */
export async function createNode(session: ZooKeeperSession, path: string, value: Uint8Array): Promise<void> {
  try {
    await session.ask([{ int: CREATE }, { text: path }, { bytes: value }, ...OPEN_ACL, { int: 0 }]);
  } catch (error) {
    if (!(error instanceof Refused) || error.message !== String(NODE_EXISTS)) throw error;
  }
}

export async function openZooKeeperClient(
  address: Address,
  operation: Operation | 'fill',
  value: Uint8Array,
): Promise<LoadClient> {
  const session = await openZooKeeperSession(address);
  const pathOf = (key: number): string => `/${keyName(key)}`;
  const read = (path: string): readonly Field[] => [{ int: GET_DATA }, { text: path }, 'false'];
  const run = async (key: number): Promise<void> => {
    const path = pathOf(key);
    if (operation === 'fill') {
      await createNode(session, path, value);
    } else if (operation === 'linearizable write') {
      await session.ask([{ int: SET_DATA }, { text: path }, { bytes: value }, { int: -1 }]);
    } else {
      const sync: (readonly Field[])[] = operation === 'linearizable read' ? [[{ int: SYNC }, { text: path }]] : [];
      const body = await session.ask(...sync, read(path));
      checkValue(body.subarray(4, 4 + body.readInt32BE(0)), value);
    }
  };
  return { run, close: () => session.close() };
}

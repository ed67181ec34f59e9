/** etcd, by its own gRPC API (`rpc.proto` of etcd 3.5): not by the JSON gateway, which is a detour for every request. */
import { type Address, ClientSocket } from '../../load/client-socket.js';
import { checkValue, keyName, type LoadClient, type Operation, Refused } from '../../load/operations.js';
import { GrpcConnection } from './http2-call.js';

const BYTES = 2;
const VARINT = 0;
/** Fields of RangeResponse, KeyValue. */
const KVS = 2;
const VALUE = 5;

/** A protobuf field of bytes; everything sent here is shorter than 16 KiB. */
function bytesField(number: number, bytes: Uint8Array): Buffer {
  const size = bytes.length < 128 ? Buffer.of(bytes.length) : Buffer.of((bytes.length & 127) | 128, bytes.length >> 7);
  return Buffer.concat([Buffer.of((number << 3) | BYTES), size, bytes]);
}

function trueField(number: number): Buffer {
  return Buffer.of((number << 3) | VARINT, 1);
}

/** The first field of bytes with this number; undefined if there is none. @throws Error for what is no message. */
export function findBytes(message: Buffer, number: number): Buffer | undefined {
  for (let at = 0; at < message.length; ) {
    const tag = readVarint(message, at);
    at = tag.end;
    const size = readVarint(message, at);
    at = size.end;
    if ((tag.value & 7) === VARINT) continue;
    if ((tag.value & 7) !== BYTES) throw new Error(`a field of wire type ${tag.value & 7} was not expected`);
    if (tag.value >> 3 === number) return message.subarray(at, at + size.value);
    at += size.value;
  }
  return undefined;
}

/** Large values lose their upper bits, which only revisions and ids have. */
function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = from, shift = 0; ; at += 1, shift += 7) {
    const byte = bytes[at];
    if (byte === undefined) throw new Error('a varint that does not end');
    if (shift < 28) value |= (byte & 127) << shift;
    if (byte < 128) return { value, end: at + 1 };
  }
}

export async function openEtcdClient(address: Address, operation: Operation, value: Uint8Array): Promise<LoadClient> {
  const writes = operation === 'linearizable write';
  const path = `/etcdserverpb.KV/${writes ? 'Put' : 'Range'}`;
  const connection = new GrpcConnection(path, `${address.host}:${address.port}`);
  const socket = await ClientSocket.open(address, connection);
  /** PutRequest: key 1, value 2. RangeRequest: key 1, serializable 7. */
  const rest = writes ? bytesField(2, value) : operation === 'local read' ? trueField(7) : Buffer.alloc(0);
  const run = async (key: number): Promise<void> => {
    const request = Buffer.concat([bytesField(1, Buffer.from(keyName(key))), rest]);
    const { message } = await socket.ask(connection.call(request));
    if (message === undefined) throw new Refused('the call ended with an error');
    if (writes) return;
    const pair = findBytes(message, KVS);
    checkValue(pair === undefined ? undefined : findBytes(pair, VALUE), value);
  };
  return { run, close: () => socket.close() };
}

/** Tells whether two requests under one Idempotency-Key ask for the same thing. Not a defence against forgery. */
import { ByteWriter } from '../../base/bytes.js';
import { crc32 } from '../../base/checksum.js';
import { type Command, encodeCommand } from '../../keyspace/ordered/command.js';
import type { WriteOp } from '../request-types.js';

/** 64 bits over what the request would write, as hex. */
export function fingerprintOf(ops: readonly WriteOp[]): string {
  const writer = new ByteWriter(512);
  for (const op of ops) {
    writer.string(op.kind).string(op.key);
    if (op.kind === 'put') writer.string(op.contentType).bytes(op.bytes);
  }
  return digestOf(writer.finish());
}

/** The same over a command of the log: its operations and conditions. */
export function fingerprintOfCommand(command: Command): string {
  const writer = new ByteWriter(512);
  encodeCommand(writer, command);
  return digestOf(writer.finish());
}

function digestOf(bytes: Uint8Array): string {
  return hex(crc32(bytes)) + hex(fnv1a(bytes));
}

/** Fowler-Noll-Vo 1a, 32 bits. */
function fnv1a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i += 1) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

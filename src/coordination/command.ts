/** Commands on coordination objects, as they travel in entries of the log. */
import { type ByteReader, ByteWriter, DecodeError, decodeWhole, utf8Encode } from '../base/bytes.js';
import { CausewayError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { parseJsonPointer } from './json-pointer.js';
import { LOCK_SPACES, type LockSpace } from './state-keys.js';

export interface LockName {
  readonly space: LockSpace;
  readonly name: string;
}

export interface Acquire extends LockName {
  readonly kind: 'acquire';
  readonly owner: string;
  readonly ttlMs: number;
  /** How long the caller is ready to queue; 0 = not at all. */
  readonly waitMs: number;
}

/** An existing constraint of the same name and terms stays; one of other terms is replaced. */
export interface Declare {
  readonly kind: 'declare';
  readonly name: string;
  readonly prefix: string;
  /** A JSON pointer. */
  readonly field: string;
}

export type CoordinationCommand =
  | { readonly kind: 'next'; readonly sequence: string }
  | {
      readonly kind: 'claim' | 'unclaim';
      readonly namespace: string;
      readonly value: string;
      readonly owner: string;
    }
  | Declare
  | { readonly kind: 'drop'; readonly name: string }
  | Acquire
  | (LockName & { readonly kind: 'renew' | 'release'; readonly token: number })
  /** End the lease if it was not renewed since: `renewal` is the index of the entry that began or last renewed it. */
  | (LockName & { readonly kind: 'expire'; readonly token: number; readonly renewal: number })
  /** Leave the queue: the caller of the acquire at index `ticket` has stopped waiting. */
  | (LockName & { readonly kind: 'abandon'; readonly ticket: number });

const KINDS = [
  'next',
  'claim',
  'unclaim',
  'declare',
  'drop',
  'acquire',
  'renew',
  'release',
  'expire',
  'abandon',
] as const satisfies readonly CoordinationCommand['kind'][];
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Beyond every bound below. */
const TEXT_MAX_BYTES = 1024;

/**
 * What this returns, `decodeCoordination` reads.
 * @throws CausewayError `invalid-request`, with a sentence that says what is out of bounds
 */
export function encodeCoordination(command: CoordinationCommand): Uint8Array {
  const problem = problemOf(command);
  if (problem !== undefined) throw new CausewayError('invalid-request', `The ${problem}.`);
  const writer = new ByteWriter(96).u8(KINDS.indexOf(command.kind));
  switch (command.kind) {
    case 'next':
      return writer.string(command.sequence).finish();
    case 'claim':
    case 'unclaim':
      return writer.string(command.namespace).string(command.value).string(command.owner).finish();
    case 'declare':
      return writer.string(command.name).string(command.prefix).string(command.field).finish();
    case 'drop':
      return writer.string(command.name).finish();
    default:
      return encodeLockCommand(writer, command);
  }
}

type LockCommand = Extract<CoordinationCommand, LockName>;

function encodeLockCommand(writer: ByteWriter, command: LockCommand): Uint8Array {
  writer.u8(LOCK_SPACES.indexOf(command.space)).string(command.name);
  switch (command.kind) {
    case 'acquire':
      return writer.string(command.owner).varuint(command.ttlMs).varuint(command.waitMs).finish();
    case 'renew':
    case 'release':
      return writer.varuint(command.token).finish();
    case 'expire':
      return writer.varuint(command.token).varuint(command.renewal).finish();
    case 'abandon':
      return writer.varuint(command.ticket).finish();
  }
}

/** @throws DecodeError on anything `encodeCoordination` would not return. */
export function decodeCoordination(bytes: Uint8Array): CoordinationCommand {
  const command = decodeWhole(bytes, readCommand);
  const problem = problemOf(command);
  if (problem !== undefined) throw new DecodeError(`coordination command: the ${problem}`);
  return command;
}

function readCommand(reader: ByteReader): CoordinationCommand {
  const kind = KINDS[reader.u8()];
  const text = () => reader.string(TEXT_MAX_BYTES);
  switch (kind) {
    case undefined:
      throw new DecodeError('unknown coordination command');
    case 'next':
      return { kind, sequence: text() };
    case 'claim':
    case 'unclaim':
      return { kind, namespace: text(), value: text(), owner: text() };
    case 'declare':
      return { kind, name: text(), prefix: text(), field: text() };
    case 'drop':
      return { kind, name: text() };
    default:
      return readLockCommand(reader, kind);
  }
}

function readLockCommand(reader: ByteReader, kind: LockCommand['kind']): LockCommand {
  const space = LOCK_SPACES[reader.u8()];
  if (space === undefined) throw new DecodeError('unknown kind of lock');
  const name = reader.string(TEXT_MAX_BYTES);
  switch (kind) {
    case 'acquire': {
      const owner = reader.string(TEXT_MAX_BYTES);
      return { kind, space, name, owner, ttlMs: reader.varuint(), waitMs: reader.varuint() };
    }
    case 'renew':
    case 'release':
      return { kind, space, name, token: reader.varuint() };
    case 'expire':
      return { kind, space, name, token: reader.varuint(), renewal: reader.varuint() };
    case 'abandon':
      return { kind, space, name, ticket: reader.varuint() };
  }
}

/** What is out of bounds, as a clause; undefined if nothing is. */
function problemOf(command: CoordinationCommand): string | undefined {
  switch (command.kind) {
    case 'next':
      return badName('name of the sequence', command.sequence);
    case 'claim':
    case 'unclaim':
      return (
        badName('namespace', command.namespace) ??
        badText('value', command.value, 1, LIMITS.claimValueMaxBytes) ??
        badName('owner', command.owner)
      );
    case 'declare':
      return (
        badName('name of the constraint', command.name) ??
        badText('prefix', command.prefix, 0, LIMITS.keyMaxBytes) ??
        badPointer(command.field)
      );
    case 'drop':
      return badName('name of the constraint', command.name);
    case 'acquire':
      return (
        badName(`name of the ${command.space}`, command.name) ??
        badName('owner', command.owner) ??
        badNumber('ttlMs', command.ttlMs, 1, LIMITS.lockTtlMaxMs) ??
        badNumber('waitMs', command.waitMs, 0, LIMITS.lockWaitMaxMs)
      );
    case 'renew':
    case 'release':
      return badName(`name of the ${command.space}`, command.name) ?? badIndex('fencing token', command.token);
    case 'expire':
      return (
        badName(`name of the ${command.space}`, command.name) ??
        badIndex('fencing token', command.token) ??
        badIndex('renewal', command.renewal)
      );
    case 'abandon':
      return badName(`name of the ${command.space}`, command.name) ?? badIndex('ticket', command.ticket);
  }
}

function badName(what: string, text: string): string | undefined {
  return badText(what, text, 1, LIMITS.coordinationNameMaxBytes);
}

function badText(what: string, text: string, min: number, max: number): string | undefined {
  const bytes = utf8Encode(text).length;
  if (bytes < min || bytes > max) return `${what} has ${min} to ${max} bytes, not ${bytes}`;
  return LONE_SURROGATE.test(text) ? `${what} holds a lone surrogate, which has no UTF-8 form` : undefined;
}

function badIndex(what: string, value: number): string | undefined {
  return badNumber(what, value, 1, Number.MAX_SAFE_INTEGER);
}

function badNumber(what: string, value: number, min: number, max: number): string | undefined {
  const isWithin = Number.isSafeInteger(value) && value >= min && value <= max;
  return isWithin ? undefined : `${what} is a whole number from ${min} to ${max}, not ${value}`;
}

function badPointer(field: string): string | undefined {
  const parsed = parseJsonPointer(field);
  if (parsed.kind === 'invalid') return `field is no JSON pointer: it ${parsed.reason}`;
  return badText('field', field, 0, LIMITS.jsonPointerMaxBytes);
}

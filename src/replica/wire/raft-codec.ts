/**
 * The bytes of the total order's messages. Who sent a message is not in them: that is what its envelope says, so nobody
 * can speak for another member. Decoding refuses whatever encoding would not have written.
 */
import { unreachable } from '../../base/assert.js';
import { ByteReader, ByteWriter, DecodeError } from '../../base/bytes.js';
import type { Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { Entry } from '../../consensus/entry.js';
import type { Append, Message, SnapshotChunk } from '../../consensus/messages.js';
import { readEntry, readMember, readSnapshotMeta, writeEntry, writeSnapshotMeta } from './configuration-codec.js';

/** Envelope kinds 64-80 are the total order's. */
const FIRST_KIND = 64;
const KINDS = [
  'pre-vote-request',
  'pre-vote-answer',
  'vote-request',
  'vote-answer',
  'append',
  'append-accepted',
  'append-rejected',
  'heartbeat',
  'heartbeat-answer',
  'snapshot-chunk',
  'snapshot-wanted',
  'handover',
  'forwarded-proposals',
  'proposals-answer',
  'read-request',
  'read-answer',
  'commit-news',
] as const satisfies readonly Message['kind'][];

export function isRaftKind(kind: number): boolean {
  return kind >= FIRST_KIND && kind < FIRST_KIND + KINDS.length;
}

export function raftKindOf(message: Message): number {
  return FIRST_KIND + KINDS.indexOf(message.kind);
}

export function encodeRaft(message: Message): Uint8Array {
  const body = message.kind === 'append' ? entriesBytes(message.entries) : undefined;
  const writer = new ByteWriter(128 + (body?.length ?? 0));
  writer.string(message.to).varuint(message.term);
  if (body !== undefined) {
    const { previousIndex, previousTerm, commit } = message as Append;
    writer.varuint(previousIndex).varuint(previousTerm).varuint(commit).raw(body);
  } else writeMessage(writer, message as Exclude<Message, Append>);
  return writer.finish();
}

/** A message that came in an envelope of `from`. @throws DecodeError */
export function decodeRaft(from: Origin, kind: number, payload: Uint8Array): Message {
  const reader = new ByteReader(payload);
  const stem = { from, to: readMember(reader), term: reader.varuint() };
  const message: Message = { ...stem, ...readMessage(KINDS[kind - FIRST_KIND], reader) };
  reader.end();
  return message;
}

function writeMessage(writer: ByteWriter, message: Exclude<Message, Append>): void {
  switch (message.kind) {
    case 'pre-vote-request':
      writer.varuint(message.lastIndex).varuint(message.lastTerm);
      break;
    case 'pre-vote-answer':
      writer.flag(message.granted).varuint(message.removedAt ?? 0);
      break;
    case 'vote-request':
      writer.varuint(message.lastIndex).varuint(message.lastTerm).flag(message.transfer);
      break;
    case 'vote-answer':
      writer.flag(message.granted);
      break;
    case 'append-accepted':
      writer.varuint(message.matched);
      break;
    case 'append-rejected':
      writer.varuint(message.previousIndex).varuint(message.hintIndex).varuint(message.hintTerm);
      break;
    case 'heartbeat':
      writer.varuint(message.commit).varuint(message.round);
      break;
    case 'heartbeat-answer':
      writer.varuint(message.round);
      break;
    case 'commit-news':
      writer.varuint(message.commit);
      break;
    case 'snapshot-chunk':
      writeSnapshotMeta(writer, message.snapshot);
      writer.varuint(message.offset).bytes(message.bytes);
      break;
    case 'snapshot-wanted':
      writeSnapshotMeta(writer, message.snapshot);
      writer.varuint(message.offset);
      break;
    case 'handover':
      break;
    case 'forwarded-proposals':
      writer.u32(message.session).varuint(message.batch).varuint(message.commands.length);
      for (const command of message.commands) writer.bytes(command);
      break;
    case 'proposals-answer':
      writer
        .u32(message.session)
        .varuint(message.batch)
        .flag(message.appended !== undefined);
      if (message.appended !== undefined) writer.varuint(message.appended.firstIndex).varuint(message.appended.term);
      break;
    case 'read-request':
      writer.u32(message.session).varuint(message.context);
      break;
    case 'read-answer':
      writer.u32(message.session).varuint(message.context).varuint(message.index);
      break;
    default:
      unreachable(message);
  }
}

type Contents<M> = M extends Message ? Omit<M, 'from' | 'to' | 'term'> : never;

function readMessage(kind: Message['kind'] | undefined, reader: ByteReader): Contents<Message> {
  const number = () => reader.varuint();
  switch (kind) {
    case 'pre-vote-request':
      return { kind, lastIndex: number(), lastTerm: number() };
    case 'pre-vote-answer':
      return { kind, granted: reader.flag(), removedAt: number() || undefined };
    case 'vote-request':
      return { kind, lastIndex: number(), lastTerm: number(), transfer: reader.flag() };
    case 'vote-answer':
      return { kind, granted: reader.flag() };
    case 'append':
      return readAppend(reader);
    case 'append-accepted':
      return { kind, matched: number() };
    case 'append-rejected':
      return { kind, previousIndex: number(), hintIndex: number(), hintTerm: number() };
    case 'heartbeat':
      return { kind, commit: number(), round: number() };
    case 'heartbeat-answer':
      return { kind, round: number() };
    case 'commit-news':
      return { kind, commit: number() };
    case 'snapshot-chunk':
      return readChunk(reader);
    case 'snapshot-wanted':
      return { kind, snapshot: readSnapshotMeta(reader), offset: number() };
    case 'handover':
      return { kind };
    case 'forwarded-proposals':
      return { kind, session: reader.u32(), batch: number(), commands: readCommands(reader) };
    case 'proposals-answer':
      return { kind, session: reader.u32(), batch: number(), appended: readAppended(reader) };
    case 'read-request':
      return { kind, session: reader.u32(), context: number() };
    case 'read-answer':
      return { kind, session: reader.u32(), context: number(), index: number() };
    case undefined:
      throw new DecodeError('unknown message of the total order');
    default:
      return unreachable(kind);
  }
}

/** The core shares one array among messages with the same entries; they are encoded once for all of them. */
const encodedEntries = new WeakMap<readonly Entry[], Uint8Array>();

function entriesBytes(entries: readonly Entry[]): Uint8Array {
  const known = encodedEntries.get(entries);
  if (known !== undefined) return known;
  const writer = new ByteWriter(1_024).varuint(entries.length);
  for (const entry of entries) writeEntry(writer, entry);
  const bytes = writer.finish();
  encodedEntries.set(entries, bytes);
  return bytes;
}

function readAppend(reader: ByteReader): Contents<Append> {
  const previousIndex = reader.varuint();
  const previousTerm = reader.varuint();
  const commit = reader.varuint();
  const count = reader.count();
  const entries: Entry[] = [];
  for (let i = 1; i <= count; i += 1) entries.push(readEntry(reader, previousIndex + i));
  return { kind: 'append', previousIndex, previousTerm, commit, entries };
}

/** A snapshot of no bytes stands for a state that was compacted and not copied; nobody sends one. */
function readChunk(reader: ByteReader): Contents<SnapshotChunk> {
  const snapshot = readSnapshotMeta(reader);
  if (snapshot.sizeBytes === 0) throw new DecodeError('a snapshot of nothing');
  return {
    kind: 'snapshot-chunk',
    snapshot,
    offset: reader.varuint(),
    bytes: reader.bytes(LIMITS.raftSnapshotChunkMaxBytes),
  };
}

function readCommands(reader: ByteReader): Uint8Array[] {
  const count = reader.count();
  const commands: Uint8Array[] = [];
  for (let i = 0; i < count; i += 1) commands.push(reader.bytes(LIMITS.entryMaxBytes));
  return commands;
}

function readAppended(reader: ByteReader): { firstIndex: number; term: number } | undefined {
  return reader.flag() ? { firstIndex: reader.varuint(), term: reader.varuint() } : undefined;
}

/**
 * What replicas say beside the planes: who and where they are, whether an id is already taken, who founds the order, and
 * how the membership is to change.
 */
import { unreachable } from '../../base/assert.js';
import { type ByteReader, ByteWriter, DecodeError, decodeWhole } from '../../base/bytes.js';
import { isReplicaId, type Origin, type ReplicaId } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { decodeHlc, encodeHlc, type Hlc } from '../../clocks/hybrid-logical-clock.js';
import { decodeOrigin } from '../../clocks/version-vector.js';
import type { Position } from '../membership/runs.js';
import type { MembershipChange } from '../ordered-handle.js';

/** A replica's word about itself, broadcast on a timer. */
export interface Hello {
  readonly kind: 'hello';
  readonly url: string;
  readonly startedMs: number;
  readonly keys: number;
  readonly buffered: number;
  readonly hlc: Hlc;
  /** The total order this incarnation belongs to, named by its founder; undefined if it belongs to none yet. */
  readonly order: Origin | undefined;
  /** How far it is in that order, on disk. */
  readonly position: Position;
}

/** Said by a starting replica to its own id: is anybody there? */
export interface Probe {
  readonly kind: 'probe';
}

/** The answer of a replica that already runs under that id. */
export interface Taken {
  readonly kind: 'taken';
  readonly startedMs: number;
}

/** Asked by who wants to found the order: do you belong to one? `round` is a number nobody asked with before. */
export interface FoundAsk {
  readonly kind: 'found-ask';
  readonly round: number;
}

export interface FoundAnswer {
  readonly kind: 'found-answer';
  readonly round: number;
  readonly order: Origin | undefined;
  /** Ids of the replicas the sender is configured with, itself included, sorted. */
  readonly configured: readonly ReplicaId[];
}

/**
 * Said to an incarnation that cannot go on: a committed change has left it out for good (`removed`); or its data is an old
 * copy, for it was further once, or another incarnation has taken its place (`outdated`).
 */
export interface Expelled {
  readonly kind: 'expelled';
  readonly origin: Origin;
  /** The run of it that was heard; 0 where every run is meant. */
  readonly boot: number;
  readonly why: 'removed' | 'outdated';
}

/** A member asks the leader to change the membership. `number` is one it never used before. */
export interface ChangeAsk {
  readonly kind: 'change-ask';
  readonly number: number;
  readonly change: MembershipChange;
  readonly timeoutMs: number;
}

/** Done, and committed by entry `index`; or refused. */
export interface ChangeAnswer {
  readonly kind: 'change-answer';
  readonly number: number;
  readonly result: { readonly kind: 'done'; readonly index: number } | ChangeRefusal;
}

export interface ChangeRefusal {
  readonly kind: 'refused';
  readonly code: (typeof REFUSALS)[number];
  readonly detail: string;
}

export type GossipMessage = Hello | Probe | Taken | FoundAsk | FoundAnswer | Expelled | ChangeAsk | ChangeAnswer;

/** Envelope kinds 32-39 are gossip. */
const KINDS = [
  'hello',
  'probe',
  'taken',
  'found-ask',
  'found-answer',
  'expelled',
  'change-ask',
  'change-answer',
] as const satisfies readonly GossipMessage['kind'][];
const FIRST_KIND = 32;
const CHANGES = ['add', 'promote', 'remove', 'transfer'] as const satisfies readonly MembershipChange['kind'][];
const REFUSALS = ['membership-conflict', 'invalid-request', 'no-quorum', 'outcome-unknown'] as const;
const URL_MAX_BYTES = 256;
const ID_MAX_BYTES = 32;
const DETAIL_MAX_BYTES = 1024;

export function isGossipKind(kind: number): boolean {
  return kind >= FIRST_KIND && kind < FIRST_KIND + KINDS.length;
}

export function gossipKindOf(message: GossipMessage): number {
  return FIRST_KIND + KINDS.indexOf(message.kind);
}

export function encodeGossip(message: GossipMessage): Uint8Array {
  const writer = new ByteWriter(128);
  switch (message.kind) {
    case 'hello':
      writer.string(message.url).varuint(message.startedMs).varuint(message.keys).varuint(message.buffered);
      encodeHlc(writer, message.hlc);
      writeOrder(writer, message.order);
      writer.varuint(message.position.term).varuint(message.position.commit);
      break;
    case 'probe':
      break;
    case 'taken':
      writer.varuint(message.startedMs);
      break;
    case 'found-ask':
      writer.varuint(message.round);
      break;
    case 'found-answer':
      writeOrder(writer.varuint(message.round), message.order);
      writer.varuint(message.configured.length);
      for (const id of message.configured) writer.string(id);
      break;
    case 'expelled':
      writer
        .string(message.origin)
        .u32(message.boot)
        .flag(message.why === 'outdated');
      break;
    case 'change-ask':
      writer.varuint(message.number).u8(CHANGES.indexOf(message.change.kind)).string(message.change.id);
      writer.varuint(message.timeoutMs);
      break;
    case 'change-answer':
      writeResult(writer.varuint(message.number), message.result);
      break;
    default:
      unreachable(message);
  }
  return writer.finish();
}

/** @throws DecodeError */
export function decodeGossip(kind: number, payload: Uint8Array): GossipMessage {
  return decodeWhole(payload, (reader) => decodeKind(KINDS[kind - FIRST_KIND], reader));
}

function decodeKind(kind: GossipMessage['kind'] | undefined, reader: ByteReader): GossipMessage {
  switch (kind) {
    case 'hello':
      return {
        kind,
        url: reader.string(URL_MAX_BYTES),
        startedMs: reader.varuint(),
        keys: reader.varuint(),
        buffered: reader.varuint(),
        hlc: decodeHlc(reader),
        order: readOrder(reader),
        position: { term: reader.varuint(), commit: reader.varuint() },
      };
    case 'probe':
      return { kind };
    case 'taken':
      return { kind, startedMs: reader.varuint() };
    case 'found-ask':
      return { kind, round: reader.varuint() };
    case 'found-answer':
      return { kind, round: reader.varuint(), order: readOrder(reader), configured: readIds(reader) };
    case 'expelled':
      return { kind, origin: decodeOrigin(reader), boot: reader.u32(), why: reader.flag() ? 'outdated' : 'removed' };
    case 'change-ask':
      return { kind, number: reader.varuint(), change: readChange(reader), timeoutMs: reader.varuint() };
    case 'change-answer':
      return { kind, number: reader.varuint(), result: readResult(reader) };
    case undefined:
      throw new DecodeError('unknown gossip message');
    default:
      return unreachable(kind);
  }
}

function writeOrder(writer: ByteWriter, order: Origin | undefined): void {
  writer.flag(order !== undefined);
  if (order !== undefined) writer.string(order);
}

function readOrder(reader: ByteReader): Origin | undefined {
  return reader.flag() ? decodeOrigin(reader) : undefined;
}

function readIds(reader: ByteReader): ReplicaId[] {
  const count = reader.varuint();
  if (count > LIMITS.membersMax) throw new DecodeError(`${count} members`);
  return Array.from({ length: count }, () => readId(reader));
}

function readId(reader: ByteReader): ReplicaId {
  const text = reader.string(ID_MAX_BYTES);
  if (!isReplicaId(text)) throw new DecodeError('no replica id');
  return text;
}

function readChange(reader: ByteReader): MembershipChange {
  const kind = CHANGES[reader.u8()];
  if (kind === undefined) throw new DecodeError('unknown change');
  return { kind, id: readId(reader) };
}

function writeResult(writer: ByteWriter, result: ChangeAnswer['result']): void {
  writer.flag(result.kind === 'done');
  if (result.kind === 'done') writer.varuint(result.index);
  else writer.u8(REFUSALS.indexOf(result.code)).string(result.detail);
}

function readResult(reader: ByteReader): ChangeAnswer['result'] {
  if (reader.flag()) return { kind: 'done', index: reader.varuint() };
  const code = REFUSALS[reader.u8()];
  if (code === undefined) throw new DecodeError('unknown refusal');
  return { kind: 'refused', code, detail: reader.string(DETAIL_MAX_BYTES) };
}

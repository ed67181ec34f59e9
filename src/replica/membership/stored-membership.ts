/**
 * What a replica keeps of the membership beside the log: it starts before the log has been read, and may not count with
 * fewer members than it did before.
 */
import { ByteReader, ByteWriter, DecodeError, utf8Encode } from '../../base/bytes.js';
import type { Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { decodeOrigin } from '../../clocks/version-vector.js';
import type { StorageReader, StorageWrite } from '../../ports/storage.js';
import type { Agreement } from '../../replication/plane-types.js';
import { guardCorruption } from '../stored-state.js';

const KEY = utf8Encode('membership');

/** The committed configuration as the causal plane and the request paths need it. */
export interface AgreedMembers extends Agreement {
  readonly voters: readonly Origin[];
  /** Voters before the change that is under way; empty if none is. */
  readonly outgoing: readonly Origin[];
}

export interface StoredMembership {
  /**
   * Which total order this incarnation belongs to, by the name of its founder. Set once, before anything of that order
   * is taken over, and never changed: of two orders that were founded by mistake, at most one can find a majority.
   */
  readonly order: Origin | undefined;
  readonly agreed: AgreedMembers | undefined;
  /** The cluster has told this incarnation that it is no member any more. */
  readonly removed: boolean;
}

export const NO_MEMBERSHIP: StoredMembership = { order: undefined, agreed: undefined, removed: false };

/** @throws CausewayError `data-dir-corrupt` */
export function readMembership(reader: StorageReader): StoredMembership {
  const stored = reader.get('meta', KEY);
  return stored === undefined ? NO_MEMBERSHIP : guardCorruption('membership', () => decode(stored));
}

export function membershipWrite({ order, agreed, removed }: StoredMembership): StorageWrite {
  const writer = new ByteWriter(256).flag(removed).flag(order !== undefined);
  if (order !== undefined) writer.string(order);
  writer.flag(agreed !== undefined);
  if (agreed !== undefined) {
    writer.flag(agreed.founding);
    for (const list of [agreed.members, agreed.former, agreed.voters, agreed.outgoing]) writeOrigins(writer, list);
  }
  return { kind: 'put', table: 'meta', key: KEY, value: writer.finish() };
}

/** For the transaction that gives the data a new incarnation: that one belongs to no order, and was never removed. */
export function membershipWipe(): StorageWrite {
  return { kind: 'delete', table: 'meta', key: KEY };
}

function decode(stored: Uint8Array): StoredMembership {
  const reader = new ByteReader(stored);
  const removed = reader.flag();
  const order = reader.flag() ? decodeOrigin(reader) : undefined;
  const agreed = reader.flag() ? decodeAgreed(reader) : undefined;
  reader.end();
  return { order, agreed, removed };
}

function decodeAgreed(reader: ByteReader): AgreedMembers {
  return {
    founding: reader.flag(),
    members: readOrigins(reader),
    former: readOrigins(reader),
    voters: readOrigins(reader),
    outgoing: readOrigins(reader),
  };
}

function writeOrigins(writer: ByteWriter, origins: readonly Origin[]): void {
  writer.varuint(origins.length);
  for (const origin of origins) writer.string(origin);
}

function readOrigins(reader: ByteReader): Origin[] {
  const count = reader.varuint();
  if (count > LIMITS.vectorMaxEntries) throw new DecodeError(`${count} members`);
  return Array.from({ length: count }, () => decodeOrigin(reader));
}

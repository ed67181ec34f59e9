/** The bytes of a configuration, of a snapshot's description and of an entry's body: the same on disk and on the wire. */
import { unreachable } from '../../base/assert.js';
import { type ByteReader, type ByteWriter, DecodeError } from '../../base/bytes.js';
import { LOG_ORIGIN } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { decodeOrigin } from '../../clocks/version-vector.js';
import type { Configuration, MemberId } from '../../consensus/configuration.js';
import type { Entry } from '../../consensus/entry.js';
import type { SnapshotMeta } from '../../consensus/log-reader.js';

const ENTRY_KINDS = ['command', 'configuration', 'empty'] as const satisfies readonly Entry['kind'][];

export function writeConfiguration(writer: ByteWriter, { voters, outgoing, learners }: Configuration): void {
  for (const members of [voters, outgoing, learners]) {
    writer.varuint(members.length);
    for (const member of members) writer.string(member);
  }
}

/** @throws DecodeError */
export function readConfiguration(reader: ByteReader): Configuration {
  return { voters: readMembers(reader), outgoing: readMembers(reader), learners: readMembers(reader) };
}

/** An incarnation of a replica. @throws DecodeError */
export function readMember(reader: ByteReader): MemberId {
  const origin = decodeOrigin(reader);
  if (origin === LOG_ORIGIN) throw new DecodeError('the log is no member');
  return origin;
}

function readMembers(reader: ByteReader): MemberId[] {
  const count = reader.varuint();
  if (count > LIMITS.membersMax) throw new DecodeError(`${count} members`);
  const members: MemberId[] = [];
  for (let i = 0; i < count; i += 1) {
    const member = readMember(reader);
    if (i > 0 && member <= (members[i - 1] as MemberId)) throw new DecodeError('members out of order');
    members.push(member);
  }
  return members;
}

export function writeSnapshotMeta(writer: ByteWriter, meta: SnapshotMeta): void {
  writer.varuint(meta.index).varuint(meta.term).varuint(meta.sizeBytes).u32(meta.checksum);
  writeConfiguration(writer, meta.configuration);
}

/** @throws DecodeError */
export function readSnapshotMeta(reader: ByteReader): SnapshotMeta {
  return {
    index: reader.varuint(),
    term: reader.varuint(),
    sizeBytes: reader.varuint(),
    checksum: reader.u32(),
    configuration: readConfiguration(reader),
  };
}

/** Term and contents; the index is told by where the entry stands. */
export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.varuint(entry.term).u8(ENTRY_KINDS.indexOf(entry.kind));
  switch (entry.kind) {
    case 'command':
      writer.bytes(entry.bytes);
      break;
    case 'configuration':
      writeConfiguration(writer, entry.configuration);
      break;
    case 'empty':
      break;
    default:
      unreachable(entry);
  }
}

/** The bytes of a command are a view of the input. @throws DecodeError */
export function readEntry(reader: ByteReader, index: number): Entry {
  const term = reader.varuint();
  const kind = ENTRY_KINDS[reader.u8()];
  switch (kind) {
    case 'command':
      return { kind, index, term, bytes: reader.bytes(LIMITS.entryMaxBytes) };
    case 'configuration':
      return { kind, index, term, configuration: readConfiguration(reader) };
    case 'empty':
      return { kind, index, term };
    case undefined:
      throw new DecodeError('unknown kind of entry');
    default:
      return unreachable(kind);
  }
}

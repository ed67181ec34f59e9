/**
 * What a replica keeps about itself in the `meta` table: whose data this is, and how far it has come. The state is
 * written in the same transaction as what it describes, so a crash never leaves the two apart.
 */
import { ByteReader, ByteWriter, DecodeError, utf8Encode } from '../base/bytes.js';
import { CausewayError } from '../base/errors.js';
import { type ClusterId, makeOrigin, type Origin, type ReplicaId, replicaOf } from '../base/ids.js';
import { decodeHlc, encodeHlc, HLC_ZERO, type Hlc } from '../clocks/hybrid-logical-clock.js';
import { decodeOrigin, VersionVector } from '../clocks/version-vector.js';
import type { Random } from '../ports/random.js';
import type { Storage, StorageReader, StorageWrite } from '../ports/storage.js';
import type { PersistBatch } from '../replication/causal-plane.js';

/**
 * Version of everything in the data directory; raised by any change an older program would misread. Since 2 the storage may
 * keep a log beside its store, without which the store is not complete.
 */
const FORMAT = 2;
const IDENTITY_KEY = utf8Encode('identity');
const STATE_KEY = utf8Encode('state');

export interface StoredState {
  readonly vector: VersionVector;
  readonly floor: VersionVector;
  readonly forgotten: VersionVector;
  readonly hlc: Hlc;
  /**
   * A snapshot install has begun and not ended: the keyspace is a mixture until a snapshot that covers this vector is
   * installed. Undefined outside of installs.
   */
  readonly installTarget: VersionVector | undefined;
  readonly liveKeys: number;
}

export const EMPTY_STATE: StoredState = {
  vector: VersionVector.EMPTY,
  floor: VersionVector.EMPTY,
  forgotten: VersionVector.EMPTY,
  hlc: HLC_ZERO,
  installTarget: undefined,
  liveKeys: 0,
};

/**
 * The incarnation stored with the data; an empty directory gets a new one.
 * @throws CausewayError `data-dir-foreign`, `data-dir-newer-format` or `data-dir-corrupt`
 */
export async function openIdentity(
  storage: Storage,
  cluster: ClusterId,
  replica: ReplicaId,
  random: Random,
): Promise<Origin> {
  const stored = storage.get('meta', IDENTITY_KEY);
  const { format, origin } =
    stored === undefined
      ? { format: 0, origin: makeOrigin(replica, random.u32()) }
      : checkIdentity(stored, cluster, replica);
  // Before anything else is written: from here on an older program refuses the directory.
  if (format < FORMAT) await storage.commit([identityWrite(cluster, origin)]);
  return origin;
}

/** Writes a new incarnation over the same data. */
export function identityWrite(cluster: ClusterId, origin: Origin): StorageWrite {
  const value = new ByteWriter().varuint(FORMAT).string(cluster).string(origin).finish();
  return { kind: 'put', table: 'meta', key: IDENTITY_KEY, value };
}

interface Identity {
  readonly format: number;
  readonly cluster: string;
  readonly origin: Origin;
}

function checkIdentity(stored: Uint8Array, cluster: ClusterId, replica: ReplicaId): Identity {
  const identity = guardCorruption('identity', () => decodeIdentity(stored));
  if (identity.cluster !== cluster) {
    throw new CausewayError(
      'data-dir-foreign',
      `the data directory belongs to cluster "${identity.cluster}", not to "${cluster}"`,
    );
  }
  if (replicaOf(identity.origin) !== replica) {
    throw new CausewayError(
      'data-dir-foreign',
      `the data directory belongs to replica "${replicaOf(identity.origin)}", not to "${replica}"`,
    );
  }
  return identity;
}

function decodeIdentity(stored: Uint8Array): Identity {
  const reader = new ByteReader(stored);
  const format = reader.varuint();
  if (format > FORMAT) {
    throw new CausewayError(
      'data-dir-newer-format',
      `the data directory has format ${format}; this program reads up to format ${FORMAT}`,
    );
  }
  const cluster = reader.string(64);
  const origin = decodeOrigin(reader);
  reader.end();
  return { format, cluster, origin };
}

export function readState(reader: StorageReader): StoredState {
  const stored = reader.get('meta', STATE_KEY);
  return stored === undefined ? EMPTY_STATE : guardCorruption('state', () => decodeState(stored));
}

export function stateWrite(state: StoredState): StorageWrite {
  const writer = new ByteWriter(256);
  state.vector.encode(writer);
  state.floor.encode(writer);
  state.forgotten.encode(writer);
  encodeHlc(writer, state.hlc);
  writer.varuint(state.liveKeys).u8(state.installTarget === undefined ? 0 : 1);
  state.installTarget?.encode(writer);
  return { kind: 'put', table: 'meta', key: STATE_KEY, value: writer.finish() };
}

function decodeState(stored: Uint8Array): StoredState {
  const reader = new ByteReader(stored);
  const state = {
    vector: VersionVector.decode(reader),
    floor: VersionVector.decode(reader),
    forgotten: VersionVector.decode(reader),
    hlc: decodeHlc(reader),
    liveKeys: reader.varuint(),
    installTarget: decodeInstallTarget(reader),
  };
  reader.end();
  return state;
}

function decodeInstallTarget(reader: ByteReader): VersionVector | undefined {
  const flag = reader.u8();
  if (flag > 1) throw new DecodeError(`flag is ${flag}`);
  return flag === 1 ? VersionVector.decode(reader) : undefined;
}

/** Bytes of our own that do not decode are damage on disk: stop and name them, never skip. */
export function guardCorruption<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new CausewayError('data-dir-corrupt', `the stored ${what} is damaged (${error.message})`);
  }
}

/** What a batch makes of the stored state, the count of live keys aside. */
export function stateAfter(state: StoredState, batch: PersistBatch): StoredState {
  const { install, trim, vector, hlc } = batch;
  const floor = trim === undefined ? state.floor : state.floor.join(trim.floor);
  const forgotten = trim === undefined ? state.forgotten : state.forgotten.join(trim.forgotten);
  const next = { ...state, vector, hlc, floor, forgotten };
  if (install === undefined) return next;
  const { page } = install;
  if (!install.last) {
    return { ...next, installTarget: (state.installTarget ?? VersionVector.EMPTY).join(page.vector) };
  }
  return {
    ...next,
    floor: floor.join(page.vector),
    forgotten: forgotten.join(page.forgotten),
    installTarget: undefined,
  };
}

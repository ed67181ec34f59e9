/** Serves snapshots of the keyspace, page by page, to peers that are behind the operation log. */

import type { ReplicaId } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { Storage, StorageEntry, StorageSnapshot } from '../../ports/storage.js';
import type { PlaneMessage, SnapshotCursor } from '../../replication/messages.js';
import { readState, type StoredState } from '../stored-state.js';

interface Session {
  readonly number: number;
  readonly snapshot: StorageSnapshot;
  readonly state: StoredState;
  lastUsedMs: number;
}

export class SnapshotServer {
  readonly #storage: Storage;
  /** One open snapshot per peer: a new session of the same peer replaces its last. */
  readonly #sessions = new Map<ReplicaId, Session>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** The page after `cursor`, or the news that the snapshot is no longer there. */
  page(to: ReplicaId, number: number, cursor: SnapshotCursor, nowMs: number): PlaneMessage {
    const session = this.#session(to, number, cursor, nowMs);
    if (session === undefined) return { kind: 'snapshot-gone', session: number };
    const { entries, next } = readPage(session.snapshot, cursor);
    if (next === undefined) this.#close(to);
    const { vector, forgotten } = session.state;
    return { kind: 'snapshot-page', session: number, cursor, vector, forgotten, entries, next };
  }

  /** Close what nobody has asked for lately. */
  expire(nowMs: number): void {
    for (const [to, session] of this.#sessions) {
      if (nowMs - session.lastUsedMs > LIMITS.snapshotIdleMs) this.#close(to);
    }
  }

  closeAll(): void {
    for (const to of [...this.#sessions.keys()]) this.#close(to);
  }

  #session(to: ReplicaId, number: number, cursor: SnapshotCursor, nowMs: number): Session | undefined {
    const open = this.#sessions.get(to);
    if (open?.number === number) {
      open.lastUsedMs = nowMs;
      return open;
    }
    const isStart = cursor.table === 'keyspace' && cursor.after === undefined;
    if (!isStart) return undefined;
    this.#close(to);
    const snapshot = this.#storage.snapshot();
    const session = { number, snapshot, state: readState(snapshot), lastUsedMs: nowMs };
    this.#sessions.set(to, session);
    return session;
  }

  #close(to: ReplicaId): void {
    this.#sessions.get(to)?.snapshot.close();
    this.#sessions.delete(to);
  }
}

/** The keyspace comes first, then the outcomes of retried requests; each in key order. */
function readPage(
  snapshot: StorageSnapshot,
  cursor: SnapshotCursor,
): { entries: StorageEntry[]; next: SnapshotCursor | undefined } {
  const entries: StorageEntry[] = [];
  let bytes = 0;
  for (const entry of snapshot.range(cursor.table, cursor.after === undefined ? {} : { gte: after(cursor.after) })) {
    bytes += entry.key.length + entry.value.length;
    if (
      entries.length > 0 &&
      (bytes > LIMITS.snapshotPageMaxBytes || entries.length >= LIMITS.snapshotPageMaxEntries)
    ) {
      return { entries, next: { table: cursor.table, after: entries[entries.length - 1]?.key } };
    }
    entries.push(entry);
  }
  return { entries, next: cursor.table === 'keyspace' ? { table: 'retries', after: undefined } : undefined };
}

/** The least key greater than `key`. */
export function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1);
  next.set(key);
  return next;
}

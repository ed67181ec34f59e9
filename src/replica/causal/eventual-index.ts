/**
 * What the eventual view shows beyond the causal one: the versions of a key that were received and still wait for
 * their causes in the causal buffer.
 */
import { versionOf } from '../../keyspace/group-body.js';
import { applyVersion, type KeyRecord } from '../../keyspace/key-record.js';
import type { Version } from '../../keyspace/version.js';
import type { WriteGroup } from '../../replication/write-group.js';
import { bodyOf } from './group-bodies.js';

export class EventualIndex {
  readonly #byKey = new Map<string, Map<WriteGroup, Version>>();

  add(group: WriteGroup): void {
    for (const op of bodyOf(group).ops) {
      const waiting = this.#byKey.get(op.key) ?? new Map<WriteGroup, Version>();
      waiting.set(group, versionOf(op, op.seen, group));
      this.#byKey.set(op.key, waiting);
    }
  }

  remove(group: WriteGroup): void {
    for (const op of bodyOf(group).ops) {
      const waiting = this.#byKey.get(op.key);
      waiting?.delete(group);
      if (waiting?.size === 0) this.#byKey.delete(op.key);
    }
  }

  /** The eventual view of `key`, whose causal view is `record`. */
  over(key: string, record: KeyRecord): KeyRecord {
    const waiting = this.#byKey.get(key);
    if (waiting === undefined) return record;
    return [...waiting.values()].reduce((view, version) => applyVersion(view, version), record);
  }

  /** Keys with waiting versions that match, unsorted. */
  keys(matches: (key: string) => boolean): string[] {
    return [...this.#byKey.keys()].filter(matches);
  }
}

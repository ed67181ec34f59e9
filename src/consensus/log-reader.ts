/** How the core reads what is on disk. */
import type { Configuration } from './configuration.js';
import type { ConfigurationEntry, Entry } from './entry.js';

/** Describes a snapshot of the applied state; two with equal members are the same bytes. */
export interface SnapshotMeta {
  /** The last entry it contains, and that entry's term. */
  readonly index: number;
  readonly term: number;
  /** The committed configuration in force at `index`. */
  readonly configuration: Configuration;
  readonly sizeBytes: number;
  /** CRC-32 of all bytes. */
  readonly checksum: number;
}

/**
 * The durable log, read synchronously. The caller of the core provides it and sees to it that it shows every write up to
 * the last one reported by `stored`, whole; it may show later ones only if they are durable as well. The core asks
 * only for what it knows to be there: entries behind the snapshot, up to the last durable one.
 */
export interface LogReader {
  /** The newest snapshot. Index and term 0 if there is none; its configuration then is the founding one or `NOBODY`. */
  snapshot(): SnapshotMeta;
  /** One behind the snapshot, or less if entries it contains are still here. */
  firstIndex(): number;
  /** The snapshot's index if there are no entries. */
  lastIndex(): number;
  /** For every entry that is here and for the one before the first; 0 for index 0. */
  term(index: number): number;
  /** Entries of `[from, to)` from `from` on, at least one, and no more than fit in `maxBytes`. */
  entries(from: number, to: number, maxBytes: number): readonly Entry[];
  /** All configuration entries from `firstIndex` on, oldest first. Read once, at the start. */
  configurationEntries(): readonly ConfigurationEntry[];
}

export function sameSnapshot(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return a.index === b.index && a.term === b.term && a.sizeBytes === b.sizeBytes && a.checksum === b.checksum;
}

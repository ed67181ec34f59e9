/** The declared unique constraints, as one stored value: every write looks at all of them. */
import { ByteReader, ByteWriter, DecodeError } from '../base/bytes.js';
import { LIMITS } from '../base/limits.js';
import type { StateOverlay, StateReader } from '../base/state-table.js';
import { CATALOG_KEY } from './state-keys.js';

/** Among the keys that begin with `prefix` no two show JSON documents with the same scalar at `field`. */
export interface Constraint {
  readonly name: string;
  readonly prefix: string;
  /** A JSON pointer. */
  readonly field: string;
  /** Index of the entry that declared it: the name of its index in the state. */
  readonly generation: number;
}

export interface Catalog {
  readonly constraints: readonly Constraint[];
  /** Generations of dropped constraints whose index is not all deleted yet. */
  readonly dropped: readonly number[];
}

const NO_CONSTRAINTS: Catalog = { constraints: [], dropped: [] };

export function readCatalog(state: StateReader): Catalog {
  const stored = state.get(CATALOG_KEY);
  return stored === undefined ? NO_CONSTRAINTS : decodeCatalog(stored);
}

export function readConstraint(state: StateReader, name: string): Constraint | undefined {
  return readCatalog(state).constraints.find((constraint) => constraint.name === name);
}

/** A constraint that covers `key`: weaker levels may not write there. */
export function constraintOver(state: StateReader, key: string): Constraint | undefined {
  return readCatalog(state).constraints.find(({ prefix }) => key.startsWith(prefix));
}

export function writeCatalog(state: StateOverlay, catalog: Catalog): void {
  if (catalog.constraints.length + catalog.dropped.length === 0) state.delete(CATALOG_KEY);
  else state.put(CATALOG_KEY, encodeCatalog(catalog));
}

function encodeCatalog({ constraints, dropped }: Catalog): Uint8Array {
  const writer = new ByteWriter(64 + constraints.length * 64).varuint(constraints.length);
  for (const { name, prefix, field, generation } of constraints) {
    writer.string(name).string(prefix).string(field).varuint(generation);
  }
  writer.varuint(dropped.length);
  for (const generation of dropped) writer.varuint(generation);
  return writer.finish();
}

/** @throws DecodeError if it is none. */
export function decodeCatalog(stored: Uint8Array): Catalog {
  const reader = new ByteReader(stored);
  const constraints = Array.from({ length: boundedCount(reader) }, () => ({
    name: reader.string(LIMITS.coordinationNameMaxBytes),
    prefix: reader.string(LIMITS.keyMaxBytes),
    field: reader.string(LIMITS.jsonPointerMaxBytes),
    generation: reader.varuint(),
  }));
  const dropped = Array.from({ length: boundedCount(reader) }, () => reader.varuint());
  reader.end();
  return { constraints, dropped };
}

function boundedCount(reader: ByteReader): number {
  const count = reader.count();
  if (count > LIMITS.constraintsMax) throw new DecodeError(`catalog of ${count} constraints`);
  return count;
}

/** How far the ordered state has come, and what it has forgotten. */
import { ByteReader, ByteWriter, DecodeError } from '../../base/bytes.js';
import type { StateOverlay, StateReader, StateWrite } from '../../base/state-table.js';
import { decodeHlc, encodeHlc, HLC_ZERO, type Hlc } from '../../clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { FORGOTTEN_KEY, PROGRESS_KEY } from './state-keys.js';

export interface Progress {
  /** Index of the last entry of the log that is part of the state; 0 = none. */
  readonly applied: number;
  /** Greatest time that a leader has stamped on an entry: the only time there is in here. */
  readonly timeMs: number;
  /** Stamp of the last entry that carried one. */
  readonly hlc: Hlc;
  /** No outcome stored by an entry below this index is left, or was ever stored. */
  readonly retriesFrom: number;
}

export const NO_PROGRESS: Progress = { applied: 0, timeMs: 0, hlc: HLC_ZERO, retriesFrom: 1 };

/**
 * What the members have agreed, by a log entry, to have delivered everywhere. Only tombstones it covers may go, in
 * either view; every later write has it in its past.
 */
export interface Forgotten {
  readonly stable: VersionVector;
  /** Index of the entry that said so last; 0 = none. What was judged before it is judged no more. */
  readonly at: number;
}

export const NOTHING_FORGOTTEN: Forgotten = { stable: VersionVector.EMPTY, at: 0 };

/** What every entry finds out first, and leaves to the next one, so that nobody looks it up for each. */
export interface Standing {
  readonly progress: Progress;
  readonly forgotten: Forgotten;
}

const FORMAT = 1;

/** @throws DecodeError if what is stored is damaged, or of a newer format. */
export function readStanding(state: StateReader): Standing {
  return { progress: readProgress(state), forgotten: readForgotten(state) };
}

/** @throws DecodeError if what is stored is damaged, or of a newer format. */
export function readProgress(state: StateReader): Progress {
  const stored = state.get(PROGRESS_KEY);
  return stored === undefined ? NO_PROGRESS : decodeProgress(stored);
}

/** Belongs into every transaction that stores what entries have changed: the progress after the last of them. */
export function progressWrite({ applied, timeMs, hlc, retriesFrom }: Progress): StateWrite {
  const writer = new ByteWriter(40).u8(FORMAT).varuint(applied).varuint(timeMs);
  encodeHlc(writer, hlc);
  return { key: PROGRESS_KEY, value: writer.varuint(retriesFrom).finish() };
}

export function decodeProgress(stored: Uint8Array): Progress {
  const reader = new ByteReader(stored);
  const format = reader.u8();
  if (format !== FORMAT) throw new DecodeError(`ordered state of format ${format}`);
  const applied = reader.varuint();
  const timeMs = reader.varuint();
  const progress = { applied, timeMs, hlc: decodeHlc(reader), retriesFrom: reader.varuint() };
  reader.end();
  return progress;
}

/** What these bytes, which nobody changes, say: one entry after the other reads the same. */
const read = new WeakMap<Uint8Array, Forgotten>();

/** @throws DecodeError if what is stored is damaged. */
export function readForgotten(state: StateReader): Forgotten {
  const stored = state.get(FORGOTTEN_KEY);
  if (stored === undefined) return NOTHING_FORGOTTEN;
  const known = read.get(stored);
  if (known !== undefined) return known;
  const forgotten = decodeForgotten(stored);
  read.set(stored, forgotten);
  return forgotten;
}

export function writeForgotten(state: StateOverlay, { stable, at }: Forgotten): void {
  const writer = new ByteWriter(96).varuint(at);
  stable.encode(writer);
  state.put(FORGOTTEN_KEY, writer.finish());
}

export function decodeForgotten(stored: Uint8Array): Forgotten {
  const reader = new ByteReader(stored);
  const at = reader.varuint();
  const stable = VersionVector.decode(reader);
  reader.end();
  return { stable, at };
}

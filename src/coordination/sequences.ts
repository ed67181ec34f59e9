/** Sequences: numbers from 1, each handed out once. */
import { ByteReader, ByteWriter } from '../base/bytes.js';
import type { StateOverlay, StateReader } from '../base/state-table.js';
import type { CoordinationAnswer } from './answer.js';
import { sequenceKey } from './state-keys.js';

/** The number handed out last; 0 = none yet. */
export function readSequence(state: StateReader, name: string): number {
  const stored = state.get(sequenceKey(name));
  return stored === undefined ? 0 : decodeSequence(stored);
}

export function nextNumber(state: StateOverlay, name: string): CoordinationAnswer {
  const value = readSequence(state, name) + 1;
  state.put(sequenceKey(name), new ByteWriter(8).varuint(value).finish());
  return { kind: 'number', value };
}

/** @throws DecodeError if it is none. */
export function decodeSequence(stored: Uint8Array): number {
  const reader = new ByteReader(stored);
  const value = reader.varuint();
  reader.end();
  return value;
}

/**
 * The coordination objects behind one interface: what the ordered state machine calls for entries that hold a command for
 * them, a fencing token, or writes under a constraint. Everything lies in the state that is handed in.
 */
import { DecodeError, utf8Decode } from '../base/bytes.js';
import type { Refusal } from '../base/refusal.js';
import type { ShownValue, ValueChange } from '../base/shown-value.js';
import { STATE_AREAS, type StateOverlay, type StateReader } from '../base/state-table.js';
import { type CoordinationAnswer, encodeAnswer } from './answer.js';
import { decodeCatalog, readCatalog } from './catalog.js';
import { decodeClaim, runClaim } from './claims.js';
import { type CoordinationCommand, decodeCoordination } from './command.js';
import { admitChanges, declare, drop, followChanges, sweep } from './constraints.js';
import { decodeLock } from './lock-state.js';
import { checkFencing, runLockCommand } from './locks.js';
import { decodeSequence, nextNumber } from './sequences.js';
import { OBJECTS } from './state-keys.js';

export const COORDINATION = {
  /** @throws DecodeError if the bytes are no command. */
  checkCommand(command: Uint8Array): void {
    decodeCoordination(command);
  },

  /** Run the command of the entry at `index`; a refused one leaves the state as it was. */
  run(
    state: StateOverlay,
    index: number,
    command: Uint8Array,
    shown: (prefix: string) => Iterable<ShownValue>,
  ): { readonly kind: 'answered'; readonly answer: Uint8Array } | Refusal {
    const result = runCommand(state, index, decodeCoordination(command), shown);
    return result.kind === 'refused' ? result : { kind: 'answered', answer: encodeAnswer(result) };
  },

  checkFence(state: StateReader, fence: { readonly lock: string; readonly token: number }): Refusal | undefined {
    return checkFencing(state, fence.lock, fence.token);
  },

  admit(state: StateOverlay, changes: readonly ValueChange[]): Refusal | undefined {
    return admitChanges(state, changes);
  },

  follow(state: StateOverlay, changes: readonly ValueChange[]): void {
    followChanges(state, changes);
  },

  /** @throws DecodeError if this is no entry of the coordination area. */
  checkEntry(key: Uint8Array, value: Uint8Array): void {
    if (key[0] !== STATE_AREAS.coordination) throw new DecodeError('not a coordination object');
    decoderOf(key)(value);
  },
} as const;

function runCommand(
  state: StateOverlay,
  index: number,
  command: CoordinationCommand,
  shown: (prefix: string) => Iterable<ShownValue>,
): CoordinationAnswer | Refusal {
  switch (command.kind) {
    case 'next':
      return nextNumber(state, command.sequence);
    case 'claim':
    case 'unclaim':
      return runClaim(state, index, command);
    case 'declare':
      sweep(state, readCatalog(state));
      return declare(state, index, command, shown);
    case 'drop':
      sweep(state, readCatalog(state));
      return drop(state, command.name);
    default:
      return runLockCommand(state, index, command);
  }
}

function decoderOf(key: Uint8Array): (value: Uint8Array) => unknown {
  switch (key[1]) {
    case OBJECTS.sequence:
      return decodeSequence;
    case OBJECTS.claim:
      return decodeClaim;
    case OBJECTS.lock:
    case OBJECTS.election:
      return decodeLock;
    case OBJECTS.catalog:
      return decodeCatalog;
    case OBJECTS.unique:
      return utf8Decode;
    default:
      throw new DecodeError(`unknown coordination object ${key[1]}`);
  }
}

/**
 * What the ordered state machine asks of the coordination objects - locks, sequences, claims, unique constraints - that
 * share its log and its state. They are implemented in a folder this one does not know; whoever drives both hands them in.
 */
import type { Refusal } from '../../base/refusal.js';
import type { ShownValue, ValueChange } from '../../base/shown-value.js';
import type { StateOverlay, StateReader } from '../../base/state-table.js';

/** A write goes ahead only while the lock is held under this token. */
export interface Fence {
  readonly lock: string;
  readonly token: number;
}

/**
 * Duties of an implementation: every result follows from the arguments alone; keys it writes begin with
 * `STATE_AREAS.coordination`; a call that refuses leaves everything that can be asked for as it was.
 */
export interface Coordinator {
  /** @throws DecodeError if the bytes are no command. */
  checkCommand(command: Uint8Array): void;
  /** Run the command of the entry at `index`. `shown` lists what keys under a prefix show, in key order. */
  run(
    state: StateOverlay,
    index: number,
    command: Uint8Array,
    shown: (prefix: string) => Iterable<ShownValue>,
  ): { readonly kind: 'answered'; readonly answer: Uint8Array } | Refusal;
  /** Undefined if the fence holds. */
  checkFence(state: StateReader, fence: Fence): Refusal | undefined;
  /** The write of an entry changes these values, each key once: keep every declared constraint, or refuse. */
  admit(state: StateOverlay, changes: readonly ValueChange[]): Refusal | undefined;
  /** Weaker writes, adopted, have changed these values. They cannot be refused any more. */
  follow(state: StateOverlay, changes: readonly ValueChange[]): void;
  /** @throws DecodeError if this is no entry of its area. */
  checkEntry(key: Uint8Array, value: Uint8Array): void;
}

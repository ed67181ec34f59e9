/**
 * The ordered state in three layers: what gathers for the next transaction, over what the transaction under way carries,
 * over storage. Readers see all of it; a layer goes when what it holds is in the one below.
 */
import { compareBytes } from '../../base/bytes.js';
import { keyText, type StateEntry, StateOverlay, type StateReader, type StateWrite } from '../../base/state-table.js';
import { RememberedRows } from '../remembered-rows.js';

type Layer = Map<string, StateWrite>;

export class StateLayers implements StateReader {
  #stored: StateReader;
  #underWay: Layer = new Map();
  #gathering: Layer = new Map();
  /** Rows of storage, which nobody but us changes: whoever proposes an entry looks at what applying it looks at again. */
  readonly #remembered = new RememberedRows();

  constructor(stored: StateReader) {
    this.#stored = stored;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const name = keyText(key);
    const write = this.#gathering.get(name) ?? this.#underWay.get(name);
    return write === undefined ? this.#remembered.recall(name, key, this.#read) : write.value;
  }

  range(gte: Uint8Array, lt: Uint8Array): Iterable<StateEntry> {
    const overlay = new StateOverlay(this.#stored);
    for (const layer of [this.#underWay, this.#gathering]) {
      for (const write of layer.values()) {
        if (compareBytes(gte, write.key) <= 0 && compareBytes(write.key, lt) < 0) overlay.absorb([write]);
      }
    }
    return overlay.range(gte, lt);
  }

  absorb(writes: readonly StateWrite[]): void {
    for (const write of writes) this.#gathering.set(keyText(write.key), write);
  }

  /** What has gathered, each key once, now under way to storage. Nothing else is until `stored`. */
  send(): readonly StateWrite[] {
    this.#underWay = this.#gathering;
    this.#gathering = new Map();
    return [...this.#underWay.values()];
  }

  /** What was under way is in storage. */
  stored(): void {
    for (const [name, { value }] of this.#underWay) this.#remembered.note(name, value);
    this.#underWay = new Map();
  }

  /** Another state lies below, and nothing over it. */
  jump(stored: StateReader): void {
    this.#stored = stored;
    this.#underWay = new Map();
    this.#gathering = new Map();
    this.#remembered.clear();
  }

  readonly #read = (key: Uint8Array): Uint8Array | undefined => this.#stored.get(key);
}

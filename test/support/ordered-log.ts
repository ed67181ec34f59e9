/** A log, and what applying it makes: the ordered state as a plain sorted table, with short ways to write entries. */
import { compareBytes, utf8Decode, utf8Encode } from '../../src/base/bytes.js';
import type { StateEntry, StateReader, StateWrite } from '../../src/base/state-table.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { type CoordinationAnswer, decodeAnswer } from '../../src/coordination/answer.js';
import { type CoordinationCommand, encodeCoordination } from '../../src/coordination/command.js';
import { COORDINATION } from '../../src/coordination/coordination.js';
import type { KeyRecord } from '../../src/keyspace/key-record.js';
import { type Applied, applyEntry, applyForeign } from '../../src/keyspace/ordered/apply.js';
import type { Command, TxnOp, WriteOp } from '../../src/keyspace/ordered/command.js';
import type { Condition } from '../../src/keyspace/ordered/condition.js';
import { type Entry, encodeEntry } from '../../src/keyspace/ordered/entry.js';
import type { Outcome } from '../../src/keyspace/ordered/outcome.js';
import { progressWrite, readProgress } from '../../src/keyspace/ordered/progress.js';
import { readOrdered } from '../../src/keyspace/ordered/state-keys.js';
import { A } from './plane-values.js';

/** A sorted list: as dumb as a table can be. */
export class PlainTable implements StateReader {
  readonly #entries: StateEntry[];

  constructor(entries: readonly StateEntry[] = []) {
    this.#entries = [...entries];
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#entries.find((entry) => compareBytes(entry.key, key) === 0)?.value;
  }

  range(gte: Uint8Array, lt: Uint8Array): StateEntry[] {
    return this.#entries.filter(({ key }) => compareBytes(gte, key) <= 0 && compareBytes(key, lt) < 0);
  }

  store(writes: readonly StateWrite[]): void {
    for (const { key, value } of writes) {
      const at = this.#entries.findIndex((entry) => compareBytes(entry.key, key) >= 0);
      const place = at < 0 ? this.#entries.length : at;
      const isThere = at >= 0 && compareBytes((this.#entries[at] as StateEntry).key, key) === 0;
      this.#entries.splice(place, isThere ? 1 : 0, ...(value === undefined ? [] : [{ key, value: value.slice() }]));
    }
  }

  /** Everything, as text: equal texts are equal states. */
  dump(): string[] {
    return this.#entries.map(({ key, value }) => `${hex(key)} ${hex(value)}`);
  }

  copy(): PlainTable {
    return new PlainTable(this.#entries);
  }
}

/** One replica's ordered state, and the entries it was made of. */
export class OrderedLog {
  state: PlainTable;
  readonly entries: (Uint8Array | undefined)[] = [];

  constructor(state = new PlainTable()) {
    this.state = state;
  }

  get applied(): number {
    return readProgress(this.state).applied;
  }

  /** Append and apply; undefined is an entry of somebody else. */
  apply(bytes: Uint8Array | undefined): Applied {
    this.entries.push(bytes);
    return applyNext(this.state, bytes);
  }

  propose(parts: Partial<Entry>): Applied {
    return this.apply(encodeEntry(entryOf({ base: this.applied, ...parts })));
  }

  put(key: string, value: string, parts: Partial<Entry> & { readonly condition?: Condition } = {}): Applied {
    const { condition, ...rest } = parts;
    return this.propose({ ...rest, command: { kind: 'write', op: putOp(key, value), condition } });
  }

  delete(key: string, condition?: Condition): Applied {
    return this.propose({ command: { kind: 'write', op: { kind: 'delete', key }, condition } });
  }

  txn(parts: Partial<Omit<Extract<Command, { readonly kind: 'txn' }>, 'kind'>>): Applied {
    return this.propose({ command: { kind: 'txn', checks: [], onSuccess: [], onFailure: [], ...parts } });
  }

  coordinate(command: CoordinationCommand, parts: Partial<Entry> = {}): CoordinationAnswer | Outcome {
    const applied = this.propose({ ...parts, command: { kind: 'coordinate', command: encodeCoordination(command) } });
    const { outcome } = applied;
    return outcome.kind === 'coordinated' ? decodeAnswer(outcome.answer) : outcome;
  }

  record(key: string): KeyRecord {
    return readOrdered(this.state, key);
  }

  /** The value that the key shows, as text. */
  shown(key: string): string | undefined {
    const winner = this.record(key)[0];
    return winner?.kind === 'value' ? utf8Decode(winner.bytes) : undefined;
  }
}

/** All that an entry changes in the state, its progress included. */
export function changesOf({ writes, standing }: Applied): StateWrite[] {
  return [...writes, progressWrite(standing.progress)];
}

/** Apply to `state`, in place. A refusal of the entry fails the test. */
export function applyNext(state: PlainTable, bytes: Uint8Array | undefined): Applied {
  const index = readProgress(state).applied + 1;
  const applied = bytes === undefined ? applyForeign(state, index) : applyEntry(state, index, bytes, COORDINATION);
  if (applied.kind === 'corrupt') throw new Error(`entry ${index} is corrupt: ${applied.reason}`);
  state.store(changesOf(applied));
  return applied;
}

export function entryOf(parts: Partial<Entry>): Entry {
  return {
    timeMs: 1_000,
    proposal: { origin: A, number: 1 },
    hlc: { ms: 1_000, logical: 0 },
    base: 0,
    retry: undefined,
    deps: VersionVector.EMPTY,
    known: undefined,
    adopted: [],
    fences: [],
    command: { kind: 'adopt' },
    ...parts,
  };
}

export function putOp(key: string, value: string): WriteOp & TxnOp {
  return { kind: 'put', key, contentType: 'text/plain', bytes: utf8Encode(value) };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

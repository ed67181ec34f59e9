/**
 * The ordered state machine at work: applies what the order delivers, a slice at a time, and shows the result at once.
 * An entry is durable in the logs of a majority before it is delivered, so what it makes may be seen before it is on
 * this disk: what a crash takes away the order delivers again. Writes and write groups wait here for the causal driver,
 * which stores both in one transaction.
 */
import { assert } from '../../base/assert.js';
import { DecodeError } from '../../base/bytes.js';
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { StateReader } from '../../base/state-table.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import type { DeliveredEntry } from '../../consensus/total-order.js';
import { type Applied, applyEntry, applyForeign, type LogGroup } from '../../keyspace/ordered/apply.js';
import type { Coordinator } from '../../keyspace/ordered/coordinator.js';
import { progressWrite, readStanding, type Standing } from '../../keyspace/ordered/progress.js';
import type { Storage, StorageWrite } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import { guardCorruption } from '../stored-state.js';
import type { AppliedState } from './applied-state.js';
import type { OrderedState, StateCopy } from './ordered-state.js';
import { copyState } from './state-copy.js';
import { AgreedForgetting } from './state-forgotten.js';
import { StateInstall } from './state-install.js';
import { StateLayers } from './state-layers.js';
import { SpareTable } from './state-spare.js';
import { activeTable, markWrite, otherTable, type StateTable, StoredTable, tableWrite } from './state-tables.js';

export interface MachineOptions {
  readonly storage: Storage;
  readonly time: Time;
  readonly coordinator: Coordinator;
  /** The log or the state is damaged, or storage failed; the process must end. */
  readonly onFatal: (error: unknown) => void;
}

/** What one transaction takes from the machine: writes to storage, and the groups `(log, i)` of the same entries. */
export interface MachineTurn {
  readonly writes: readonly StorageWrite[];
  readonly groups: readonly LogGroup[];
}

export class OrderedMachine implements OrderedState, AppliedState {
  /** Something waits to be taken. */
  onGathered: () => void = () => {};

  readonly #options: MachineOptions;
  readonly #layers: StateLayers;
  readonly #forgotten: AgreedForgetting;
  readonly #spare: SpareTable;
  readonly #appliedListeners: ((applied: Applied, term: number) => void)[] = [];
  readonly #jumpListeners: ((index: number) => void)[] = [];
  #table: StateTable;
  /** After the last entry that was applied. */
  #standing: Standing;
  #queue: DeliveredEntry[] = [];
  /** The first entry of the queue that is not applied. */
  #head = 0;
  #delivered: number;
  #applied: number;
  #durable: number;
  #groups: LogGroup[] = [];
  #gatheredBytes = 0;
  /** Index that the transaction under way makes durable. */
  #underWay: number | undefined;
  #install: StateInstall | undefined;
  #applying = false;
  #scheduled = false;
  #closed = false;

  /** @throws CausewayError `data-dir-corrupt` */
  constructor(options: MachineOptions) {
    const { storage } = options;
    this.#options = options;
    this.#table = activeTable(storage);
    this.#layers = new StateLayers(new StoredTable(storage, this.#table));
    this.#standing = this.#readStanding();
    this.#durable = this.#standing.progress.applied;
    this.#applied = this.#durable;
    this.#delivered = this.#durable;
    this.#forgotten = new AgreedForgetting(this.#layers);
    this.#spare = new SpareTable(options);
    if (storage.count(otherTable(this.#table)) > 0) this.#spare.clear(otherTable(this.#table));
  }

  get durableApplied(): number {
    return this.#durable;
  }

  get applied(): number {
    return this.#applied;
  }

  get state(): StateReader {
    return this.#layers;
  }

  onApplied(listener: (applied: Applied, term: number) => void): void {
    this.#appliedListeners.push(listener);
  }

  onJumped(listener: (index: number) => void): void {
    this.#jumpListeners.push(listener);
  }

  deliver(entries: readonly DeliveredEntry[]): void {
    if (this.#closed) return;
    for (const entry of entries) {
      assert(entry.index === this.#delivered + 1, 'delivery skips or repeats an entry', {
        index: entry.index,
        delivered: this.#delivered,
      });
      this.#delivered = entry.index;
      this.#queue.push(entry);
    }
    if (!this.#applying && !this.#scheduled) this.#applySlice();
  }

  /** Nothing more is applied until what has gathered is taken. */
  get isFull(): boolean {
    return !this.#hasRoom();
  }

  /** What has gathered since the last call; undefined if nothing has. Nothing more is taken until `stored`. */
  take(): MachineTurn | undefined {
    if (this.#closed || this.#underWay !== undefined || this.#groups.length === 0) return undefined;
    const changes = [...this.#layers.send(), progressWrite(this.#standing.progress)];
    const writes = changes.map((write) => tableWrite(this.#table, write));
    const groups = this.#groups;
    this.#groups = [];
    this.#gatheredBytes = 0;
    this.#underWay = this.#applied;
    this.#scheduleSlice();
    return { writes, groups };
  }

  /** What was taken is durable. */
  stored(): void {
    // The state has jumped meanwhile: what was taken is in a table that is no longer read.
    if (this.#underWay === undefined) return;
    this.#durable = this.#underWay;
    this.#underWay = undefined;
    this.#layers.stored();
    if (this.#groups.length > 0) this.onGathered();
  }

  /** Everything forgotten by entries whose groups, and everything they speak of, are inside `delivered`. */
  forgottenBy(delivered: VersionVector): VersionVector {
    return this.#forgotten.by(delivered);
  }

  copy(): StateCopy {
    return copyState(this.#options.storage);
  }

  beginInstall(): void {
    this.discardInstall();
    const table = otherTable(this.#table);
    this.#install = new StateInstall({ ...this.#options, table, ready: this.#spare.clear(table) });
  }

  stage(bytes: Uint8Array): void {
    assert(this.#install !== undefined, 'nothing is being installed', { bytes: bytes.length });
    this.#install.stage(bytes);
  }

  discardInstall(): void {
    if (this.#install === undefined) return;
    this.#install.discard();
    this.#spare.busyUntil(this.#install.written);
    this.#spare.clear(otherTable(this.#table));
    this.#install = undefined;
  }

  async finishInstall(index: number): Promise<readonly StorageWrite[]> {
    assert(this.#install !== undefined, 'nothing is being installed', { index });
    await this.#install.finish(index);
    return [markWrite(otherTable(this.#table))];
  }

  installed(index: number): void {
    assert(index >= this.#applied, 'a copy is older than the state', { index, applied: this.#applied });
    this.#install = undefined;
    this.#jump(index);
  }

  /** Resolves with writes that leave no state at all, for one transaction after which `wiped` is called. */
  async wipeWrites(): Promise<readonly StorageWrite[]> {
    this.discardInstall();
    await this.#spare.clear(otherTable(this.#table));
    return [markWrite(otherTable(this.#table))];
  }

  /** The transaction of `wipeWrites` is durable: begin anew. */
  wiped(): void {
    this.#jump(0);
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#spare.close();
  }

  #jump(index: number): void {
    const old = this.#table;
    this.#table = otherTable(old);
    this.#layers.jump(new StoredTable(this.#options.storage, this.#table));
    this.#standing = this.#readStanding();
    this.#queue = [];
    this.#head = 0;
    this.#groups = [];
    this.#gatheredBytes = 0;
    this.#underWay = undefined;
    this.#delivered = index;
    this.#applied = index;
    this.#durable = index;
    this.#forgotten.restart(this.#layers);
    this.#spare.clear(old);
    for (const listener of this.#jumpListeners) listener(index);
    this.onGathered();
  }

  #readStanding(): Standing {
    return guardCorruption('progress of the ordered state', () => readStanding(this.#layers));
  }

  #scheduleSlice(): void {
    const waits = this.#head < this.#queue.length && this.#hasRoom();
    if (!waits || this.#scheduled || this.#applying || this.#closed) return;
    this.#scheduled = true;
    this.#options.time.soon(() => {
      this.#scheduled = false;
      this.#applySlice();
    });
  }

  /** Apply what one turn of the event loop can afford. */
  #applySlice(): void {
    if (this.#closed) return;
    this.#applying = true;
    try {
      let bytes = 0;
      for (let count = 0; count < LIMITS.applyMaxEntries && bytes < LIMITS.applyMaxBytes; count += 1) {
        const entry = this.#queue[this.#head];
        if (entry === undefined || !this.#hasRoom()) break;
        this.#head += 1;
        bytes += entry.bytes?.length ?? 0;
        this.#apply(entry);
      }
    } catch (error) {
      this.close();
      this.#options.onFatal(error);
      return;
    } finally {
      this.#applying = false;
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    }
    if (this.#groups.length > 0) this.onGathered();
    this.#scheduleSlice();
  }

  /** Transactions are bounded, and so is what waits for the next. */
  #hasRoom(): boolean {
    return this.#groups.length < LIMITS.turnMaxGroups && this.#gatheredBytes < LIMITS.turnMaxBytes;
  }

  /** @throws CausewayError `data-dir-corrupt`: an entry that cannot be applied is never skipped */
  #apply({ index, term, bytes }: DeliveredEntry): void {
    const { forgotten } = this.#standing;
    const applied = applyNext(this.#layers, this.#standing, index, bytes, this.#options.coordinator);
    this.#layers.absorb(applied.writes);
    this.#standing = applied.standing;
    this.#applied = index;
    this.#groups.push(applied.group);
    for (const { key, value } of applied.writes) this.#gatheredBytes += key.length + (value?.length ?? 0);
    if (applied.standing.forgotten !== forgotten) this.#forgotten.note(applied.standing.forgotten);
    for (const listener of this.#appliedListeners) listener(applied, term);
  }
}

function applyNext(
  state: StateReader,
  standing: Standing,
  index: number,
  bytes: Uint8Array | undefined,
  coordinator: Coordinator,
): Applied {
  try {
    const applied =
      bytes === undefined
        ? applyForeign(state, index, standing)
        : applyEntry(state, index, bytes, coordinator, standing);
    if (applied.kind === 'applied') return applied;
    throw new CausewayError('data-dir-corrupt', `entry ${index} of the log is damaged (${applied.reason})`);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const detail = `the ordered state that entry ${index} of the log is applied to is damaged (${error.message})`;
    throw new CausewayError('data-dir-corrupt', detail);
  }
}

/**
 * Carries the core's writes to storage, in their order. One that takes over a snapshot waits until the state's part of it
 * is ready, and all behind it wait with it; state and log then change in one transaction.
 */
import { DecodeError } from '../../base/bytes.js';
import type { SnapshotMeta } from '../../consensus/log-reader.js';
import type { Staging, Write } from '../../consensus/raft-types.js';
import type { Storage, StorageWrite } from '../../ports/storage.js';
import type { OrderedState } from './ordered-state.js';
import type { BaseChange, RaftLogStore } from './raft-log.js';

export interface WriterOptions {
  readonly storage: Storage;
  readonly state: OrderedState;
  readonly log: RaftLogStore;
  /** A power cut cannot undo it any more. */
  readonly stored: (write: Write) => void;
  /** What was staged is not a state. Nothing of it or of any later write is on disk, and nothing is under way. */
  readonly refused: (snapshot: SnapshotMeta, error: DecodeError) => void;
  readonly onFatal: (error: unknown) => void;
}

export class RaftWriter {
  readonly #options: WriterOptions;
  /** Behind a snapshot whose state is not ready; undefined if nothing waits for one. */
  #held: Write[] | undefined;
  #installing = false;
  /** Settles when all that was given to storage has settled. */
  #last: Promise<void> = Promise.resolve();
  #changesBase = false;
  readonly #baseChanges: (() => void)[] = [];
  #closed = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  /** From the moment a snapshot is whole until it is durable. */
  get installing(): boolean {
    return this.#installing;
  }

  /** The base of the log is being written; it changes one step at a time. */
  get changesBase(): boolean {
    return this.#changesBase;
  }

  stage(step: Staging): void {
    const { state } = this.#options;
    if (step.kind === 'begin') state.beginInstall();
    else if (step.kind === 'chunk') state.stage(step.bytes);
    else state.discardInstall();
  }

  write(write: Write): void {
    if (this.#held !== undefined) this.#held.push(write);
    else if (write.snapshot !== undefined) this.#install(write, write.snapshot);
    else this.#commit(write, []);
  }

  /**
   * `make` is called when its turn comes, for it changes what is there then. Nothing happens if a snapshot is being taken
   * over by then: that brings a base of its own.
   */
  changeBase(make: () => BaseChange, done: () => void): void {
    if (this.#changesBase) {
      this.#baseChanges.push(() => this.changeBase(make, done));
      return;
    }
    if (this.#installing) return;
    this.#changesBase = true;
    const { writes, stored } = make();
    this.#put(writes, () => {
      this.#changesBase = false;
      stored();
      done();
      this.#baseChanges.shift()?.();
    });
  }

  /** Resolves when nothing is under way any more; nothing is reported from now on. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
  }

  #install(write: Write, snapshot: SnapshotMeta): void {
    this.#installing = true;
    this.#held = [];
    this.#baseChanges.length = 0;
    this.#options.state.finishInstall(snapshot.index).then(
      (stateWrites) => this.#finish(write, stateWrites),
      (error: unknown) => this.#fail(snapshot, error),
    );
  }

  #finish(write: Write, stateWrites: readonly StorageWrite[]): void {
    if (this.#closed) return;
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#commit(write, stateWrites);
    for (const later of held) this.write(later);
  }

  #fail(snapshot: SnapshotMeta, error: unknown): void {
    if (this.#closed) return;
    if (!(error instanceof DecodeError)) {
      this.#options.onFatal(error);
      return;
    }
    void this.#last.then(() => {
      if (this.#closed) return;
      this.#held = undefined;
      this.#installing = false;
      this.#options.state.discardInstall();
      this.#options.refused(snapshot, error);
    });
  }

  #commit(write: Write, stateWrites: readonly StorageWrite[]): void {
    const { log, state, stored } = this.#options;
    this.#put([...stateWrites, ...log.issue(write)], () => {
      log.stored(write);
      if (write.snapshot !== undefined) {
        this.#installing = false;
        state.installed(write.snapshot.index);
      }
      stored(write);
    });
  }

  #put(writes: readonly StorageWrite[], done: () => void): void {
    const { storage, onFatal } = this.#options;
    this.#last = storage.commit(writes).then(
      () => {
        if (!this.#closed) this.#orDie(done);
      },
      (error: unknown) => {
        if (!this.#closed) onFatal(error);
      },
    );
  }

  #orDie(done: () => void): void {
    try {
      done();
    } catch (error) {
      this.#options.onFatal(error);
    }
  }
}

/**
 * What the users of one member ask of the order: gathered within a turn, put to the core together, and each settled once.
 */
import { assert } from '../../base/assert.js';
import type { ProposalOutcome, ProposeResult, ReadResult, ReadState } from '../../consensus/raft-types.js';
import type { AppendResult, NotAppended, ReadIndexResult } from '../../consensus/total-order.js';

type SettleAppend = (result: AppendResult) => void;
type SettleRead = (result: ReadIndexResult) => void;

interface PendingAppend {
  readonly command: Uint8Array;
  readonly settle: SettleAppend;
}

export class RaftRequests {
  #appends: PendingAppend[] = [];
  #readers: SettleRead[] = [];
  /** Forwarded, by batch, in the order of their offsets. */
  readonly #batches = new Map<number, SettleAppend[]>();
  readonly #contexts = new Map<number, SettleRead[]>();

  append(command: Uint8Array, settle: SettleAppend): void {
    this.#appends.push({ command, settle });
  }

  readIndex(settle: SettleRead): void {
    this.#readers.push(settle);
  }

  get hasAppends(): boolean {
    return this.#appends.length > 0;
  }

  /** Put the oldest commands to the core, as many as fit in `maxBytes`. */
  propose(maxBytes: number, propose: (commands: readonly Uint8Array[]) => ProposeResult): void {
    const taken = this.#take(maxBytes);
    if (taken.length === 0) return;
    const result = propose(taken.map(({ command }) => command));
    if (result.kind === 'forwarded') {
      const batch = this.#batches.get(result.batch) ?? [];
      assert(batch.length === result.offset, 'a batch out of order', { offset: result.offset, known: batch.length });
      this.#batches.set(result.batch, batch);
      for (const { settle } of taken) batch.push(settle);
      return;
    }
    for (const [i, { settle }] of taken.entries()) {
      if (result.kind === 'appended') settle({ kind: 'appended', index: result.firstIndex + i, term: result.term });
      else settle({ kind: 'not-appended', reason: reasonOf(result.reason) });
    }
  }

  /** Ask the core for everybody who waits at once. */
  read(ask: () => ReadResult): void {
    const readers = this.#readers;
    if (readers.length === 0) return;
    this.#readers = [];
    const result = ask();
    if (result.kind === 'dropped') {
      for (const settle of readers) settle({ kind: 'unavailable', reason: reasonOf(result.reason) });
    } else this.#contexts.set(result.context, [...(this.#contexts.get(result.context) ?? []), ...readers]);
  }

  /** `hasLeader`: whether there was somebody to refuse. */
  proposalOutcome(outcome: ProposalOutcome, hasLeader: boolean): void {
    const batch = this.#batches.get(outcome.batch) ?? [];
    this.#batches.delete(outcome.batch);
    for (const [i, settle] of batch.entries()) {
      if (outcome.kind === 'appended') settle({ kind: 'appended', index: outcome.firstIndex + i, term: outcome.term });
      else if (outcome.kind === 'unknown') settle({ kind: 'unknown', term: outcome.term });
      else settle({ kind: 'not-appended', reason: hasLeader ? 'overloaded' : 'no-leader' });
    }
  }

  readState(state: ReadState): void {
    const readers = this.#contexts.get(state.context) ?? [];
    this.#contexts.delete(state.context);
    for (const settle of readers) {
      if (state.kind === 'ready') settle({ kind: 'index', index: state.index });
      else settle({ kind: 'unavailable', reason: 'no-leader' });
    }
  }

  /** Nobody will answer what the core was asked. */
  abandon(reason: NotAppended): void {
    const batches = [...this.#batches.values()];
    const contexts = [...this.#contexts.values()];
    this.#batches.clear();
    this.#contexts.clear();
    for (const settle of batches.flat()) settle({ kind: 'unknown', term: undefined });
    for (const settle of contexts.flat()) settle({ kind: 'unavailable', reason });
  }

  close(): void {
    const appends = this.#appends;
    const readers = this.#readers;
    this.#appends = [];
    this.#readers = [];
    for (const { settle } of appends) settle({ kind: 'not-appended', reason: 'closed' });
    for (const settle of readers) settle({ kind: 'unavailable', reason: 'closed' });
    this.abandon('closed');
  }

  #take(maxBytes: number): PendingAppend[] {
    let bytes = 0;
    let count = 0;
    for (const { command } of this.#appends) {
      bytes += command.length;
      if (count > 0 && bytes > maxBytes) break;
      count += 1;
    }
    return this.#appends.splice(0, count);
  }
}

function reasonOf(reason: 'no-leader' | 'not-leader' | 'transferring' | 'overloaded'): NotAppended {
  return reason === 'not-leader' ? 'no-leader' : reason;
}

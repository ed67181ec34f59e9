/**
 * A total order without consensus: one list of committed entries that the test owns, and a member for every replica that
 * sees it late, is cut off from it, or has its appends come to whatever end the test wants.
 */
import type { StateReader } from '../../src/base/state-table.js';
import type { AppendResult, DeliveredEntry, ReadIndexResult, TotalOrder } from '../../src/consensus/total-order.js';
import type { Applied } from '../../src/keyspace/ordered/apply.js';
import { decodeEntry, type Entry, stampEntry } from '../../src/keyspace/ordered/entry.js';
import type { Time } from '../../src/ports/time.js';
import type { AppliedState } from '../../src/replica/order/applied-state.js';
import { applyNext, PlainTable } from './ordered-log.js';
import type { SeededRandom } from './seeded-random.js';

/**
 * What becomes of one append: committed, with the answer it should have or `unknown`; promised a place that another term
 * takes; gone without a trace and `unknown`; refused; committed or not without any answer.
 */
export type Fate =
  | 'commit'
  | 'commit-unknown'
  | 'commit-silently'
  | 'overtaken'
  | 'lost-unknown'
  | 'lost-silently'
  | 'refuse'
  | 'overload';

export class SharedOrder {
  readonly entries: DeliveredEntry[] = [];
  readonly members: OrderMember[] = [];
  /** Fates of the next appends, in order of arrival; then all are committed. */
  readonly fates: Fate[] = [];
  /** Every entry that arrives at the leader, committed or not. */
  readonly arrived: Entry[] = [];
  onArrival: (entry: Entry) => void = () => {};
  term = 1;
  leader: number | undefined = 0;
  readonly time: Time;
  readonly random: SeededRandom;
  maxDelayMs = 2;

  constructor(time: Time, random: SeededRandom) {
    this.time = time;
    this.random = random;
  }

  join(): OrderMember {
    const member = new OrderMember(this, this.members.length);
    this.members.push(member);
    return member;
  }

  later(task: () => void): void {
    this.time.after(this.random.float() * this.maxDelayMs, task);
  }

  /** The member and the leader can talk. */
  isServed({ number, isCut }: OrderMember): boolean {
    const leader = this.leader === undefined ? undefined : this.members[this.leader];
    return leader !== undefined && !leader.isCut && (!isCut || number === this.leader);
  }

  /** Another term begins, with an entry of its own. */
  elect(leader: number): void {
    this.leader = leader;
    this.term += 1;
    this.commit(undefined);
  }

  commit(bytes: Uint8Array | undefined): DeliveredEntry {
    const entry = { index: this.entries.length + 1, term: this.term, bytes };
    this.entries.push(entry);
    for (const member of this.members) member.catchUp();
    return entry;
  }

  arrive(command: Uint8Array, answer: (result: AppendResult) => void): void {
    const bytes = stampEntry(command, Math.floor(this.time.wallMs()));
    const entry = decodeEntry(bytes);
    this.arrived.push(entry);
    this.onArrival(entry);
    const fate = this.fates.shift() ?? 'commit';
    const settle = (result: AppendResult) => this.later(() => answer(result));
    if (fate.startsWith('commit')) {
      const { index, term } = this.commit(bytes);
      if (fate === 'commit') settle({ kind: 'appended', index, term });
    } else if (fate === 'overtaken') {
      settle({ kind: 'appended', index: this.entries.length + 1, term: this.term });
      this.elect(this.leader ?? 0);
    }
    if (fate.endsWith('unknown')) settle({ kind: 'unknown', term: undefined });
    if (fate === 'refuse') settle({ kind: 'not-appended', reason: 'no-leader' });
    if (fate === 'overload') settle({ kind: 'not-appended', reason: 'overloaded' });
  }
}

/** One replica's member of the order, and the state it has applied. */
export class OrderMember implements TotalOrder, AppliedState {
  readonly number: number;
  readonly #order: SharedOrder;
  readonly #appliedListeners: ((applied: Applied, term: number) => void)[] = [];
  readonly #jumpedListeners: ((index: number) => void)[] = [];
  /** Hears and says nothing. */
  isCut = false;
  /** Takes in nothing, though it is heard. */
  isLagging = false;
  /** The term that it leads, as far as it knows: it is cut off and has not noticed. */
  deluded: number | undefined;
  state: StateReader & PlainTable = new PlainTable();
  applied = 0;
  #catchingUp = false;

  constructor(order: SharedOrder, number: number) {
    this.#order = order;
    this.number = number;
  }

  get hasLeader(): boolean {
    return this.deluded !== undefined || (!this.isCut && this.#order.isServed(this));
  }

  get isLeader(): boolean {
    return this.deluded !== undefined || (this.#order.leader === this.number && !this.isCut);
  }

  /** Goes on as the leader of this term though it is cut off. */
  delude(): void {
    this.deluded = this.#order.term;
    this.isCut = true;
  }

  append(command: Uint8Array, settle: (result: AppendResult) => void): void {
    this.#order.later(() => {
      const term = this.deluded;
      if (term !== undefined) settle({ kind: 'appended', index: this.#order.entries.length + 1, term });
      else if (this.hasLeader) this.#order.arrive(command, settle);
      else settle({ kind: 'not-appended', reason: 'no-leader' });
    });
  }

  readIndex(settle: (result: ReadIndexResult) => void): void {
    this.#order.later(() => {
      if (this.deluded !== undefined) return;
      if (!this.hasLeader) {
        settle({ kind: 'unavailable', reason: 'no-leader' });
        return;
      }
      const index = this.#order.entries.length;
      this.#order.later(() => settle({ kind: 'index', index }));
    });
  }

  onApplied(listener: (applied: Applied, term: number) => void): void {
    this.#appliedListeners.push(listener);
  }

  onJumped(listener: (index: number) => void): void {
    this.#jumpedListeners.push(listener);
  }

  /** Apply what is committed, one entry at a time. */
  catchUp(): void {
    if (this.#catchingUp || this.isCut || this.isLagging || this.applied >= this.#order.entries.length) return;
    this.#catchingUp = true;
    this.#order.later(() => {
      this.#catchingUp = false;
      if (this.isCut || this.isLagging) return;
      this.#applyNext();
      this.catchUp();
    });
  }

  /** Take over the state of `other`, as a copy does. */
  jump(other: OrderMember): void {
    this.state = other.state.copy();
    this.applied = other.applied;
    for (const listener of this.#jumpedListeners) listener(this.applied);
    this.catchUp();
  }

  #applyNext(): void {
    const entry = this.#order.entries[this.applied];
    if (entry === undefined) return;
    const applied = applyNext(this.state, entry.bytes);
    this.applied = entry.index;
    for (const listener of this.#appliedListeners) listener(applied, entry.term);
  }
}

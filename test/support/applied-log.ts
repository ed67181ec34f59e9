/** The ordered state of one replica, and proposals straight into its log: for tests of what lies over them. */
import { CausewayError } from '../../src/base/errors.js';
import type { Applied } from '../../src/keyspace/ordered/apply.js';
import { encodeEntry } from '../../src/keyspace/ordered/entry.js';
import type { Time } from '../../src/ports/time.js';
import type { AppliedState } from '../../src/replica/order/applied-state.js';
import type { Proposals, ProposedEntry } from '../../src/replica/order/proposals.js';
import { applyNext, entryOf, PlainTable } from './ordered-log.js';
import { A } from './plane-values.js';

/** Applies entries one by one, and tells of each. */
export class AppliedLog implements AppliedState {
  state: PlainTable;
  applied: number;
  readonly #listeners: ((applied: Applied, term: number) => void)[] = [];
  readonly #jumpers: ((index: number) => void)[] = [];

  constructor(state = new PlainTable(), applied = 0) {
    this.state = state;
    this.applied = applied;
  }

  /** The next entry; undefined is one of the order's own. */
  deliver(bytes: Uint8Array | undefined): Applied {
    const applied = applyNext(this.state, bytes);
    this.applied = applied.index;
    for (const listener of this.#listeners) listener(applied, 1);
    return applied;
  }

  /** The copy of another replica's state takes the place of this one's. */
  jump(state: PlainTable, index: number): void {
    this.state = state;
    this.applied = index;
    for (const listener of this.#jumpers) listener(index);
  }

  onApplied(listener: (applied: Applied, term: number) => void): void {
    this.#listeners.push(listener);
  }

  onJumped(listener: (index: number) => void): void {
    this.#jumpers.push(listener);
  }
}

/** What becomes of a proposal: `lost` was never appended, `late` is applied after its proposer has given up. */
export type Fate = 'applied' | 'no-quorum' | 'lost' | 'late';

/** Every proposal is applied after `delayMs`, unless it is told otherwise. */
export class LoneProposals implements Proposals {
  readonly proposed: ProposedEntry[] = [];
  fate: Fate = 'applied';
  delayMs = 1;
  readonly #time: Time;
  readonly #log: AppliedLog;

  constructor(time: Time, log: AppliedLog) {
    this.#time = time;
    this.#log = log;
  }

  propose(entry: ProposedEntry, timeoutMs: number): Promise<Applied> {
    this.proposed.push(entry);
    const number = this.proposed.length;
    const { fate } = this;
    const bytes = encodeEntry(entryOf({ ...entry, proposal: { origin: A, number } }));
    return new Promise((resolve, reject) => {
      if (fate === 'applied') this.#time.after(this.delayMs, () => resolve(this.#log.deliver(bytes)));
      if (fate === 'no-quorum') this.#time.after(600, () => reject(new CausewayError('no-quorum', 'no leader')));
      if (fate === 'lost' || fate === 'late') {
        this.#time.after(timeoutMs, () => reject(new CausewayError('outcome-unknown', 'it may be applied')));
      }
      if (fate === 'late') this.#time.after(timeoutMs + 1, () => this.#log.deliver(bytes));
    });
  }
}

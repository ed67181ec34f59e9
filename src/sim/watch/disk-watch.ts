/**
 * Looks at every transaction that becomes durable on any disk: groups are noted, vectors only grow and grow causally, terms
 * only grow, a vote once given stays, the logs agree.
 */
import { equalBytes, utf8Encode } from '../../base/bytes.js';
import type { ReplicaId } from '../../base/ids.js';
import { VersionVector } from '../../clocks/version-vector.js';
import type { HardState } from '../../consensus/raft-types.js';
import type { StorageWrite } from '../../ports/storage.js';
import { decodeHead, HEAD_KEY } from '../../replica/order/raft-rows.js';
import { readState } from '../../replica/stored-state.js';
import type { SimDisk } from '../world/disk.js';
import type { Ledger } from './ledger.js';
import type { LogWatch } from './log-watch.js';

export interface DiskWatchOptions {
  readonly id: ReplicaId;
  readonly disk: SimDisk;
  readonly ledger: Ledger;
  readonly logs: LogWatch;
  readonly fail: (rule: string, sentence: string) => void;
}

const STATE_KEY = utf8Encode('state');
const IDENTITY_KEY = utf8Encode('identity');

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  #vector = VersionVector.EMPTY;
  #hardState: HardState = { term: 0, votedFor: undefined, commit: 0 };

  constructor(options: DiskWatchOptions) {
    this.#options = options;
    const { disk } = options;
    // A copy of another disk begins where that was.
    const head = disk.tables.log.get(HEAD_KEY);
    this.#vector = readState(disk.reader).vector;
    if (head !== undefined) this.#hardState = decodeHead(head).hardState;
    disk.onDurable = (writes) => this.#durable(writes);
  }

  /** What is durable here. */
  get vector(): VersionVector {
    return this.#vector;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  get disk(): SimDisk {
    return this.#options.disk;
  }

  #durable(writes: readonly StorageWrite[]): void {
    const { ledger } = this.#options;
    let hasState = false;
    let hasLog = false;
    for (const write of writes) {
      if (write.table === 'operations' && write.kind === 'put') ledger.note(write.value);
      else if (write.table === 'log') hasLog = true;
      else if (write.table === 'meta' && write.kind === 'put') {
        if (equalBytes(write.key, STATE_KEY)) hasState = true;
        else if (equalBytes(write.key, IDENTITY_KEY)) this.#hardState = { term: 0, votedFor: undefined, commit: 0 };
      }
    }
    if (hasState) this.#checkState();
    if (hasLog) this.#checkLog(writes);
  }

  #checkState(): void {
    const { id, disk, ledger, fail } = this.#options;
    const { vector } = readState(disk.reader);
    if (!vector.includes(this.#vector)) {
      fail('vectors-only-grow', `${id} had ${JSON.stringify(this.#vector)} and has ${JSON.stringify(vector)}`);
    }
    ledger.checkDelivery(this.#vector, vector, id);
    this.#vector = vector;
  }

  #checkLog(writes: readonly StorageWrite[]): void {
    const { id, disk, logs, fail } = this.#options;
    const stored = disk.tables.log.get(HEAD_KEY);
    if (stored === undefined) return;
    const { hardState } = decodeHead(stored);
    const before = this.#hardState;
    this.#hardState = hardState;
    if (hardState.term < before.term)
      fail('terms-only-grow', `${id} went from term ${before.term} to ${hardState.term}`);
    const isSameTerm = hardState.term === before.term && before.votedFor !== undefined;
    if (isSameTerm && hardState.votedFor !== before.votedFor) {
      const sentence = `${id} voted for ${before.votedFor} and ${hardState.votedFor} in term ${hardState.term}`;
      fail('one-vote-a-term', sentence);
    }
    logs.written(id, disk, writes, hardState.commit);
  }
}

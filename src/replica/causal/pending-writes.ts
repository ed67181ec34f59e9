/** Local writes that wait for their turn, first come, first served. */
import { LIMITS } from '../../base/limits.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import type { GroupBody } from '../../keyspace/group-body.js';
import type { WriteGroup } from '../../replication/write-group.js';
import type { KeyspaceTurn } from './keyspace-turn.js';

/** A local write, waiting for its turn. */
export interface PendingWrite {
  /** Called while a turn gathers: reads records, issues at most one group, applies it to `turn`. */
  readonly issue: (turn: KeyspaceTurn, issue: IssueGroup) => void;
  /** Called once what the turn gathered is durable. */
  readonly committed: () => void;
  readonly sizeBytes: number;
}

/** Number and stamp a group with this body. */
export type IssueGroup = (deps: VersionVector, body: GroupBody, encoded: Uint8Array, wantReport: boolean) => WriteGroup;

export class PendingWrites {
  readonly #waiting: PendingWrite[] = [];
  #bytes = 0;

  get count(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(write: PendingWrite): void {
    this.#waiting.push(write);
    this.#bytes += write.sizeBytes;
  }

  /** As many as one turn has room for, and one at least; they wait no longer. */
  take(): PendingWrite[] {
    let count = 0;
    let bytes = 0;
    for (const { sizeBytes } of this.#waiting) {
      if (count >= LIMITS.turnMaxGroups || (count > 0 && bytes > LIMITS.turnMaxBytes)) break;
      bytes += sizeBytes;
      count += 1;
    }
    this.#bytes -= bytes;
    return this.#waiting.splice(0, count);
  }
}

/** What a replica is opened with. */
import type { ClusterId, ReplicaId } from '../base/ids.js';
import type { Random } from '../ports/random.js';
import type { Storage } from '../ports/storage.js';
import type { Time } from '../ports/time.js';
import type { Trace } from '../ports/trace.js';
import type { Transport } from '../ports/transport.js';
import type { Member } from './membership/member-table.js';
import type { RaftTuning } from './order/raft-options.js';

export interface ReplicaOptions {
  readonly id: ReplicaId;
  readonly cluster: ClusterId;
  /** Where this replica's HTTP API is reached; told to the peers. */
  readonly url: string;
  /** All members, this one included. */
  readonly members: readonly Member[];
  readonly storage: Storage;
  readonly transport: Transport;
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly enableFaults: boolean;
  /** In place of the limits of the product: a simulator wants short logs. */
  readonly tuning?: Partial<RaftTuning> | undefined;
  /** The process must end: storage failed, or the id turned out to be taken. */
  readonly onFatal: (error: unknown) => void;
}

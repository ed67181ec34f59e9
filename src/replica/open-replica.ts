/**
 * A replica: the causal plane joined to its ports. Adapters are chosen by the caller, so the same code runs over LMDB
 * and NATS in production and over a simulated disk, network and clock in the simulator.
 */
import type { CausewayError } from '../base/errors.js';
import type { ClusterId, ReplicaId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Random } from '../ports/random.js';
import type { Storage } from '../ports/storage.js';
import type { Time } from '../ports/time.js';
import type { Trace } from '../ports/trace.js';
import type { Transport } from '../ports/transport.js';
import { FaultFilter, skewedTime } from './faults/fault-filter.js';
import { FaultTable } from './faults/fault-table.js';
import type { Replica } from './handle.js';
import { LiveReplica } from './live-replica.js';
import type { Member } from './membership/member-table.js';
import { openIdentity } from './stored-state.js';

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
  /** The process must end: storage failed, or the id turned out to be taken. */
  readonly onFatal: (error: unknown) => void;
}

/**
 * Start a replica over storage and transport that are already open; it owns them from here on.
 * @throws CausewayError `data-dir-*` if the data is not this replica's, `replica-id-taken` if another process answers
 */
export async function openReplica(options: ReplicaOptions): Promise<Replica> {
  const origin = await openIdentity(options.storage, options.cluster, options.id, options.random);
  const faults = options.enableFaults ? new FaultTable(options.time) : undefined;
  const memberIds = options.members.map((member) => member.id);
  const time = faults === undefined ? options.time : skewedTime(options.time, faults);
  const transport =
    faults === undefined
      ? options.transport
      : new FaultFilter(options.id, memberIds, options.transport, faults, options.time, options.random);
  let refusal: CausewayError | undefined;
  let started = false;
  const replica = new LiveReplica({
    ...options,
    origin,
    time,
    transport,
    faults,
    onTaken: (error) => {
      if (started) options.onFatal(error);
      else refusal ??= error;
    },
  });
  replica.start();
  await new Promise<void>((resolve) => options.time.after(LIMITS.duplicateIdProbeMs, resolve));
  if (refusal !== undefined) {
    await replica.close();
    throw refusal;
  }
  started = true;
  replica.serve();
  return replica;
}

/**
 * A replica: the causal plane joined to its ports. Adapters are chosen by the caller, so the same code runs over LMDB
 * and NATS in production and over a simulated disk, network and clock in the simulator.
 */
import type { CausewayError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Time } from '../ports/time.js';
import { FaultFilter, skewedTime } from './faults/fault-filter.js';
import { FaultTable } from './faults/fault-table.js';
import type { Replica } from './handle.js';
import { LiveReplica } from './live-replica.js';
import { removedError } from './membership/cluster-membership.js';
import { MemberTable } from './membership/member-table.js';
import { readMembership } from './membership/stored-membership.js';
import type { ReplicaOptions } from './replica-options.js';
import { openIdentity } from './stored-state.js';

/**
 * Start a replica over storage and transport that are already open; it owns them from here on.
 * @throws CausewayError `data-dir-*` if the data is not this replica's, `replica-id-taken` if another process answers,
 *   `replica-removed` if the cluster has told this incarnation that it is no member any more
 */
export async function openReplica(options: ReplicaOptions): Promise<Replica> {
  const hasPast = options.storage.count('meta') > 0;
  const origin = await openIdentity(options.storage, options.cluster, options.id, options.random);
  const faults = options.enableFaults ? new FaultTable(options.time) : undefined;
  const membership = readMembership(options.storage);
  if (membership.removed) throw removedError(options.id, origin);
  const table = new MemberTable(options.id, options.members, membership.agreed);
  const time = faults === undefined ? options.time : skewedTime(options.time, faults);
  const transport =
    faults === undefined
      ? options.transport
      : new FaultFilter(options.id, () => table.audience, options.transport, faults, options.time, options.random);
  let refusal: CausewayError | undefined;
  let started = false;
  const replica = new LiveReplica({
    ...options,
    origin,
    time,
    transport,
    faults,
    table,
    membership,
    onTaken: (error) => {
      if (started) options.onFatal(error);
      else refusal ??= error;
    },
  });
  replica.start();
  await pause(options.time, LIMITS.duplicateIdProbeMs);
  if (hasPast) await confirmOrigin(replica, options.time);
  if (refusal !== undefined) {
    await replica.close();
    throw refusal;
  }
  started = true;
  replica.serve();
  return replica;
}

/**
 * The data directory may be an old copy, whose next counters are taken. Only the peers can tell, so each gets the chance
 * to before the first write is numbered; one that is down or cut off is not waited for longer than the limit.
 */
async function confirmOrigin(replica: LiveReplica, time: Time): Promise<void> {
  const deadlineMs = time.monotonicMs() + LIMITS.originConfirmMs - LIMITS.duplicateIdProbeMs;
  while (!replica.heardAllPeers && time.monotonicMs() < deadlineMs) await pause(time, LIMITS.tickMs);
}

function pause(time: Time, ms: number): Promise<void> {
  return new Promise((resolve) => time.after(ms, resolve));
}

/** The replica's own numbers, for whoever exposes them. */
import type { CausalPlane } from '../replication/causal-plane.js';
import type { CausalDriver } from './causal/causal-driver.js';
import type { KeyspaceAudit } from './causal/keyspace-audit.js';
import type { MetricSample } from './handle.js';
import type { Messenger } from './messenger.js';

const COUNTER_HELP: Readonly<Record<keyof CausalPlane['counters'], string>> = {
  delivered: 'Write groups delivered in causal order',
  duplicates: 'Write groups received again',
  refused: 'Plane messages or groups refused as malformed or from strangers',
  bufferDropped: 'Write groups dropped because the causal buffer was full',
  stampsAhead: 'Stamps too far ahead of the local clock to be followed',
  fetches: 'Range fetches sent to repair gaps',
  snapshotsInstalled: 'Snapshots installed to catch up',
  lostIncarnationGroups: 'Buffered groups given up because their origin lost its disk',
};

export function replicaMetrics(
  driver: CausalDriver,
  audit: KeyspaceAudit,
  messenger: Messenger,
  waitingRequests: number,
  storageBytes: number,
): readonly MetricSample[] {
  const { plane } = driver;
  const counters = Object.entries(COUNTER_HELP).map(
    ([name, help]): MetricSample => ({
      name: `plane_${snakeCase(name)}_total`,
      kind: 'counter',
      help,
      value: plane.counters[name as keyof CausalPlane['counters']],
    }),
  );
  const refused = [...messenger.refused].map(
    ([reason, value]): MetricSample => ({
      name: 'messages_refused_total',
      kind: 'counter',
      help: 'Transport messages refused before they reached a plane',
      value,
      labels: { reason },
    }),
  );
  const gauge = (name: string, help: string, value: number): MetricSample => ({ name, kind: 'gauge', help, value });
  const counter = (name: string, help: string, value: number): MetricSample => ({ name, kind: 'counter', help, value });
  return [
    ...counters,
    ...refused,
    counter('audit_pages_compared_total', 'Pages of the keyspace compared with a peer', audit.compared),
    counter('audit_records_repaired_total', 'Records that differed from a peer and were joined', audit.repaired),
    gauge('keys', 'Live keys in the causal view', driver.liveKeys),
    gauge('causal_buffer_groups', 'Received write groups that wait for their causes', plane.buffered),
    gauge('pending_writes', 'Local writes that wait for a storage transaction', driver.pendingWrites),
    gauge('waiting_requests', 'Requests that wait for causal dependencies', waitingRequests),
    gauge('storage_bytes', 'Bytes used on disk', storageBytes),
  ];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

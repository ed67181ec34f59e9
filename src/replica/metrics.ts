/** The replica's own numbers, for whoever exposes them. */
import type { CausalPlane } from '../replication/causal-plane.js';
import type { CausalDriver } from './causal/causal-driver.js';
import type { KeyspaceAudit } from './causal/keyspace-audit.js';
import type { MetricSample } from './handle.js';
import type { Messenger } from './messenger.js';
import type { ConsensusPlane } from './order/consensus-plane.js';

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

export interface MetricSources {
  readonly driver: CausalDriver;
  readonly audit: KeyspaceAudit;
  readonly messenger: Messenger;
  readonly consensus: ConsensusPlane;
  readonly waitingRequests: number;
  readonly operations: number;
  readonly storageBytes: number;
}

export function replicaMetrics(sources: MetricSources): readonly MetricSample[] {
  const { driver, audit, messenger, waitingRequests, operations, storageBytes } = sources;
  const { plane } = driver;
  const counters = Object.entries(COUNTER_HELP).map(
    ([name, help]): MetricSample => ({
      name: `plane_${snakeCase(name)}_total`,
      kind: 'counter',
      help,
      value: plane.counters[name as keyof CausalPlane['counters']],
    }),
  );
  return [
    ...counters,
    ...byReason('messages_refused_total', 'Transport messages refused before they reached a plane', messenger.refused),
    ...consensusMetrics(sources.consensus),
    counter('audit_pages_compared_total', 'Pages of the keyspace compared with a peer', audit.compared),
    counter('audit_records_repaired_total', 'Records that differed from a peer and were joined', audit.repaired),
    gauge('keys', 'Live keys in the causal view', driver.liveKeys),
    gauge('causal_buffer_groups', 'Received write groups that wait for their causes', plane.buffered),
    gauge('pending_writes', 'Local writes that wait for a storage transaction', driver.pendingWrites),
    gauge('waiting_requests', 'Requests that wait for causal dependencies', waitingRequests),
    gauge('operation_log_groups', 'Write groups kept for replicas that may lack them', operations),
    gauge('storage_bytes', 'Bytes used on disk', storageBytes),
  ];
}

function consensusMetrics(consensus: ConsensusPlane): readonly MetricSample[] {
  const { raft, proposals, waitingLocks, observedLocks, watchedLeases, logEntries } = consensus.figures;
  const { role, term, commitIndex, appliedIndex } = consensus.status();
  return [
    ...byReason('raft_messages_refused_total', 'Raft messages that had no effect', raft.refused),
    gauge('raft_leader', '1 if this replica leads the total order', role === 'leader' ? 1 : 0),
    gauge('raft_term', 'Term of the total order', term),
    gauge('raft_commit_index', 'Last entry known to be committed', commitIndex),
    gauge('raft_applied_index', 'Last entry applied here', appliedIndex),
    gauge('raft_log_entries', 'Entries in the log, after compaction', logEntries),
    counter('raft_entries_compacted_total', 'Entries dropped from the beginning of the log', raft.compactedEntries),
    counter('raft_snapshots_made_total', 'Copies of the ordered state made for others', raft.copiesMade),
    counter('raft_snapshots_installed_total', 'Copies of the ordered state taken over', raft.installed),
    counter('raft_snapshots_refused_total', 'Copies of others that were no state', raft.installsRefused),
    gauge('proposals', 'Entries that wait for their outcome', proposals),
    gauge('lock_requests_waiting', 'Requests that wait for a lock', waitingLocks),
    gauge('locks_observed', 'Locks and elections that somebody observes', observedLocks),
    gauge('leases_watched', 'Leases and places in queues that this replica would end', watchedLeases),
  ];
}

function byReason(name: string, help: string, counts: ReadonlyMap<string, number>): readonly MetricSample[] {
  return [...counts].map(([reason, value]) => ({ ...counter(name, help, value), labels: { reason } }));
}

function gauge(name: string, help: string, value: number): MetricSample {
  return { name, kind: 'gauge', help, value };
}

function counter(name: string, help: string, value: number): MetricSample {
  return { name, kind: 'counter', help, value };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

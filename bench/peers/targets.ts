/** What we set out to reach, as ratios in one run on one machine; the report says which were. */
import type { Spread } from '../load/quantile.js';
import type { PeerCase } from './cases.js';
import type { Measurement } from './measure.js';
import { FLOOR, MEDIAN_SPEED, ratioTo, THROUGHPUT } from './summary.js';

interface Target {
  readonly what: string;
  readonly of: PeerCase;
  readonly metric: 'throughput' | 'median latency';
  readonly peer: string;
  readonly atLeast: number;
}

const WRITES: PeerCase = { operation: 'linearizable write', clients: 64, placement: 'spread' };
const READS: PeerCase = { operation: 'linearizable read', clients: 64, placement: 'spread' };
const LOCAL_READS: PeerCase = { operation: 'local read', clients: 64, placement: 'spread' };
const ONE_WRITER: PeerCase = { operation: 'linearizable write', clients: 1, placement: 'leader' };

const TARGETS: readonly Target[] = [
  { what: 'linearizable writes, 64 clients', of: WRITES, metric: 'throughput', peer: 'etcd', atLeast: 3 },
  { what: 'linearizable writes, 64 clients', of: WRITES, metric: 'throughput', peer: 'ZooKeeper', atLeast: 3 },
  { what: 'linearizable writes, 64 clients', of: WRITES, metric: 'throughput', peer: 'JetStream', atLeast: 1 },
  { what: 'linearizable write, 1 client', of: ONE_WRITER, metric: 'median latency', peer: 'etcd', atLeast: 1 },
  { what: 'linearizable reads, 64 clients', of: READS, metric: 'throughput', peer: 'etcd', atLeast: 3 },
  { what: 'causal reads against serializable ones', of: LOCAL_READS, metric: 'throughput', peer: 'etcd', atLeast: 5 },
  { what: 'causal reads against local ones', of: LOCAL_READS, metric: 'throughput', peer: 'ZooKeeper', atLeast: 2 },
];

export interface TargetResult extends Target {
  /** Ours over theirs, of latencies theirs over ours; undefined if it was not measured. */
  readonly ratio: Spread | undefined;
  readonly met: boolean | undefined;
  /** The same ratio of a server that only reads requests and writes answers; undefined if it was not measured. */
  readonly floor: Spread | undefined;
}

/** A target is met if the median of the rounds meets it. */
export function judgeTargets(measurements: readonly Measurement[]): readonly TargetResult[] {
  return TARGETS.map((target) => {
    const metric = target.metric === 'throughput' ? THROUGHPUT : MEDIAN_SPEED;
    const ratio = ratioTo(measurements, target.of, target.peer, metric);
    const floor = ratioTo(measurements, target.of, target.peer, metric, FLOOR);
    return { ...target, ratio, floor, met: ratio === undefined ? undefined : ratio.median >= target.atLeast };
  });
}

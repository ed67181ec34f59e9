/** Everything there is in a run but the clients: time, network, machines, and those who look at what they do. */
import { CausewayError } from '../../base/errors.js';
import { parseClusterId, parseReplicaId, type ReplicaId } from '../../base/ids.js';
import type { TraceEvent } from '../../ports/trace.js';
import type { RaftTuning } from '../../replica/order/raft-options.js';
import { partsOf } from '../../replica/wire/bundle.js';
import { decodeEnvelope } from '../../replica/wire/envelope.js';
import { decodeRaft, isRaftKind } from '../../replica/wire/raft-codec.js';
import { type Counts, noCounts } from '../counts.js';
import { SimRandom } from '../random.js';
import type { Scenario } from '../scenario.js';
import { Transcript } from '../transcript.js';
import { CoordinationWatch } from '../watch/coordination.js';
import { DiskWatch } from '../watch/disk-watch.js';
import { Ledger } from '../watch/ledger.js';
import { LogWatch } from '../watch/log-watch.js';
import { UniquenessWatch } from '../watch/uniqueness.js';
import { SimHost } from './host.js';
import { SimNetwork } from './network.js';
import type { FlushFate } from './storage.js';
import { VirtualClock } from './virtual-clock.js';

/** A promise that was broken, or something that must never happen. */
export interface Finding {
  readonly rule: string;
  readonly sentence: string;
  readonly atMs: number;
}

const CLUSTER = parseClusterId('sim');
/** A flush that stalls takes this many times as long; none takes longer than the limit. */
const STALL_FACTOR = 100;
const FLUSH_MAX_MS = 3_000;

export class SimCluster {
  readonly scenario: Scenario;
  readonly clock = new VirtualClock();
  readonly transcript: Transcript;
  readonly network: SimNetwork;
  readonly hosts: readonly SimHost[];
  readonly counts: Counts = noCounts();
  readonly findings: Finding[] = [];
  /** Nobody has been asked to join or leave yet: who votes is as it was drawn. */
  hasFirstMembers = true;
  readonly ledger: Ledger;
  readonly logs: LogWatch;
  readonly coordination: CoordinationWatch;
  readonly uniqueness: UniquenessWatch;
  readonly #random: SimRandom;
  readonly #watches = new Map<ReplicaId, DiskWatch>();

  constructor(scenario: Scenario, keepsText: boolean) {
    this.scenario = scenario;
    this.#random = new SimRandom(scenario.seed);
    this.transcript = new Transcript(() => this.clock.nowMs, keepsText);
    const fail = (rule: string, sentence: string) => this.fail(rule, sentence);
    this.ledger = new Ledger(fail);
    this.logs = new LogWatch(fail);
    this.coordination = new CoordinationWatch(fail);
    this.uniqueness = new UniquenessWatch(fail);
    this.network = new SimNetwork({
      clock: this.clock,
      random: this.#random.stream('network'),
      weather: scenario.weather,
      onSent: (from, to, bytes, copies) => this.#sent(from, to, bytes, copies),
    });
    const ids = Array.from({ length: scenario.replicas + scenario.spares }, (_, i) => parseReplicaId(`r${i + 1}`));
    this.hosts = ids.map((id, i) => this.#openHost(id, ids.slice(0, Math.max(scenario.replicas, i + 1))));
  }

  get nowMs(): number {
    return this.clock.nowMs;
  }

  /** Start the replicas of the beginning. */
  start(): void {
    for (const host of this.hosts.slice(0, this.scenario.replicas)) host.launch();
  }

  host(index: number): SimHost {
    const host = this.hosts[index];
    if (host === undefined) throw new Error(`no host ${index}`);
    return host;
  }

  /** What was seen on the disk of a host. */
  watch(host: SimHost): DiskWatch {
    const watch = this.#watches.get(host.id);
    if (watch === undefined) throw new Error(`no disk of ${host.id}`);
    return watch;
  }

  note(line: string): void {
    this.transcript.note(line);
  }

  fail(rule: string, sentence: string): void {
    this.note(`BROKEN ${rule}: ${sentence}`);
    this.findings.push({ rule, sentence, atMs: this.clock.nowMs });
  }

  #openHost(id: ReplicaId, members: readonly ReplicaId[]): SimHost {
    const random = this.#random.stream(`host ${id}`);
    const disk = this.#random.stream(`disk ${id}`);
    const drift = this.scenario.driftPpm;
    return new SimHost({
      id,
      cluster: CLUSTER,
      members: members.map((member) => ({ id: member, url: `http://${member}` })),
      clock: this.clock,
      network: this.network,
      random,
      clockError: { offsetMs: random.int(20), driftPpm: Math.round(random.between(-drift, drift)) },
      tuning: tuningOf(this.scenario),
      flushFate: (host) => this.#flushFate(host, disk),
      trace: (event) => this.#trace(id, event),
      onDisk: (next) => {
        const { ledger, logs } = this;
        const fail = (rule: string, sentence: string) => this.fail(rule, sentence);
        this.#watches.set(id, new DiskWatch({ id, disk: next, ledger, logs, fail }));
      },
      onEnded: (error) => this.#ended(id, error),
    });
  }

  #flushFate(host: SimHost, random: SimRandom): FlushFate {
    const { flushMs, stallShare } = this.scenario;
    const stall = random.chance(stallShare) ? STALL_FACTOR : 1;
    const afterMs = Math.min(FLUSH_MAX_MS, flushMs * random.between(0.5, 2) * stall * host.diskSlowdown);
    const fails = host.diskFails;
    host.diskFails = false;
    return { afterMs, fails };
  }

  #sent(from: ReplicaId, to: ReplicaId, bytes: Uint8Array, copies: number): void {
    this.transcript.message(from, to, bytes, copies);
    if (copies === 0) this.counts.lostMessages += 1;
    const result = decodeEnvelope(CLUSTER, bytes);
    const disk = this.#watches.get(from)?.disk;
    if (result.kind !== 'envelope' || disk === undefined) return;
    for (const { kind, payload } of partsOf(result.envelope)) {
      if (isRaftKind(kind)) this.logs.sent(from, disk, decodeRaft(result.envelope.sender.origin, kind, payload));
    }
  }

  #trace(id: ReplicaId, { name, facts }: TraceEvent): void {
    this.note(`${id} ${name} ${JSON.stringify(facts ?? {})}`);
    if (name === 'raft.snapshot-installed') this.counts.logCopies += 1;
  }

  /** A process that knows why it ends may; any other end is a bug of it. */
  #ended(id: ReplicaId, error: unknown): void {
    this.note(`${id} ended: ${String(error)}`);
    const isKnown = error instanceof CausewayError && KNOWN_ENDS.has(error.code);
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (!isKnown) this.fail('no-replica-falls-over', `${id} ended with ${told}`);
  }
}

/** Logs are cut often, and a copy of the state takes several messages, any of which may be lost. */
function tuningOf({ trailingEntries }: Scenario): Partial<RaftTuning> {
  return { trailingEntries, compactStepEntries: 10, snapshotChunkMaxBytes: 1_000 };
}

const KNOWN_ENDS: ReadonlySet<string> = new Set(['storage-failed', 'replica-removed']);

/**
 * One member with its disk and a state machine that remembers every command. It does what the core asks at once, except
 * that writes wait until somebody lets them become durable.
 */
import { utf8Decode, utf8Encode } from '../../src/base/bytes.js';
import type { Configuration, MemberId, Membership } from '../../src/consensus/configuration.js';
import type { Entry } from '../../src/consensus/entry.js';
import type { CommitNews, Message } from '../../src/consensus/messages.js';
import { RaftNode } from '../../src/consensus/raft-node.js';
import type {
  ProposalOutcome,
  RaftOptions,
  RandomSource,
  ReadState,
  Ready,
  StepResult,
  Write,
} from '../../src/consensus/raft-types.js';
import { RaftDisk } from './raft-disk.js';

export type Tuning = Partial<Omit<RaftOptions, 'self' | 'random'>>;

const TUNING: Omit<RaftOptions, 'self' | 'random'> = {
  electionTicks: 10,
  heartbeatTicks: 1,
  inflightMaxMessages: 4,
  appendMaxBytes: 100,
  uncommittedMaxBytes: 10_000,
  applyMaxBytes: 200,
  snapshotChunkMaxBytes: 64,
  promotionMaxLagEntries: 5,
  answersAfterTicks: () => Number.POSITIVE_INFINITY,
};

/** Sees all that a replica does. */
export interface Witness {
  /** Called before the entries are put into `log`. */
  written(replica: RaftReplica, write: Write): void;
  sent(replica: RaftReplica, message: Message): void;
  applied(replica: RaftReplica, entry: Entry): void;
  readAsked(replica: RaftReplica, context: number): void;
  readAnswered(replica: RaftReplica, state: ReadState): void;
  observe(replica: RaftReplica): void;
}

export interface ReplicaOptions {
  readonly id: MemberId;
  readonly founding: Configuration;
  readonly random: RandomSource;
  readonly tuning: Tuning;
  readonly invariants: Witness;
  readonly send: (message: Message) => void;
  /** Sees each `Ready` before it is acted upon. */
  readonly watch?: (replica: RaftReplica, ready: Ready) => void;
}

export class RaftReplica {
  readonly id: MemberId;
  readonly disk: RaftDisk;
  node: RaftNode;
  /** Of what it sent, that for which nobody waits. */
  readonly mentioned: CommitNews[] = [];
  /** Commands applied, in order. */
  applied: string[] = [];
  appliedIndex = 0;
  /** The log as far as writes were asked for, by index. What is behind a snapshot is missing. */
  log = new Map<number, Entry>();
  lastIndex = 0;
  readonly readStates: ReadState[] = [];
  readonly outcomes: ProposalOutcome[] = [];
  /** Bytes sent and not yet read back are damaged by this, in transfers of snapshots. */
  corruptSnapshots = false;
  installs = 0;
  isUp = true;
  readonly #options: ReplicaOptions;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.id = options.id;
    this.disk = new RaftDisk(options.founding);
    this.node = this.#boot();
  }

  step(message: Message): StepResult | undefined {
    if (!this.isUp) return undefined;
    const result = this.node.step(message);
    this.settle();
    return result;
  }

  tick(): void {
    if (!this.isUp) return;
    this.node.tick();
    this.settle();
  }

  get isLeader(): boolean {
    return this.node.softState.role === 'leader';
  }

  campaign(): void {
    this.node.campaign();
    this.settle();
  }

  /** Hand the leadership to `name`, if it is here. */
  transfer(to: MemberId): ReturnType<RaftNode['transferLeadership']> {
    const result = this.node.transferLeadership(to);
    this.settle();
    return result;
  }

  change(membership: Membership): ReturnType<RaftNode['proposeConfChange']> {
    const result = this.node.proposeConfChange(membership);
    this.settle();
    return result;
  }

  propose(...commands: readonly string[]): ReturnType<RaftNode['propose']> {
    const result = this.node.propose(commands.map(utf8Encode));
    this.settle();
    return result;
  }

  /** Returns the context, if there is one. */
  read(): number | undefined {
    const result = this.node.readIndex();
    if (result.kind === 'dropped') return undefined;
    this.#options.invariants.readAsked(this, result.context);
    this.settle();
    return result.context;
  }

  /** Let the oldest write become durable, or all. */
  persist(limit = Number.POSITIVE_INFINITY): void {
    if (!this.isUp) return;
    for (let i = 0; i < limit; i += 1) {
      const number = this.disk.persist();
      if (number === undefined) break;
      this.node.stored(number);
      this.settle();
    }
  }

  compact(kept: number): void {
    if (!this.isUp || this.appliedIndex <= this.disk.snapshot().index) return;
    if (this.appliedIndex > this.node.status.durable) return;
    const description = this.node.describeSnapshot(this.appliedIndex);
    this.disk.compact(description, utf8Encode(JSON.stringify(this.applied)), kept);
    this.node.compacted();
    this.settle();
  }

  crash(): void {
    this.disk.crash();
    this.isUp = false;
    this.readStates.length = 0;
  }

  restart(): void {
    this.node = this.#boot();
    this.isUp = true;
    this.settle();
  }

  settle(): void {
    for (let ready = this.node.ready(); ready !== undefined; ready = this.node.ready()) {
      this.#options.watch?.(this, ready);
      this.#take(ready);
      this.node.advance();
      this.#serveSnapshots(ready);
    }
    this.#options.invariants.observe(this);
  }

  #boot(): RaftNode {
    const { id: self, random, tuning } = this.#options;
    const { disk } = this;
    const { index } = disk.snapshot();
    this.#restore(index, disk.snapshotBytes);
    this.log = new Map();
    for (let at = disk.firstIndex(); at <= disk.lastIndex(); at += 1) {
      for (const entry of disk.entries(at, at + 1, 0)) this.log.set(at, entry);
    }
    this.lastIndex = disk.lastIndex();
    const options = { ...TUNING, ...tuning, self, random };
    return new RaftNode(options, { hardState: disk.hardState, log: disk, applied: index });
  }

  #take({ staging, write, messages, news, committed, readStates, proposalOutcomes }: Ready): void {
    const { invariants, send } = this.#options;
    for (const step of staging) this.disk.stage(step);
    if (write !== undefined) {
      invariants.written(this, write);
      const bytes = this.disk.enqueue(write);
      if (write.snapshot !== undefined && bytes !== undefined) {
        this.installs += 1;
        this.log.clear();
        this.lastIndex = write.snapshot.index;
        this.#restore(write.snapshot.index, bytes);
      }
      if (write.truncateFrom !== undefined) this.#truncate(write.truncateFrom);
      for (const entry of write.entries) {
        this.log.set(entry.index, entry);
        this.lastIndex = entry.index;
      }
    }
    this.mentioned.push(...news);
    for (const message of [...messages, ...news]) {
      invariants.sent(this, message);
      send(message);
    }
    for (const entry of committed) this.#apply(entry);
    for (const state of readStates) invariants.readAnswered(this, state);
    this.readStates.push(...readStates);
    this.outcomes.push(...proposalOutcomes);
  }

  #truncate(from: number): void {
    for (let index = from; index <= this.lastIndex; index += 1) this.log.delete(index);
    this.lastIndex = from - 1;
  }

  #apply(entry: Entry): void {
    this.#options.invariants.applied(this, entry);
    this.appliedIndex = entry.index;
    if (entry.kind === 'command') this.applied.push(utf8Decode(entry.bytes));
  }

  #restore(index: number, bytes: Uint8Array): void {
    this.appliedIndex = index;
    this.applied = bytes.length === 0 ? [] : (JSON.parse(utf8Decode(bytes)) as string[]);
  }

  #serveSnapshots({ snapshotReads }: Ready): void {
    for (const { to, snapshot, offset, maxBytes } of snapshotReads) {
      const isHere =
        this.disk.snapshot().checksum === snapshot.checksum && this.disk.snapshot().index === snapshot.index;
      const bytes = isHere ? this.disk.snapshotBytes.slice(offset, offset + maxBytes) : undefined;
      if (this.corruptSnapshots && bytes !== undefined) bytes[0] = (bytes[0] ?? 0) ^ 1;
      this.node.snapshotBytes({ to, snapshot, offset, bytes });
    }
  }
}

/** What goes into the core and comes out of it; the duties of its caller are in `raft-node.ts`. */
import type { Configuration, MemberId } from './configuration.js';
import type { Entry } from './entry.js';
import type { LogReader, SnapshotMeta } from './log-reader.js';
import type { CommitNews, Message } from './messages.js';

/** Uniform numbers: `float` in [0, 1), `u32` over 32 bits. The randomness port has this shape. */
export interface RandomSource {
  float(): number;
  u32(): number;
}

export interface RaftOptions {
  readonly self: MemberId;
  readonly random: RandomSource;
  /** In how many ticks the member can be expected to answer; Infinity if not at all. A leader asks those first who answer soonest. */
  readonly answersAfterTicks: (member: MemberId) => number;
  /** Without a leader for this many ticks, up to twice as many at random, a voter campaigns. */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** Appends on the way to one follower before the leader waits for answers. */
  readonly inflightMaxMessages: number;
  readonly appendMaxBytes: number;
  /** Proposals of a leader that are not committed yet, before it refuses more. */
  readonly uncommittedMaxBytes: number;
  /** Committed entries handed out at once. */
  readonly applyMaxBytes: number;
  readonly snapshotChunkMaxBytes: number;
  /** How far a learner may be behind and still become a voter. */
  readonly promotionMaxLagEntries: number;
}

/** To be replaced whole, in one transaction. */
export interface HardState {
  readonly term: number;
  readonly votedFor: MemberId | undefined;
  /** A hint that spares a restart from waiting; it may be behind. */
  readonly commit: number;
}

/** What survived. The first time: term 0, no vote, an empty log. */
export interface Recovered {
  readonly hardState: HardState;
  readonly log: LogReader;
  /** The last entry the state machine has durably applied. */
  readonly applied: number;
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** What this member is in the newest configuration; `removed` once a committed one is known to leave it out for good. */
export type Standing = 'voter' | 'learner' | 'stranger' | 'removed';

export interface SoftState {
  readonly role: Role;
  readonly term: number;
  readonly leader: MemberId | undefined;
  readonly standing: Standing;
}

/** What is to be made durable, in one transaction with the hard state. */
export interface LogWrite {
  /** Take over this snapshot, which was staged, and drop the whole log before anything else. */
  readonly snapshot: SnapshotMeta | undefined;
  /** Drop the entries from here on before appending. */
  readonly truncateFrom: number | undefined;
  readonly entries: readonly Entry[];
}

export interface Write extends LogWrite {
  /** Writes are numbered from 1 and must become durable in this order. */
  readonly number: number;
  readonly hardState: HardState;
}

/** What to do with the bytes of a snapshot that arrives. `begin` throws away whatever was staged before. */
export type Staging =
  | { readonly kind: 'begin'; readonly snapshot: SnapshotMeta }
  | { readonly kind: 'chunk'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'discard' };

/** Bytes of a snapshot that a follower needs. */
export interface SnapshotRead {
  readonly to: MemberId;
  readonly snapshot: SnapshotMeta;
  readonly offset: number;
  readonly maxBytes: number;
}

/** The answer to a `SnapshotRead`; without bytes if that snapshot is no more. */
export type SnapshotBytes = Omit<SnapshotRead, 'maxBytes'> & { readonly bytes: Uint8Array | undefined };

/** `index`: whoever reads state that has applied it reads no older state than was current when it asked. */
export type ReadState =
  | { readonly kind: 'ready'; readonly context: number; readonly index: number }
  | { readonly kind: 'dropped'; readonly context: number };

/** What became of forwarded proposals: in the leader's log (not committed yet), certainly nowhere, or nobody knows. */
export type ProposalOutcome =
  | { readonly kind: 'appended'; readonly batch: number; readonly firstIndex: number; readonly term: number }
  | { readonly kind: 'dropped'; readonly batch: number }
  | { readonly kind: 'unknown'; readonly batch: number; readonly term: number };

export interface Ready {
  readonly write: Write | undefined;
  /** May leave at once. What depends on a write is held back until `stored` reports it. */
  readonly messages: readonly Message[];
  /** One for a member at most, and nobody waits for it: it may leave later, or not at all. */
  readonly news: readonly CommitNews[];
  readonly staging: readonly Staging[];
  readonly snapshotReads: readonly SnapshotRead[];
  /** To be applied, in order; all of it is durable here. */
  readonly committed: readonly Entry[];
  readonly readStates: readonly ReadState[];
  readonly proposalOutcomes: readonly ProposalOutcome[];
  /** Present when it changed. */
  readonly softState: SoftState | undefined;
}

export type DropReason = 'no-leader' | 'not-leader' | 'transferring' | 'overloaded';

export type ProposeResult =
  /** In this leader's log from `firstIndex` on; committed only if the entry there turns out to be of `term`. */
  | { readonly kind: 'appended'; readonly firstIndex: number; readonly term: number }
  /** On its way to the leader, at `offset` of `batch`; a `ProposalOutcome` will follow. */
  | { readonly kind: 'forwarded'; readonly batch: number; readonly offset: number }
  | { readonly kind: 'dropped'; readonly reason: DropReason };

export type ReadResult =
  | { readonly kind: 'accepted'; readonly context: number }
  | { readonly kind: 'dropped'; readonly reason: DropReason };

export type TransferResult =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'dropped'; readonly reason: 'not-leader' | 'not-a-voter' | 'transferring' };

export type ChangeResult =
  | { readonly kind: 'accepted'; readonly index: number; readonly term: number }
  | {
      readonly kind: 'dropped';
      readonly reason:
        | 'not-leader'
        | 'transferring'
        | 'change-in-progress'
        | 'term-not-committed'
        | 'not-caught-up'
        | 'no-change'
        | 'invalid';
      readonly detail: string;
    };

/** What became of a message. A refused one had no effect. */
export type StepResult =
  | { readonly kind: 'taken' }
  | {
      readonly kind: 'refused';
      readonly reason: 'malformed' | 'other-incarnation' | 'stranger' | 'stale' | 'shielded';
    };

/** How a leader sees a member. */
export interface ProgressStatus {
  readonly member: MemberId;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly match: number;
  readonly active: boolean;
}

export interface RaftStatus extends SoftState {
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly durable: number;
  readonly commit: number;
  readonly handedOut: number;
  readonly configuration: Configuration;
  readonly configurationIndex: number;
  /** Empty unless this is the leader. */
  readonly progress: readonly ProgressStatus[];
}

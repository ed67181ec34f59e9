/** What the driver of the total order needs, and what it tells about itself. */
import { LIMITS } from '../../base/limits.js';
import type { MemberId } from '../../consensus/configuration.js';
import type { CommitNews, Message } from '../../consensus/messages.js';
import type { ChangeResult, RaftOptions, StepResult } from '../../consensus/raft-types.js';
import type { Random } from '../../ports/random.js';
import type { Storage } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import type { Trace } from '../../ports/trace.js';
import type { OrderedState } from './ordered-state.js';
import type { ChangeOutcome } from './raft-change.js';

/** Sizes and patience; the core's and the driver's own. */
export interface RaftTuning extends Omit<RaftOptions, 'self' | 'random' | 'answersAfterTicks'> {
  readonly trailingEntries: number;
  readonly trailingMaxBytes: number;
  readonly compactStepEntries: number;
}

export interface RaftOrderOptions {
  /** This replica's incarnation. */
  readonly self: MemberId;
  readonly storage: Storage;
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly send: (messages: readonly Message[]) => void;
  /** What may leave later, with something else for the same member. A newer one makes an older one superfluous. */
  readonly mention: (news: readonly CommitNews[]) => void;
  /** How soon an answer of the member can be expected; Infinity if that is not known. */
  readonly answersAfterMs: (member: MemberId) => number;
  readonly state: OrderedState;
  /** Put the leader's time on a command, in place: called once for each, by the leader that appends it. */
  readonly stamp: (command: Uint8Array) => void;
  /** Called before with those that come from peers. @throws DecodeError if it is no command: it is refused then */
  readonly check: (command: Uint8Array) => void;
  /** Role, leader, term or members have changed. */
  readonly onChange: () => void;
  /** The process must end. */
  readonly onFatal: (error: unknown) => void;
  /** In place of the limits of the product, for tests. */
  readonly tuning?: Partial<RaftTuning> | undefined;
}

/** Why a message had no effect; names of the counters. */
export type RaftRefusal = Extract<StepResult, { readonly kind: 'refused' }>['reason'] | 'busy';

export interface RaftCounters {
  readonly refused: ReadonlyMap<RaftRefusal, number>;
  /** Copies made for others, taken over from others, and those of others that were no state. */
  readonly copiesMade: number;
  readonly installed: number;
  readonly installsRefused: number;
  /** Entries dropped from the beginning of the log. */
  readonly compactedEntries: number;
}

export type MembershipResult =
  | { readonly kind: 'accepted'; readonly done: Promise<ChangeOutcome> }
  | Extract<ChangeResult, { readonly kind: 'dropped' }>;

export const RAFT_TUNING: RaftTuning = {
  electionTicks: LIMITS.electionTimeoutMs / LIMITS.tickMs,
  heartbeatTicks: LIMITS.heartbeatMs / LIMITS.tickMs,
  inflightMaxMessages: LIMITS.raftInflightMaxMessages,
  appendMaxBytes: LIMITS.raftAppendMaxBytes,
  uncommittedMaxBytes: LIMITS.raftUncommittedMaxBytes,
  applyMaxBytes: LIMITS.raftApplyMaxBytes,
  snapshotChunkMaxBytes: LIMITS.raftSnapshotChunkMaxBytes,
  promotionMaxLagEntries: LIMITS.raftPromotionMaxLagEntries,
  trailingEntries: LIMITS.raftTrailingEntries,
  trailingMaxBytes: LIMITS.raftTrailingMaxBytes,
  compactStepEntries: LIMITS.raftCompactStepEntries,
};

/**
 * What members say to each other. Every message names the incarnation it is for; `term` is the sender's, except in a
 * pre-vote request and its grant, where it is the term the candidate would campaign in.
 */
import type { MemberId } from './configuration.js';
import type { Entry } from './entry.js';
import type { SnapshotMeta } from './log-reader.js';

interface Envelope {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly term: number;
}

export interface PreVoteRequest extends Envelope {
  readonly kind: 'pre-vote-request';
  readonly lastIndex: number;
  readonly lastTerm: number;
}

export interface PreVoteAnswer extends Envelope {
  readonly kind: 'pre-vote-answer';
  readonly granted: boolean;
  /** Index of the newest committed configuration the voter knows, if that does not name the candidate. */
  readonly removedAt: number | undefined;
}

export interface VoteRequest extends Envelope {
  readonly kind: 'vote-request';
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The leader asked for this campaign; nobody shields it from itself. */
  readonly transfer: boolean;
}

export interface VoteAnswer extends Envelope {
  readonly kind: 'vote-answer';
  readonly granted: boolean;
}

export interface Append extends Envelope {
  readonly kind: 'append';
  readonly previousIndex: number;
  readonly previousTerm: number;
  /** Consecutive, from `previousIndex + 1`. Messages to different members share one array where they can. */
  readonly entries: readonly Entry[];
  readonly commit: number;
}

/** The sender's log equals the leader's up to `matched`, durably. */
export interface AppendAccepted extends Envelope {
  readonly kind: 'append-accepted';
  readonly matched: number;
}

/** The sender has another entry, or none, at `previousIndex`; up to `hintIndex` terms may still agree. */
export interface AppendRejected extends Envelope {
  readonly kind: 'append-rejected';
  readonly previousIndex: number;
  readonly hintIndex: number;
  readonly hintTerm: number;
}

export interface Heartbeat extends Envelope {
  readonly kind: 'heartbeat';
  /** Never more than the receiver is known to share with the leader. */
  readonly commit: number;
  /** The newest read round of this term; an answer proves that the leader led after that round began. */
  readonly round: number;
}

export interface HeartbeatAnswer extends Envelope {
  readonly kind: 'heartbeat-answer';
  readonly round: number;
}

/**
 * News of what is committed, without entries: nobody answers. If it is lost, the next append or heartbeat says the same.
 */
export interface CommitNews extends Envelope {
  readonly kind: 'commit-news';
  /** Never more than the receiver is known to share with the leader. */
  readonly commit: number;
}

export interface SnapshotChunk extends Envelope {
  readonly kind: 'snapshot-chunk';
  readonly snapshot: SnapshotMeta;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The receiver wants the bytes from `offset` on. An installed snapshot is answered by `append-accepted`. */
export interface SnapshotWanted extends Envelope {
  readonly kind: 'snapshot-wanted';
  readonly snapshot: SnapshotMeta;
  readonly offset: number;
}

/** Campaign at once: the leader hands over. */
export interface Handover extends Envelope {
  readonly kind: 'handover';
}

/** A follower's proposals, for the leader of `term` and no other. `session` and `batch` name the request once and for all. */
export interface ForwardedProposals extends Envelope {
  readonly kind: 'forwarded-proposals';
  readonly session: number;
  readonly batch: number;
  readonly commands: readonly Uint8Array[];
}

/** Where the commands went, in order; or that they certainly went nowhere. */
export interface ProposalsAnswer extends Envelope {
  readonly kind: 'proposals-answer';
  readonly session: number;
  readonly batch: number;
  readonly appended: { readonly firstIndex: number; readonly term: number } | undefined;
}

export interface ReadRequest extends Envelope {
  readonly kind: 'read-request';
  readonly session: number;
  readonly context: number;
}

export interface ReadAnswer extends Envelope {
  readonly kind: 'read-answer';
  readonly session: number;
  readonly context: number;
  readonly index: number;
}

export type Message =
  | PreVoteRequest
  | PreVoteAnswer
  | VoteRequest
  | VoteAnswer
  | Append
  | AppendAccepted
  | AppendRejected
  | Heartbeat
  | HeartbeatAnswer
  | CommitNews
  | SnapshotChunk
  | SnapshotWanted
  | Handover
  | ForwardedProposals
  | ProposalsAnswer
  | ReadRequest
  | ReadAnswer;

/** What only a leader of its term says. */
export type LeaderMessage = Append | Heartbeat | CommitNews | SnapshotChunk | Handover;

/** What is said to a leader, by a candidate, or in answer. */
export type MemberMessage = Exclude<Message, LeaderMessage>;

export function isLeaderMessage(message: Message): message is LeaderMessage {
  switch (message.kind) {
    case 'append':
    case 'heartbeat':
    case 'commit-news':
    case 'snapshot-chunk':
    case 'handover':
      return true;
    default:
      return false;
  }
}

/** Whether a message has the form its kind demands. What does not may not reach the log. */
export function isWellFormed(message: Message): boolean {
  if (!isCount(message.term) || message.term === 0) return false;
  switch (message.kind) {
    case 'append':
      return isCount(message.commit) && isChain(message);
    case 'snapshot-chunk': {
      const { snapshot, offset, bytes } = message;
      const fits = isCount(offset) && isCount(snapshot.sizeBytes) && offset + bytes.length <= snapshot.sizeBytes;
      return fits && isCount(snapshot.index) && snapshot.index > 0 && snapshot.term <= message.term;
    }
    case 'commit-news':
      return isCount(message.commit);
    case 'append-accepted':
      return isCount(message.matched);
    case 'append-rejected':
      return isCount(message.hintIndex) && message.hintIndex <= message.previousIndex;
    default:
      return true;
  }
}

/** Entries without holes whose terms do not fall and do not exceed the leader's. */
function isChain({ previousIndex, previousTerm, entries, term }: Append): boolean {
  if (!isCount(previousIndex) || !isCount(previousTerm)) return false;
  let lastTerm = previousTerm;
  for (const [i, entry] of entries.entries()) {
    if (entry.index !== previousIndex + 1 + i || entry.term < lastTerm) return false;
    lastTerm = entry.term;
  }
  return lastTerm <= term;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

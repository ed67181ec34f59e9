/**
 * Every failure a user can meet, as data: its HTTP status, whether the request may have taken effect, whether a retry
 * can help and what to do. `docs/ERRORS.md` is tested against this table in both directions.
 */

/** Whether the request took effect: `not-applied` is certain, `unknown` is the only "maybe". */
export type Outcome = 'not-applied' | 'unknown';

interface ErrorEntry {
  /** HTTP status; 0 for failures that stop a process or a command instead of answering a request. */
  readonly status: number;
  readonly title: string;
  readonly outcome: Outcome;
  readonly retryable: boolean;
  readonly advice: string;
}

const refuse = (status: number, title: string, advice: string): ErrorEntry => ({
  status,
  title,
  outcome: 'not-applied',
  retryable: false,
  advice,
});
const unavailable = (status: number, title: string, advice: string): ErrorEntry => ({
  ...refuse(status, title, advice),
  retryable: true,
});
const fatal = (title: string, advice: string): ErrorEntry => refuse(0, title, advice);

export const ERRORS = {
  'invalid-consistency-level': refuse(
    400,
    'Invalid consistency level',
    'Send Consistency-Level: eventual, causal or linearizable, with ;timeout=<ms> as the only parameter.',
  ),
  'invalid-causal-token': refuse(
    400,
    'Invalid causal token',
    'Send a token exactly as a response of this cluster returned it, or send none and start a new session.',
  ),
  'invalid-request': refuse(400, 'Invalid request', 'Correct the request; the detail names the offending part.'),
  'precondition-needs-linearizable': refuse(
    400,
    'Precondition needs linearizable',
    'Send conditional writes with Consistency-Level: linearizable; a weaker level cannot decide a condition.',
  ),
  'level-not-offered': refuse(
    400,
    'Level not offered',
    'This replica runs without a consensus module; use causal or eventual, or another replica.',
  ),
  unauthorized: refuse(401, 'Unauthorized', 'Send Authorization: Bearer with a token of the replica’s token file.'),
  forbidden: refuse(403, 'Forbidden', 'Use a token whose role covers this operation.'),
  'faults-disabled': refuse(403, 'Fault injection is disabled', 'Start the replica with --enable-faults.'),
  'not-found': refuse(404, 'Not found', 'The key or route does not exist here, at the level that was asked.'),
  'method-not-allowed': refuse(405, 'Method not allowed', 'Use a method the Allow header lists.'),
  'already-claimed': refuse(409, 'Already claimed', 'The value belongs to the owner named in the answer.'),
  'unique-violation': refuse(409, 'Unique constraint violated', 'Choose another value; the detail names its holder.'),
  'lock-held': unavailable(409, 'Lock is held', 'Wait for the holder to release it or for its lease to end.'),
  fenced: refuse(409, 'Fencing token is not current', 'The lock has moved on; acquire it again.'),
  'level-too-weak': refuse(
    409,
    'Level too weak',
    'Send the request with Consistency-Level: linearizable; the detail says what asks for it.',
  ),
  'membership-conflict': unavailable(
    409,
    'Membership cannot change this way now',
    'Wait for the change under way to end, or for the observer to catch up; `causeway member list` shows both.',
  ),
  'idempotency-in-progress': unavailable(
    409,
    'A request with this Idempotency-Key is in progress',
    'Wait for the first request to end, then retry to get its outcome.',
  ),
  'precondition-failed': refuse(412, 'Precondition failed', 'Read the key again and decide anew.'),
  'value-too-large': refuse(413, 'Value too large', 'Store values of at most 512 KiB and batches of at most 896 KiB.'),
  'unsupported-media-type': refuse(415, 'Unsupported media type', 'Send application/json to this route.'),
  'idempotency-key-reused': refuse(
    422,
    'Idempotency-Key was used for another request',
    'Use a fresh key for a request with another body.',
  ),
  'rate-limited': unavailable(429, 'Too many requests', 'Slow down and retry after the time in Retry-After.'),
  'headers-too-large': refuse(431, 'Headers too large', 'Send fewer or shorter headers.'),
  'internal-error': {
    ...refuse(500, 'Internal error', 'This is a bug; the replica’s log names it.'),
    outcome: 'unknown',
  },
  'no-quorum': unavailable(
    503,
    'No quorum',
    'This replica cannot reach a majority; retry, ask a replica on the majority side, or use a weaker level.',
  ),
  'causal-wait-timeout': unavailable(
    503,
    'Causal dependencies did not arrive in time',
    'The writes named in `missing` have not reached this replica; retry, ask the replica that issued the token, or read at eventual.',
  ),
  overloaded: unavailable(503, 'Overloaded', 'Retry after the time in Retry-After.'),
  'shutting-down': unavailable(503, 'Shutting down', 'Ask another replica.'),
  'not-ready': unavailable(503, 'Not ready', 'Wait for the replica to catch up, or ask another one.'),
  'outcome-unknown': {
    ...unavailable(
      504,
      'Outcome unknown',
      'The request may have been applied; retry with the same Idempotency-Key, or read to find out.',
    ),
    outcome: 'unknown',
  },
  'invalid-config': fatal('Invalid configuration', 'Correct the flag or file that the message names.'),
  'invalid-history': fatal(
    'Invalid history',
    'Correct the line that the message names; docs/HISTORY.md has the format.',
  ),
  'data-dir-in-use': fatal('Data directory in use', 'Stop the other process, or choose another --data directory.'),
  'data-dir-foreign': fatal(
    'Data directory of another cluster or replica',
    'Choose the right --data directory, or an empty one.',
  ),
  'data-dir-newer-format': fatal('Data directory of a newer format', 'Run the version that wrote it, or a later one.'),
  'data-dir-corrupt': fatal(
    'Data directory is damaged',
    'Restore it, or delete it: the replica then comes back as a new incarnation and catches up from its peers.',
  ),
  'replica-removed': fatal(
    'Replica was removed from its cluster',
    'Its data is of no more use to the cluster. Start it with an empty --data directory to join again as a new incarnation.',
  ),
  'replica-id-taken': fatal('Replica id is taken', 'Give each replica an id of its own; stop the other process first.'),
  'port-in-use': fatal('Port in use', 'Choose another --http address, or stop the process that listens there.'),
  'storage-failed': fatal(
    'Storage failed',
    'The replica stopped at once because a write to disk failed. Check space and health of the disk, then restart.',
  ),
  'transport-failed': fatal(
    'NATS cannot be used',
    'Check the --nats URL; `causeway doctor` shows what can be reached.',
  ),
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof ERRORS;

/** One dependency a request waited for in vain: this replica has `have`, the token needs `need`. */
export interface MissingWrites {
  readonly origin: string;
  readonly have: number;
  readonly need: number;
}

/** Members that some errors add to their problem document. */
export interface ErrorFacts {
  readonly missing?: readonly MissingWrites[];
  readonly etag?: string | null;
  readonly owner?: string;
  /** Keys that stand in the way, the first few. */
  readonly keys?: readonly string[];
  /** How long the current holder of a lock has left, as far as the replica can tell. */
  readonly remainingMs?: number;
  readonly served?: readonly string[];
  /** Seconds for `Retry-After`; defaults to 1 where the entry is retryable. */
  readonly retryAfterSeconds?: number;
  /** The version vector of what was applied, where an outcome is unknown although a part is certain. */
  readonly durability?: string;
}

/** A coded failure from the registry. `detail` says what happened in this one case, as a sentence. */
export class CausewayError extends Error {
  override readonly name = 'CausewayError';
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, detail: string, facts: ErrorFacts = {}) {
    super(detail);
    this.code = code;
    this.facts = facts;
  }

  get entry(): ErrorEntry {
    return ERRORS[this.code];
  }
}

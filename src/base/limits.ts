/** Every limit of the product in one place: numbers with their units last in the name. */

export const LIMITS = {
  keyMaxBytes: 511,
  valueMaxBytes: 512 * 1024,
  contentTypeMaxBytes: 255,
  /** One write group is one NATS message; nats-server's default max_payload is 1 MiB. */
  groupMaxBytes: 896 * 1024,
  batchMaxOps: 128,
  multiGetMaxKeys: 128,
  listDefaultItems: 100,
  listMaxItems: 1000,
  /** A page of a list ends early rather than exceed this. */
  listPageMaxBytes: 8 * 1024 * 1024,
  /** Keys one page looks at, deleted ones included; a page with few items then still has a next. */
  listScanMaxKeys: 20_000,
  tokenMaxBytes: 1024,
  idempotencyKeyMaxChars: 128,
  timeoutDefaultMs: 5_000,
  timeoutMaxMs: 60_000,
  /** A write whose dependencies arrived just in time still gets this long to become durable. */
  storageGraceMs: 1_000,
  /** Members plus former incarnations that a version vector may name; bounds decoding. */
  vectorMaxEntries: 64,
  membersMax: 16,
  /** Replicas that are no members and said hello, remembered so that they can be added. */
  candidatesMax: 16,
  /** How long a founder waits for the answers of one round. */
  foundingRoundMs: 500,
  /** A change that was sent to the leader is sent again after this, and a leader waits this long for its successor. */
  membershipAskMs: 500,
  membershipTransferMs: 600,
  /** Between two attempts to put a new incarnation in the place of the old one. */
  replacementRetryMs: 1_000,
  /** What a removed member wrote last is still taken for this long; shorter than `peerTimeoutMs`. */
  farewellMs: 750,
  /** A removed replica ends after this, when what it wrote last has left. */
  removedGraceMs: 500,
  /** How long a replica that was left out waits for the members to tell whether another incarnation has its place. */
  expelledPatienceMs: 3_000,

  /** A stamp further ahead of the local wall clock than this is never followed. */
  clockMaxAheadMs: 500,

  /** Requests that may wait for the next storage commit before new ones are refused as overloaded. */
  pendingWritesMax: 20_000,
  pendingWritesMaxBytes: 64 * 1024 * 1024,
  waitersMax: 20_000,
  /** HTTP requests begun and not yet answered, and the bytes of their bodies, before new ones are refused as overloaded. */
  requestsInFlightMax: 10_000,
  requestBodiesMaxBytes: 256 * 1024 * 1024,
  /** Groups and bytes of one storage transaction. */
  turnMaxGroups: 2_048,
  turnMaxBytes: 8 * 1024 * 1024,

  /** Entries of the log applied in one turn of the event loop, and their bytes. */
  applyMaxEntries: 256,
  applyMaxBytes: 1024 * 1024,
  /** Groups of the log offered to the causal buffer ahead of what is delivered; the rest waits in storage. */
  logGroupsAheadMax: 8_192,
  /** A group of the log that peers have and our own log does not bring is fetched after this. */
  logGroupGraceMs: 1_000,
  /** A token may be this many entries of the log ahead of all that this replica has heard of. */
  tokenLogAheadMax: 1_000_000_000,
  /** Entries of an ordered state that is no longer used which one transaction deletes. */
  stateClearMaxKeys: 2_000,
  /** A page of a copy of the ordered state, one large record on its own included. */
  statePageMaxBytes: 16 * 1024 * 1024,

  bufferMaxGroups: 100_000,
  bufferMaxBytes: 64 * 1024 * 1024,
  /** Payload of one transport message, under nats-server's default of 1 MiB with room for the envelope. */
  messageMaxBytes: 960 * 1024,
  fetchMaxBytes: 768 * 1024,
  fetchMaxGroups: 4_096,
  snapshotPageMaxBytes: 512 * 1024,
  snapshotPageMaxEntries: 4_096,
  /** An open snapshot that its reader abandoned is closed after this. */
  snapshotIdleMs: 10_000,

  tickMs: 20,
  /** While nobody waits for them, what peers send and what they are sent is gathered for this long after the last time. */
  gatherMs: 5,
  digestIntervalMs: 250,
  /** A hole seen in an origin's stream is fetched after this, so that mere reordering costs nothing. */
  gapRepairDelayMs: 40,
  fetchTimeoutMs: 1_000,
  /** Holes less than this many groups apart are fetched as one. */
  fetchBridgeGroups: 16,
  /** Digests that somebody waits for are asked for at most this often. */
  digestRequestIntervalMs: 20,
  /** Former incarnations of one replica whose late messages are told apart. */
  retiredIncarnationsMax: 16,
  /** A peer not heard from for this long counts as unreachable. */
  peerTimeoutMs: 1_500,
  /** How far the operation log may run ahead of stability before it is cut and laggards need a snapshot. */
  operationLogMaxGroups: 500_000,
  /** What has become stable is forgotten this often, or sooner if it is this much. */
  trimIntervalMs: 1_000,
  trimMinOperations: 1_000,
  auditIntervalMs: 2_000,
  auditPageMaxKeys: 2_000,
  /** How long the outcome of a weaker write stays known under its Idempotency-Key. */
  idempotencyWindowMs: 24 * 60 * 60 * 1000,

  /** One entry of the log: a command of at most `groupMaxBytes` and what it adopts, or adoptions alone. */
  entryMaxBytes: 2 * 1024 * 1024,
  /** Keys and values that one entry adopts beside its command; more goes into entries of its own before. */
  adoptionMaxKeys: 1_024,
  adoptionMaxBytes: 896 * 1024,
  /** Entity tags one condition may list. */
  conditionMaxEtags: 16,
  fencesMax: 8,
  /** Deleted keys that one entry removes from the ordered view. */
  forgetMaxKeys: 1_024,
  /**
   * The outcome of a linearizable request stays known under its Idempotency-Key for this many log entries, and no longer
   * than `idempotencyWindowMs` by the time that leaders stamp on entries.
   */
  orderedRetryWindowEntries: 1_000_000,

  /** Without a leader for this long, up to twice as long at random, a voter of the total order campaigns. */
  electionTimeoutMs: 600,
  /** Requests that wait for their entry of the log, and the bytes of the entries, before new ones are refused. */
  proposalsMax: 10_000,
  proposalsMaxBytes: 64 * 1024 * 1024,
  /** Rounds of reads that may be under way before the next one has to wait. More of them serve fewer reads each. */
  readRoundsMax: 1,
  /** Rounds of asking the voters for their vectors that may be under way before the next one has to wait. */
  vectorRoundsMax: 4,
  vectorResendMs: 100,
  /**
   * Voters that are asked alone for their vectors get this many times the time they use to take, at least so much and at
   * most `vectorResendMs` more, before everybody is asked.
   */
  vectorPatience: 4,
  vectorPatienceMs: 5,
  /** This often a round asks everybody, to find out who answers soonest. */
  vectorSurveyMs: 1_000,
  heartbeatMs: 100,
  /** Appends on the way to one follower, and the size of each: one fits in a message. */
  raftInflightMaxMessages: 32,
  raftAppendMaxBytes: 512 * 1024,
  /** What a leader has appended and not committed, before it refuses more. */
  raftUncommittedMaxBytes: 32 * 1024 * 1024,
  /** Committed entries handed to the state machine in one turn of the event loop. */
  raftApplyMaxBytes: 256 * 1024,
  raftSnapshotChunkMaxBytes: 512 * 1024,
  /** How far behind a learner may be that becomes a voter. */
  raftPromotionMaxLagEntries: 1_000,
  /** Entries kept behind the durable state, so that a member that was away for a while needs no copy of all of it. */
  raftTrailingEntries: 20_000,
  raftTrailingMaxBytes: 32 * 1024 * 1024,
  /** Entries that one step of compaction drops: what one turn of the event loop can afford. */
  raftCompactStepEntries: 2_000,
  /** Entries at the end of the log that are read and checked when it is opened. */
  raftVerifiedTailEntries: 1_000,
  /** A copy of the state is measured in slices of this size. */
  raftCopySliceBytes: 1024 * 1024,
  /** However often it is read, a copy is not kept open longer: it keeps old pages and the log behind it alive. */
  raftCopyMaxMs: 10 * 60 * 1000,

  /** Names of locks, elections, sequences, constraints and namespaces of claims; owners of locks and claims. */
  coordinationNameMaxBytes: 255,
  claimValueMaxBytes: 511,
  lockTtlMaxMs: 24 * 60 * 60 * 1000,
  lockWaitMaxMs: 60 * 60 * 1000,
  lockWaitersMax: 128,
  /**
   * A lease ends by the clock of a replica this long after its ttl, and by this fraction of it: clocks that differ less in
   * rate never end one that its holder still counts on. (Steered clocks are slewed by 500 ppm at most, each way.)
   */
  leaseMarginMs: 20,
  leaseClockDriftPpm: 2_000,
  /** Leases that are over are left to the leader to end for this long; it may have died. */
  leaseFollowerGraceMs: 3_000,
  /** How often it is looked whether leases that are over have become this replica's to end. */
  leaseCheckMs: 250,
  /** A timer this late is taken for a pause of the process: renewals may be waiting to be read. */
  leaseStallMs: 250,
  /** How long after its `waitMs` a place in the queue is left to its own coordinator to give up. */
  lockPlaceGraceMs: 2_000,
  /** Entries that end leases and places and have not been applied yet. */
  leaseEndsInFlightMax: 64,
  leaseRetryMinMs: 100,
  leaseRetryMaxMs: 5_000,
  constraintsMax: 64,
  /** Keys under the prefix of a constraint when it is declared; it may grow beyond afterwards. */
  constraintDeclareMaxKeys: 100_000,
  /** Offending keys that a refused declaration names. */
  constraintOffendersMax: 20,
  uniqueValueMaxBytes: 1024,
  jsonPointerMaxBytes: 255,
  jsonPointerMaxTokens: 32,
  /** Streams of events say this often that they are still there. */
  streamHeartbeatMs: 15_000,

  /** One line of a history file: the largest transaction, every character of it escaped. */
  historyLineMaxChars: 8 * 1024 * 1024,
  /** Operations of one history: what fits into memory. */
  historyMaxOperations: 2_000_000,

  /** One line of Maelstrom's protocol: the largest message between replicas as text, and room for its envelope. */
  maelstromLineMaxBytes: 2 * 1024 * 1024,
  maelstromNestingMax: 64,

  duplicateIdProbeMs: 250,
  /** A replica with a past takes requests when all peers were heard, or after this: they may know more of its writes. */
  originConfirmMs: 1_000,
  drainMaxMs: 5_000,
  faultDefaultTtlMs: 60_000,
  faultMaxTtlMs: 60 * 60 * 1000,
  clockSkewMaxMs: 7 * 24 * 60 * 60 * 1000,
  linkDelayMaxMs: 60_000,
} as const;

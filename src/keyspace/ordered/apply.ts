/**
 * The ordered state machine: what the entry of the log at index i does to the ordered view, and the write group `(log, i)`
 * by which the causal view does the same. Both follow from the log alone. Every index has its group, of no operations
 * where nothing changed, because counters have no gaps.
 */
import { assert } from '../../base/assert.js';
import { DecodeError } from '../../base/bytes.js';
import { LOG_ORIGIN } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { refusal } from '../../base/refusal.js';
import type { ShownValue, ValueChange } from '../../base/shown-value.js';
import { StateOverlay, type StateReader, type StateWrite } from '../../base/state-table.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { EMPTY_BODY, type GroupBody, type GroupOp, type GroupStem, versionOf } from '../group-body.js';
import {
  applyVersion,
  decodeRecord,
  encodeRecord,
  isForgettable,
  type KeyRecord,
  NO_VERSIONS,
  pastOf,
} from '../key-record.js';
import { adopt } from './adoption.js';
import { type Command, keysOf, type WriteOp } from './command.js';
import type { Coordinator } from './coordinator.js';
import { decodeEntry, type Entry, type ProposalName } from './entry.js';
import type { Outcome } from './outcome.js';
import { type Forgotten, readStanding, type Standing, writeForgotten } from './progress.js';
import { findOutcome, forgetOutcomes, isStored, storeOutcome } from './retries.js';
import { keyOfRecord, readOrdered, recordKey, recordRange } from './state-keys.js';
import { planTransaction, type Transaction } from './transact.js';

/** The group an entry contributes to the causal plane; its driver seals it. */
export interface LogGroup extends GroupStem {
  readonly body: GroupBody;
}

export interface Applied {
  readonly kind: 'applied';
  readonly index: number;
  /** Undefined for an entry that is not ours. */
  readonly proposal: ProposalName | undefined;
  readonly outcome: Outcome;
  /** The outcome is that of an earlier entry of the same request. */
  readonly replayed: boolean;
  /** What a session that is told the outcome has seen: to be joined into its token. Of `stale`, what is to be waited for. */
  readonly past: VersionVector;
  /** To be stored in one transaction with nothing of a later entry missing between, and with the progress. */
  readonly writes: readonly StateWrite[];
  /** After this entry. */
  readonly standing: Standing;
  readonly group: LogGroup;
}

/** The log holds what no proposer may put there: it is damaged, and this replica must not go on. */
export interface CorruptEntry {
  readonly kind: 'corrupt';
  readonly index: number;
  readonly reason: string;
}

/** What an entry does apart from moving the state's progress on. */
interface Effect {
  readonly outcome: Outcome;
  readonly replayed?: boolean;
  readonly past: VersionVector;
  readonly deps: VersionVector;
  readonly ops: readonly GroupOp[];
  /** If the entry has changed it. */
  readonly forgotten?: Forgotten;
}

/** What the functions below share: one entry in the making. */
interface Step {
  readonly state: StateOverlay;
  readonly index: number;
  readonly entry: Entry;
  readonly coordinator: Coordinator;
  readonly forgotten: Forgotten;
  readonly timeMs: number;
}

/**
 * Apply the entry `bytes` at `index`, the next after the one applied last. `state` stays as it is; `writes` is what
 * becomes of it. `standing` is what the entry before has left, or what `state` says of it.
 * @throws DecodeError if the stored state, not the entry, is damaged
 */
export function applyEntry(
  state: StateReader,
  index: number,
  bytes: Uint8Array,
  coordinator: Coordinator,
  { progress, forgotten }: Standing = readStanding(state),
): Applied | CorruptEntry {
  const read = readEntry(index, bytes, coordinator);
  if (read.kind === 'corrupt') return read;
  const { entry } = read;
  const { hlc } = entry;
  assert(index === progress.applied + 1, 'entry out of turn', { index, applied: progress.applied });
  const overlay = new StateOverlay(state);
  const timeMs = Math.max(progress.timeMs, entry.timeMs);
  const effect = takeEffect({ state: overlay, index, entry, coordinator, forgotten, timeMs });
  const mayStore = entry.retry !== undefined;
  const retriesFrom = forgetOutcomes(overlay, progress.retriesFrom, index, timeMs, mayStore);
  assert(effect.deps.get(LOG_ORIGIN) < index, 'log group depends on itself', { index, deps: effect.deps });
  const body = effect.ops.length === 0 ? EMPTY_BODY : { retry: undefined, ops: effect.ops };
  return {
    kind: 'applied',
    index,
    proposal: entry.proposal,
    outcome: effect.outcome,
    replayed: effect.replayed === true,
    past: effect.past,
    writes: overlay.writes(),
    standing: { progress: { applied: index, timeMs, hlc, retriesFrom }, forgotten: effect.forgotten ?? forgotten },
    group: { dot: { origin: LOG_ORIGIN, counter: index }, hlc, deps: effect.deps, body },
  };
}

/** Move on over an entry at `index` that is none of ours: one that opens a term, or changes the membership. */
export function applyForeign(
  state: StateReader,
  index: number,
  { progress, forgotten }: Standing = readStanding(state),
): Applied {
  assert(index === progress.applied + 1, 'entry out of turn', { index, applied: progress.applied });
  const overlay = new StateOverlay(state);
  const retriesFrom = forgetOutcomes(overlay, progress.retriesFrom, index, progress.timeMs, false);
  const { EMPTY } = VersionVector;
  return {
    kind: 'applied',
    index,
    proposal: undefined,
    outcome: { kind: 'done' },
    replayed: false,
    past: EMPTY,
    writes: overlay.writes(),
    standing: { progress: { ...progress, applied: index, retriesFrom }, forgotten },
    group: { dot: { origin: LOG_ORIGIN, counter: index }, hlc: progress.hlc, deps: EMPTY, body: EMPTY_BODY },
  };
}

function readEntry(
  index: number,
  bytes: Uint8Array,
  coordinator: Coordinator,
): { readonly kind: 'entry'; readonly entry: Entry } | CorruptEntry {
  try {
    const entry = decodeEntry(bytes);
    if (entry.command.kind === 'coordinate') coordinator.checkCommand(entry.command.command);
    const newest = newestSeen(entry);
    if (newest >= index) throw new DecodeError(`an entry that has seen entry ${newest}`);
    return { kind: 'entry', entry };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return { kind: 'corrupt', index, reason: error.message };
  }
}

/** Index of the newest entry that whoever proposed this one had seen. */
function newestSeen({ base, deps, adopted, command }: Entry): number {
  let newest = Math.max(base, deps.get(LOG_ORIGIN));
  for (const { versions } of adopted) {
    for (const version of versions) newest = Math.max(newest, version.deps.get(LOG_ORIGIN));
  }
  return command.kind === 'forget' ? Math.max(newest, command.stable.get(LOG_ORIGIN)) : newest;
}

/** An entry that changes no key, or is not to be told anything. */
function nothing(outcome: Outcome, past = VersionVector.EMPTY): Effect {
  return { outcome, past, deps: VersionVector.EMPTY, ops: [] };
}

function takeEffect(step: Step): Effect {
  const { state, index, entry, forgotten, timeMs } = step;
  if (isStale(entry, forgotten)) return nothing({ kind: 'stale' });
  adoptAll(step);
  const { retry } = entry;
  if (retry === undefined) return execute(step);
  const earlier = findOutcome(state, retry.key, index, timeMs);
  if (earlier === undefined) {
    const effect = execute(step);
    const { outcome, past } = effect;
    if (isStored(outcome)) {
      storeOutcome(state, retry.key, { fingerprint: retry.fingerprint, index, timeMs, outcome, past });
    }
    return effect;
  }
  if (earlier.fingerprint === retry.fingerprint) return { ...nothing(earlier.outcome, earlier.past), replayed: true };
  const detail = 'This Idempotency-Key was used for a request with another body.';
  return nothing(refusal('idempotency-key-reused', detail));
}

/** Coordination objects are never forgotten, so commands on them stay as good as they were. */
function isStale({ base, adopted, command }: Entry, forgotten: Forgotten): boolean {
  return base < forgotten.at && (adopted.length > 0 || command.kind !== 'coordinate');
}

function adoptAll({ state, entry, coordinator, forgotten }: Step): void {
  const changes: ValueChange[] = [];
  for (const { key, versions } of entry.adopted) {
    const before = readOrdered(state, key);
    const after = adopt(before, versions, forgotten);
    if (after === before) continue;
    state.put(recordKey(key), encodeRecord(after));
    changes.push({ key, before: shownBytes(before), after: shownBytes(after) });
  }
  if (changes.length > 0) coordinator.follow(state, changes);
}

function execute(step: Step): Effect {
  const { state, index, entry, coordinator } = step;
  const { command } = entry;
  if (command.kind === 'adopt') return nothing({ kind: 'done' });
  if (command.kind === 'forget') return forget(step, command);
  for (const fence of entry.fences) {
    const fenced = coordinator.checkFence(state, fence);
    if (fenced !== undefined) return nothing(fenced, seenBy(step));
  }
  if (command.kind !== 'coordinate') return transact(step, command);
  // Nothing on any key, and still a cause: who acquires a lock sees what its last holder saw when it released it.
  const past = entry.deps.with({ origin: LOG_ORIGIN, counter: index });
  if (past.size > LIMITS.vectorMaxEntries) return nothing(tooManyOrigins(past));
  const result = coordinator.run(state, index, command.command, (prefix) => shownUnder(state, prefix));
  if (result.kind === 'refused') return nothing(result, past);
  return { outcome: { kind: 'coordinated', answer: result.answer }, past, deps: entry.deps, ops: [] };
}

/** What whoever is told of the state at this entry has seen. */
function seenBy({ entry, index }: Step): VersionVector {
  const past = entry.deps.with({ origin: LOG_ORIGIN, counter: index });
  return past.size > LIMITS.vectorMaxEntries ? VersionVector.EMPTY : past;
}

function forget({ state, index, forgotten }: Step, command: Extract<Command, { readonly kind: 'forget' }>): Effect {
  const stable = forgotten.stable.join(command.stable);
  if (stable.size > LIMITS.vectorMaxEntries) return nothing(tooManyOrigins(stable));
  const after = stable === forgotten.stable ? forgotten : { stable, at: index };
  if (after !== forgotten) writeForgotten(state, after);
  for (const key of command.keys) {
    const record = readOrdered(state, key);
    if (record.length > 0 && isForgettable(record, stable)) state.delete(recordKey(key));
  }
  return { ...nothing({ kind: 'done' }), forgotten: after };
}

function transact(step: Step, command: Transaction): Effect {
  const { state, index, entry, coordinator, forgotten } = step;
  const dot = { origin: LOG_ORIGIN, counter: index };
  const recordOf = readerOf(state, command);
  const unknown = unknownPast(step, command, recordOf);
  if (unknown !== undefined) return nothing({ kind: 'stale' }, unknown);
  const plan = planTransaction(command, dot, recordOf);
  if (plan.observed.size > LIMITS.vectorMaxEntries) return nothing(tooManyOrigins(plan.observed));
  if (plan.ops.length === 0) return nothing(plan.outcome, plan.observed);
  const records = plan.ops.map(({ key }) => recordOf(key));
  // What is forgotten goes into the past of every write: it may overwrite a tombstone that only some still hold.
  const before = entry.deps.join(forgotten.stable).join(plan.observed);
  const deps = records.reduce((joined, record) => pastOf(record, joined), before);
  const past = deps.with(dot);
  if (past.size > LIMITS.vectorMaxEntries) return nothing(tooManyOrigins(past));
  const changes = plan.ops.map((op, i) => changeOf(op, records[i] ?? NO_VERSIONS));
  const broken = coordinator.admit(state, changes);
  if (broken !== undefined) return nothing(broken, past);
  const stem = { dot, hlc: entry.hlc, deps };
  const ops = plan.ops.map((op, i) => {
    const version = versionOf(op, index, stem);
    const after = applyVersion(records[i] ?? NO_VERSIONS, version);
    const isAlone = after.length === 1 && after[0] === version;
    assert(isAlone, 'a linearizable write leaves siblings', { index, key: op.key, left: after.length });
    const record = encodeRecord(after);
    state.put(recordKey(op.key), record);
    return groupOpOf(op, index, record);
  });
  return { outcome: plan.outcome, past, deps, ops };
}

/**
 * What is shown of several keys hangs together. Since the proposer looked, other entries may have brought a weaker write
 * into one of the keys, or a linearizable one that depends on such, and nobody its causes or the rest of its batch into the
 * others. So the keys must depend on nothing but what the proposer had when it chose what to adopt, and on the log. Returns
 * what they depend on if they do not.
 */
function unknownPast(
  { index, entry }: Step,
  command: Transaction,
  recordOf: (key: string) => KeyRecord,
): VersionVector | undefined {
  if (entry.known === undefined) return undefined;
  const past = keysOf(command).reduce((joined, key) => pastOf(recordOf(key), joined), VersionVector.EMPTY);
  return entry.known.with({ origin: LOG_ORIGIN, counter: index }).includes(past) ? undefined : past;
}

function groupOpOf(op: WriteOp, seen: number, record: Uint8Array): GroupOp {
  const { key } = op;
  return op.kind === 'delete'
    ? { kind: 'delete', key, seen, record }
    : { kind: 'put', key, seen, record, contentType: op.contentType, bytes: op.bytes };
}

/** Reads each key of the command once. */
function readerOf(state: StateReader, command: Transaction): (key: string) => KeyRecord {
  if (command.kind === 'write') {
    const record = readOrdered(state, command.op.key);
    return () => record;
  }
  const known = new Map<string, KeyRecord>();
  return (key) => {
    const record = known.get(key) ?? readOrdered(state, key);
    known.set(key, record);
    return record;
  };
}

function changeOf(op: WriteOp, record: KeyRecord): ValueChange {
  return { key: op.key, before: shownBytes(record), after: op.kind === 'put' ? op.bytes : undefined };
}

function tooManyOrigins(vector: VersionVector): Outcome {
  const detail = `The request depends on ${vector.size} origins, and can on ${LIMITS.vectorMaxEntries}.`;
  return refusal('invalid-request', detail);
}

function shownBytes(record: KeyRecord): Uint8Array | undefined {
  return record[0]?.kind === 'value' ? record[0].bytes : undefined;
}

function* shownUnder(state: StateReader, prefix: string): Generator<ShownValue> {
  const { gte, lt } = recordRange(prefix);
  for (const { key, value } of state.range(gte, lt)) {
    const bytes = shownBytes(decodeRecord(value));
    if (bytes !== undefined) yield { key: keyOfRecord(key), bytes };
  }
}

/**
 * Outcomes of requests that carried an Idempotency-Key, one for each key. They are part of the replicated state and age
 * only with it - by entries of the log, and by the time leaders stamped on them - so that every replica knows and
 * forgets the same. An outcome counts until `LIMITS.orderedRetryWindowEntries` later entries are applied or
 * `LIMITS.idempotencyWindowMs` have passed, whichever is sooner.
 *
 * Source: D. Ongaro, "Consensus: Bridging Theory and Practice" (2014), section 6.3.
 */
import { ByteReader, ByteWriter, utf8Decode, utf8Encode } from '../../base/bytes.js';
import { ERRORS } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { StateOverlay, StateReader } from '../../base/state-table.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { decodeOutcome, encodeOutcome, type Outcome } from './outcome.js';
import { retryKey, retryQueueKey } from './state-keys.js';

export interface StoredOutcome {
  readonly fingerprint: string;
  /** The entry it is the outcome of, and the state's time then. */
  readonly index: number;
  readonly timeMs: number;
  readonly outcome: Outcome;
  /** What a session that is told the outcome has seen. */
  readonly past: VersionVector;
}

/** Entries forget outcomes faster than they store them, so the backlog shrinks. */
const FORGOTTEN_PER_ENTRY = 4;

/** What a retry of an earlier request is answered with. @throws DecodeError if what is stored is damaged */
export function findOutcome(
  state: StateReader,
  idempotencyKey: string,
  index: number,
  timeMs: number,
): StoredOutcome | undefined {
  const stored = state.get(retryKey(idempotencyKey));
  const found = stored && decodeStoredOutcome(stored);
  return found !== undefined && isKept(found, index, timeMs) ? found : undefined;
}

/** Whether a retry gets this outcome again. A refusal that a retry may turn out better than is decided anew instead. */
export function isStored(outcome: Outcome): boolean {
  if (outcome.kind === 'refused') return !ERRORS[outcome.code].retryable;
  return outcome.kind !== 'stale' && outcome.kind !== 'done';
}

export function storeOutcome(state: StateOverlay, idempotencyKey: string, stored: StoredOutcome): void {
  state.put(retryKey(idempotencyKey), encodeStoredOutcome(stored));
  state.put(retryQueueKey(stored.index), utf8Encode(idempotencyKey));
}

/**
 * Forget outcomes beyond the window, a few at a time, oldest first. `from` is the oldest that may be left; returns the
 * new one. `mayStore` is false if the entry at `index` cannot have stored any: then nobody has to look.
 */
export function forgetOutcomes(
  state: StateOverlay,
  from: number,
  index: number,
  timeMs: number,
  mayStore: boolean,
): number {
  let oldest = from;
  for (let step = 0; step < FORGOTTEN_PER_ENTRY && oldest < index; step += 1, oldest += 1) {
    const queueKey = retryQueueKey(oldest);
    const name = state.get(queueKey);
    if (name === undefined) continue;
    const key = retryKey(utf8Decode(name));
    const stored = state.get(key);
    const found = stored && decodeStoredOutcome(stored);
    // The same Idempotency-Key may have been used again, after its window.
    if (found !== undefined && found.index === oldest) {
      if (isKept(found, index, timeMs)) return oldest;
      state.delete(key);
    }
    state.delete(queueKey);
  }
  return oldest === index && !mayStore ? index + 1 : oldest;
}

function isKept(stored: StoredOutcome, index: number, timeMs: number): boolean {
  return (
    index - stored.index <= LIMITS.orderedRetryWindowEntries && timeMs - stored.timeMs <= LIMITS.idempotencyWindowMs
  );
}

export function encodeStoredOutcome({ fingerprint, index, timeMs, outcome, past }: StoredOutcome): Uint8Array {
  const writer = new ByteWriter(160).string(fingerprint).varuint(index).varuint(timeMs);
  past.encode(writer);
  encodeOutcome(writer, outcome);
  return writer.finish();
}

/** @throws DecodeError on anything `encodeStoredOutcome` would not write. */
export function decodeStoredOutcome(bytes: Uint8Array): StoredOutcome {
  const reader = new ByteReader(bytes);
  const fingerprint = reader.string(64);
  const index = reader.varuint();
  const timeMs = reader.varuint();
  const past = VersionVector.decode(reader);
  const outcome = decodeOutcome(reader);
  reader.end();
  return { fingerprint, index, timeMs, outcome, past };
}

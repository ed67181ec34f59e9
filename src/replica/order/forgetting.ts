/**
 * Proposes to forget: when all members have delivered deletions, the leader puts into the log how far that goes, the
 * deletions the ordered view has not adopted yet, and the keys whose records leave the ordered view. Every replica then
 * forgets in its causal view what the entry allows, once the entry's group is delivered there. Deleted keys are heard of
 * as they are delivered; those from before the process began, and what was too much to remember, a slow walk finds.
 */
import { utf8Decode, utf8Encode } from '../../base/bytes.js';
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { isForgettable, isLive, NO_VERSIONS, pastOf } from '../../keyspace/key-record.js';
import { type Adoption, adopt, adoptable, splitAdoptions } from '../../keyspace/ordered/adoption.js';
import { readForgotten } from '../../keyspace/ordered/progress.js';
import { keyOfRecord, readOrdered, recordRange } from '../../keyspace/ordered/state-keys.js';
import type { StorageReader } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import type { Trace } from '../../ports/trace.js';
import { readRecord } from '../causal/keyspace-turn.js';
import { guardCorruption } from '../stored-state.js';
import type { AppliedState } from './applied-state.js';
import { DeletionWalk } from './deletion-walk.js';
import type { Proposals, ProposedEntry } from './proposals.js';

export interface ForgettingOptions {
  readonly time: Time;
  readonly trace: Trace;
  readonly storage: StorageReader;
  readonly applied: AppliedState;
  readonly proposals: Proposals;
  readonly isLeader: () => boolean;
  /** What every member has delivered, and writes nothing concurrent to any more. */
  readonly stable: () => VersionVector;
}

/** What is to become of one deleted key. */
type Verdict =
  /** There is nothing to forget any more. */
  | { readonly kind: 'gone' }
  /** Some member may not have the deletion yet. */
  | { readonly kind: 'early' }
  | { readonly kind: 'due'; readonly adoption: Adoption | undefined; readonly isOrdered: boolean };

const REMEMBERED_MAX = 100_000;
/** Between two pages of a walk that has come round, which is only there for what nobody was told of. */
const RESTING_WALK_MS = 8 * LIMITS.auditIntervalMs;

export class Forgetting {
  readonly #options: ForgettingOptions;
  /** Keys with a deletion, the one looked at longest ago first. */
  readonly #deleted = new Set<string>();
  #lastMs = Number.NEGATIVE_INFINITY;
  #walkedMs = Number.NEGATIVE_INFINITY;
  readonly #causalWalk: DeletionWalk;
  readonly #orderedWalk: DeletionWalk;
  #proposing = false;

  constructor(options: ForgettingOptions) {
    const { storage, applied } = options;
    const all = recordRange('');
    this.#options = options;
    this.#causalWalk = new DeletionWalk((gte) => storage.range('keyspace', gte === undefined ? {} : { gte }));
    this.#orderedWalk = new DeletionWalk((gte = all.gte) => applied.state.range(gte, all.lt));
    // The state is a peer's now, and the causal view soon follows.
    applied.onJumped(() => this.#unsettle());
  }

  /** A deletion of `key` was delivered. */
  deleted(key: string): void {
    if (this.#deleted.size < REMEMBERED_MAX) this.#deleted.add(key);
    else this.#unsettle();
  }

  /** To be called every `LIMITS.tickMs`. */
  tick(): void {
    const nowMs = this.#options.time.monotonicMs();
    if (this.#proposing || nowMs - this.#lastMs < LIMITS.trimIntervalMs) return;
    this.#lastMs = nowMs;
    const isLeader = this.#options.isLeader();
    if (isLeader && nowMs - this.#walkedMs >= this.#walkIntervalMs) this.#walk(nowMs);
    const entry = this.#plan();
    if (isLeader && entry !== undefined) this.#propose(entry);
  }

  /** The entry that forgets what is due now; undefined if nothing is. Also drops keys that need it no more. */
  #plan(): ProposedEntry | undefined {
    // In this order: what is read of the causal view must not be older than what is read of the ordered one.
    const { applied } = this.#options.applied;
    const stable = this.#options.stable();
    const adoptions: Adoption[] = [];
    const keys: string[] = [];
    let due = false;
    for (const key of [...this.#takeSome()]) {
      const verdict = this.#judge(key, stable);
      if (verdict.kind === 'gone') continue;
      this.#deleted.add(key);
      if (verdict.kind === 'early' || keys.length >= LIMITS.forgetMaxKeys) continue;
      due = true;
      if (verdict.adoption !== undefined) adoptions.push(verdict.adoption);
      if (verdict.isOrdered) keys.push(key);
    }
    if (!due) return undefined;
    const adopted = splitAdoptions(adoptions)[0] ?? [];
    const deps = adopted.reduce((past, { versions }) => pastOf(versions, past), VersionVector.EMPTY);
    const command = { kind: 'forget', stable, keys } as const;
    return { base: applied, retry: undefined, deps, known: undefined, adopted, fences: [], command };
  }

  /** The keys looked at longest ago, as many as one turn can afford; taken out. */
  #takeSome(): readonly string[] {
    const some: string[] = [];
    for (const key of this.#deleted) {
      if (some.length >= LIMITS.auditPageMaxKeys) break;
      some.push(key);
    }
    for (const key of some) this.#deleted.delete(key);
    return some;
  }

  #judge(key: string, stable: VersionVector): Verdict {
    const { state } = this.#options.applied;
    const forgotten = guardCorruption('agreement on what is forgotten', () => readForgotten(state));
    const ordered = guardCorruption('ordered record', () => readOrdered(state, key));
    const causal = readRecord(this.#options.storage, utf8Encode(key));
    if (isLive(causal) || (causal.length === 0 && (ordered.length === 0 || isLive(ordered)))) return { kind: 'gone' };
    if (!isForgettable(causal, stable)) return { kind: 'early' };
    // Where the ordered view holds nothing it has nothing to bring back either.
    const versions = ordered.length === 0 ? NO_VERSIONS : adoptable(ordered, causal, forgotten);
    const later = adopt(ordered, versions, forgotten);
    // A newer value of the log is on its way into the causal view.
    if (!isForgettable(later, stable)) return { kind: 'early' };
    const isOrdered = later.length > 0;
    if (!isOrdered && isForgettable(causal, forgotten.stable)) return { kind: 'early' };
    return { kind: 'due', adoption: versions.length > 0 ? { key, versions } : undefined, isOrdered };
  }

  #unsettle(): void {
    this.#causalWalk.unsettle();
    this.#orderedWalk.unsettle();
  }

  get #walkIntervalMs(): number {
    const rests = this.#causalWalk.isRound && this.#orderedWalk.isRound;
    return rests ? RESTING_WALK_MS : LIMITS.auditIntervalMs;
  }

  /** Look for deletions in the next page of either view. */
  #walk(nowMs: number): void {
    this.#walkedMs = nowMs;
    for (const key of this.#causalWalk.next()) this.deleted(utf8Decode(key));
    for (const key of this.#orderedWalk.next()) this.deleted(keyOfRecord(key));
  }

  /** What fails is judged anew a moment later: nothing depends on when it is forgotten. */
  #propose(entry: ProposedEntry): void {
    const { proposals, trace } = this.#options;
    this.#proposing = true;
    proposals
      .propose(entry, LIMITS.timeoutDefaultMs)
      .catch((error: unknown) => {
        if (!(error instanceof CausewayError)) throw error;
        trace({ name: 'order.forget-failed', level: 'debug', facts: { code: error.code, detail: error.message } });
      })
      .finally(() => {
        this.#proposing = false;
      });
  }
}

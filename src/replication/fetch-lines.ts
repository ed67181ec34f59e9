/** The fetches under way, at most one for each peer, and how well each peer has answered so far. */
import type { Origin, ReplicaId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { MissingRange } from '../clocks/version-vector.js';
import type { CounterGap } from './counter-runs.js';

/** What an answer means: nothing was asked, groups came, or only a snapshot can help. */
export type FetchOutcome = 'unasked' | 'groups' | 'behind';

interface Line {
  asked:
    | { readonly request: number; readonly ranges: readonly MissingRange[]; readonly deadlineMs: number }
    | undefined;
  /** Fetches left unanswered since the last answer. */
  failures: number;
  /** It had nothing new to give: not asked again before this. */
  restUntilMs: number;
}

export class FetchLines {
  readonly #lines = new Map<ReplicaId, Line>();

  /** Give up what has waited for its answer for too long. */
  expire(nowMs: number): void {
    for (const line of this.#lines.values()) {
      if (line.asked === undefined || nowMs < line.asked.deadlineMs) continue;
      line.asked = undefined;
      line.failures += 1;
    }
  }

  isFree(replica: ReplicaId, nowMs: number): boolean {
    const line = this.#lines.get(replica);
    return line === undefined || (line.asked === undefined && line.restUntilMs <= nowMs);
  }

  failures(replica: ReplicaId): number {
    return this.#lines.get(replica)?.failures ?? 0;
  }

  open(replica: ReplicaId, request: number, ranges: readonly MissingRange[], nowMs: number): void {
    const asked = { request, ranges, deadlineMs: nowMs + LIMITS.fetchTimeoutMs };
    const { failures = 0, restUntilMs = nowMs } = this.#lines.get(replica) ?? {};
    this.#lines.set(replica, { asked, failures, restUntilMs });
  }

  /** An answer to `request` came; `fresh` of its groups were new. */
  answered(replica: ReplicaId, request: number, behind: boolean, fresh: number, nowMs: number): FetchOutcome {
    const line = this.#lines.get(replica);
    if (line?.asked === undefined || line.asked.request !== request) return 'unasked';
    line.asked = undefined;
    line.failures = 0;
    if (behind) return 'behind';
    if (fresh === 0) line.restUntilMs = nowMs + LIMITS.gapRepairDelayMs;
    return 'groups';
  }

  /** What is being fetched of `origin`, lowest first. */
  underWay(origin: Origin): CounterGap[] {
    const ranges: CounterGap[] = [];
    for (const line of this.#lines.values()) {
      for (const range of line.asked?.ranges ?? []) if (range.origin === origin) ranges.push(range);
    }
    return ranges.sort((a, b) => a.have - b.have);
  }

  forget(replica: ReplicaId): void {
    this.#lines.delete(replica);
  }

  clear(): void {
    this.#lines.clear();
  }
}

/**
 * Which replica to ask next. The order of the given URLs is the order of preference; a replica that just failed is
 * passed over for a while, so that one dead replica does not cost every call an attempt.
 */
import type { Failure } from './retry.js';
import type { Level } from './types.js';

const AVOID_BASE_MS = 500;
const AVOID_MAX_MS = 15_000;

/** A replica as one call sees it. */
export interface Candidate {
  readonly url: string;
  /** Attempts of this call that went there. */
  readonly tries: number;
  /** Its `Retry-After` towards this call, on the monotonic clock; 0 without one. */
  readonly holdUntilMs: number;
  /** Failed recently, in this call or another. */
  readonly avoided: boolean;
}

/** Soonest allowed first, then least tried, then not avoided, then in order of preference. */
export function nextCandidate(candidates: readonly Candidate[], nowMs: number): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (best === undefined || precedes(candidate, best, nowMs)) best = candidate;
  }
  return best;
}

function precedes(a: Candidate, b: Candidate, nowMs: number): boolean {
  const wait = Math.max(a.holdUntilMs, nowMs) - Math.max(b.holdUntilMs, nowMs);
  if (wait !== 0) return wait < 0;
  if (a.tries !== b.tries) return a.tries < b.tries;
  return !a.avoided && b.avoided;
}

/** What all calls of a client have learned of the replicas. */
export class Endpoints {
  readonly urls: readonly string[];
  readonly #avoid = new Map<string, { readonly untilMs: number; readonly strikes: number }>();

  constructor(urls: readonly string[]) {
    this.urls = urls;
  }

  isAvoided(url: string, level: Level | undefined, nowMs: number): boolean {
    return this.#isActive(url, nowMs) || this.#isActive(scopeOf(url, level), nowMs);
  }

  /** A replica that cannot be reached is avoided by all, one without a quorum by linearizable calls only. */
  failed(url: string, level: Level | undefined, failure: Failure, nowMs: number): void {
    const scope = avoidedScope(url, level, failure);
    if (scope === undefined) return;
    const strikes = this.#avoid.get(scope)?.strikes ?? 0;
    const avoidMs = Math.min(AVOID_MAX_MS, AVOID_BASE_MS * 2 ** strikes);
    const askedMs = failure.kind === 'refused' ? (failure.problem.retryAfterMs ?? 0) : 0;
    const untilMs = nowMs + Math.min(AVOID_MAX_MS, Math.max(avoidMs, askedMs));
    this.#avoid.set(scope, { untilMs, strikes: Math.min(strikes + 1, 10) });
  }

  answered(url: string, level: Level | undefined): void {
    this.#avoid.delete(url);
    this.#avoid.delete(scopeOf(url, level));
  }

  #isActive(scope: string, nowMs: number): boolean {
    const entry = this.#avoid.get(scope);
    return entry !== undefined && entry.untilMs > nowMs;
  }
}

function scopeOf(url: string, level: Level | undefined): string {
  return `${url} ${level ?? ''}`;
}

/** What a failure says against the replica itself; a `causal-wait-timeout` speaks of one token only. */
function avoidedScope(url: string, level: Level | undefined, failure: Failure): string | undefined {
  if (failure.kind === 'oversized') return undefined;
  if (failure.kind !== 'refused') return url;
  const { code, status } = failure.problem;
  if (code === 'no-quorum') return scopeOf(url, level);
  return code === 'causal-wait-timeout' || (status !== 429 && status !== 502 && status !== 503) ? undefined : url;
}

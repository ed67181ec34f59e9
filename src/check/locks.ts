/**
 * Promise P9 for locks: at most one holder for each fencing token, and tokens only grow. Whoever was let in with a token that
 * was no longer the current one shows that the lock did not protect anything. Leases end by time, which a history does not
 * show, so it is never asked whether a lock was given too early.
 */
import { actorOf, describe, quoted } from './describe.js';
import type { CoordinationRecord, HistoryRecord } from './history/record.js';
import { type Verdict, type Violation, verdictOf } from './verdict.js';

type Acquire = Extract<CoordinationRecord, { readonly op: 'acquire' }>;

/** An acquire that was answered. */
interface Grant {
  readonly record: Acquire;
  readonly token: number;
  readonly complete: number;
}

/** Somebody was let in with a token of the lock. */
interface Use {
  readonly record: HistoryRecord;
  readonly lock: string;
  readonly token: number;
}

export function checkLocks(records: readonly HistoryRecord[]): Verdict {
  const grants = grantsByLock(records);
  const uses = records.flatMap(useOf);
  const violations: Violation[] = [];
  for (const [lock, given] of grants) violations.push(...sharedTokens(lock, given), ...shrinkingTokens(given));
  for (const use of uses) {
    const stale = staleUse(use, grants.get(use.lock));
    if (stale !== undefined) violations.push(stale);
  }
  const judged = uses.length + [...grants.values()].reduce((sum, { all }) => sum + all.length, 0);
  return verdictOf(judged, violations, (each) => each);
}

function grantsByLock(records: readonly HistoryRecord[]): ReadonlyMap<string, Grants> {
  const found = new Map<string, Grant[]>();
  for (const record of records) {
    if (record.op !== 'acquire' || record.status !== 'ok' || record.output === undefined) continue;
    const { complete, output: token } = record;
    const others = found.get(record.key) ?? [];
    found.set(record.key, others);
    others.push({ record, token, complete: complete ?? Number.POSITIVE_INFINITY });
  }
  return new Map([...found].map(([lock, grants]) => [lock, new Grants(grants)]));
}

/** The same owner may ask again and be given the token that it has. */
function sharedTokens(lock: string, { all }: Grants): readonly Violation[] {
  const holders = new Map<number, Acquire>();
  return all.flatMap(({ token, record }): readonly Violation[] => {
    const other = holders.get(token);
    if (other === undefined) holders.set(token, record);
    if (other === undefined || other.value === record.value) return [];
    const sentence = `token ${token} of lock ${quoted(lock)} was given to ${other.value} and to ${record.value}`;
    return [{ rule: 'one-holder', sentence, operations: [other, record] }];
  });
}

function shrinkingTokens(grants: Grants): readonly Violation[] {
  return grants.all.flatMap((grant): readonly Violation[] => {
    const before = grants.highestBefore(grant.record.invoke);
    if (before === undefined || before.token <= grant.token) return [];
    const sentence = `${describe(grant.record)}, although token ${before.token} had been given before it asked`;
    return [{ rule: 'tokens-grow', sentence, operations: [before.record, grant.record] }];
  });
}

function useOf(record: HistoryRecord): readonly Use[] {
  if (record.status !== 'ok') return [];
  if (record.op === 'renew' || record.op === 'release') return [{ record, lock: record.key, token: record.expect }];
  // Weaker writes are refused as far as their replica knows, which nobody else can tell.
  if (record.fencing === undefined || record.level !== 'linearizable') return [];
  return [{ record, ...record.fencing }];
}

function staleUse({ record, lock, token }: Use, grants: Grants | undefined): Violation | undefined {
  const newer = grants?.highestBefore(record.invoke);
  if (grants === undefined || newer === undefined || newer.token <= token) return undefined;
  const own = grants.all.find((grant) => grant.token === token)?.record;
  return {
    rule: 'fenced',
    sentence: `${describe(record)} under token ${token} of lock ${quoted(lock)}, although ${actorOf(newer.record)} had been given token ${newer.token} before`,
    operations: [...(own === undefined ? [] : [own]), newer.record, record],
  };
}

/** What was given of one lock, by the time of the answers. */
class Grants {
  readonly all: readonly Grant[];
  /** The highest up to each of them. */
  readonly #highest: Grant[] = [];

  constructor(grants: readonly Grant[]) {
    this.all = [...grants].sort((a, b) => a.complete - b.complete);
    for (const grant of this.all) {
      const before = this.#highest.at(-1);
      this.#highest.push(before !== undefined && before.token > grant.token ? before : grant);
    }
  }

  /** The highest token whose answer came before `time`. */
  highestBefore(time: number): Grant | undefined {
    let [low, high] = [0, this.all.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.all[middle] as Grant).complete < time) low = middle + 1;
      else high = middle;
    }
    return this.#highest[low - 1];
  }
}

/** Writes that name the lock they were made under. */
import type { Fence } from '../../keyspace/ordered/coordinator.js';
import { type Client, refusalOf, type Told } from './client.js';

/**
 * What became of a write with these fences is looked at.
 * @param judgedAt The state that judged it had applied the log at least so far; undefined if nobody knows.
 */
export function noteFences(
  { cluster }: Client,
  fences: readonly Fence[],
  told: Told<unknown>,
  judgedAt: number | undefined,
): void {
  const isFenced = refusalOf(told)?.code === 'fenced';
  if (isFenced) cluster.counts.fenced += 1;
  for (const { lock, token } of fences) {
    if (isFenced) cluster.coordination.fenced(lock, token, told.answeredMs);
    else if (told.status === 'ok' && judgedAt !== undefined) cluster.coordination.passed(lock, token, judgedAt);
  }
}

/** For the history. */
export function fencingOf([fence]: readonly Fence[]): { readonly fencing?: Fence } {
  return fence === undefined ? {} : { fencing: fence };
}

import type { KeyGroup } from '../workload/register-client.js';

/** Keys in pairs, at least one pair: transactions of two keys stay within one, and the pairs can be judged apart. */
export function keyPairs(keys: number, prefix = 'proof'): readonly [KeyGroup, ...KeyGroup[]] {
  const pair = (i: number): KeyGroup => [`${prefix}/${2 * i}`, `${prefix}/${2 * i + 1}`];
  const others = Array.from({ length: Math.floor(keys / 2) - 1 }, (_, i) => pair(i + 1));
  return [pair(0), ...others];
}

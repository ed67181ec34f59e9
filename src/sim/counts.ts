/** What a run has seen: a run in which nothing was refused and nobody waited has proved nothing. */

export const COUNTS = [
  'requests',
  'acknowledged',
  'refused',
  'unknown',
  'linearizable',
  'waits',
  'siblings',
  'retries',
  'replays',
  'conditionsFailed',
  'leases',
  'fenced',
  'uniqueViolations',
  'elections',
  'entries',
  'snapshots',
  'logCopies',
  'crashes',
  'lostDisks',
  'oldCopies',
  'faults',
  'memberships',
  'lostMessages',
] as const;

export type CountName = (typeof COUNTS)[number];
export type Counts = Record<CountName, number>;

export function noCounts(): Counts {
  return Object.fromEntries(COUNTS.map((name) => [name, 0])) as Counts;
}

export function addCounts(into: Counts, more: Readonly<Counts>): void {
  for (const name of COUNTS) into[name] += more[name];
}

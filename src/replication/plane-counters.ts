/** What the plane counts, for metrics and tests. */

export type PlaneCounter =
  | 'delivered'
  | 'duplicates'
  | 'refused'
  | 'bufferDropped'
  | 'stampsAhead'
  | 'fetches'
  | 'snapshotsInstalled'
  | 'lostIncarnationGroups';

export type PlaneCounters = Readonly<Record<PlaneCounter, number>>;

export function zeroCounters(): Record<PlaneCounter, number> {
  return {
    delivered: 0,
    duplicates: 0,
    refused: 0,
    bufferDropped: 0,
    stampsAhead: 0,
    fetches: 0,
    snapshotsInstalled: 0,
    lostIncarnationGroups: 0,
  };
}

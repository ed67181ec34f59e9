/**
 * How far apart replicas are in life: round trips between cloud regions, for a lab whose processes share one machine.
 *
 * Source of the figures: Microsoft, "Azure network round-trip latency statistics", medians (P50) of probes every minute over
 * the 30 days that ended on 2 July 2026, https://learn.microsoft.com/azure/networking/azure-network-latency. Each is the mean of
 * both directions, in whole milliseconds.
 */

export interface Region {
  readonly name: string;
  /** Where that is, in a few words. */
  readonly place: string;
}

export interface WanPreset {
  readonly name: WanName;
  readonly regions: readonly Region[];
  /** Median round trip between region `i` and region `j`, in ms; symmetric, 0 on the diagonal. */
  readonly roundTripMs: readonly (readonly number[])[];
}

/** What the fault filter is told of one directed link. */
export interface WanLink {
  readonly from: string;
  readonly to: string;
  readonly delayMs: number;
  readonly jitterMs: number;
}

export const WAN_NAMES = ['none', 'europe', 'us-eu-ap', 'five-regions'] as const;
export type WanName = (typeof WAN_NAMES)[number];

export const WAN_SOURCE =
  'Microsoft, "Azure network round-trip latency statistics", medians of the 30 days to 2 July 2026, ' +
  'https://learn.microsoft.com/azure/networking/azure-network-latency';

/** Of a link's delay: the width of its uniform jitter, centred so that the median round trip stays what was measured. */
const JITTER_SHARE = 0.1;

const VIRGINIA: Region = { name: 'us-east', place: 'East US, Virginia' };
const IRELAND: Region = { name: 'eu-west', place: 'North Europe, Ireland' };
const SINGAPORE: Region = { name: 'ap-southeast', place: 'Southeast Asia, Singapore' };

/** Without `none`, which has no links. */
export const WAN_PRESETS: readonly WanPreset[] = [
  {
    name: 'europe',
    regions: [
      { name: 'eu-west', place: 'West Europe, Netherlands' },
      { name: 'eu-central', place: 'Germany West Central, Frankfurt' },
      { name: 'eu-north', place: 'North Europe, Ireland' },
    ],
    roundTripMs: symmetric([[14], [19, 27]]),
  },
  {
    name: 'us-eu-ap',
    regions: [VIRGINIA, IRELAND, SINGAPORE],
    roundTripMs: symmetric([[74], [236, 176]]),
  },
  {
    name: 'five-regions',
    regions: [
      VIRGINIA,
      { name: 'us-west', place: 'West US 2, Washington' },
      IRELAND,
      { name: 'ap-northeast', place: 'Japan East, Tokyo' },
      SINGAPORE,
    ],
    roundTripMs: symmetric([[78], [74, 140], [172, 102, 229], [236, 167, 176, 73]]),
  },
];

/** `undefined` for `none`. */
export function wanPreset(name: WanName): WanPreset | undefined {
  return WAN_PRESETS.find((preset) => preset.name === name);
}

/** Replicas live in the regions in their order, and begin again at the first when there are more of them. */
export function regionOf(preset: WanPreset, replica: number): Region {
  return preset.regions[replica % preset.regions.length] as Region;
}

/** Median round trip between two replicas by their positions, in ms. */
export function roundTripMs(preset: WanPreset, a: number, b: number): number {
  const regions = preset.regions.length;
  return preset.roundTripMs[a % regions]?.[b % regions] ?? 0;
}

/** Every directed link that is not within one region. */
export function wanLinks(preset: WanPreset, replicas: readonly string[]): readonly WanLink[] {
  return replicas.flatMap((from, i) =>
    replicas.flatMap((to, j) => {
      const oneWayMs = roundTripMs(preset, i, j) / 2;
      if (oneWayMs === 0) return [];
      const jitterMs = toMicroseconds(oneWayMs * JITTER_SHARE);
      return [{ from, to, delayMs: toMicroseconds(oneWayMs - jitterMs / 2), jitterMs }];
    }),
  );
}

function toMicroseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

/** Row `i` of `below` has what lies left of the diagonal in row `i + 1` of the matrix. */
function symmetric(below: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const size = below.length + 1;
  return Array.from({ length: size }, (_, i) =>
    Array.from({ length: size }, (_, j) => (i === j ? 0 : (below[Math.max(i, j) - 1]?.[Math.min(i, j)] ?? 0))),
  );
}

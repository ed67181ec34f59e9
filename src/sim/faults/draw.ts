/** Draws the faults of a run. Each run knows some kinds only, so that each kind also meets calm in every other respect. */
import type { SimRandom } from '../random.js';
import { drawWeather } from '../world/weather.js';
import type { Fault, Trouble } from './fault.js';

export interface FaultSpace {
  readonly replicas: number;
  readonly spares: number;
  readonly durationMs: number;
}

type Kind = Trouble['kind'];

/** How often each kind is chosen among those that a run knows. */
const WEIGHTS: Readonly<Record<Kind, number>> = {
  crash: 4,
  'power-cut': 1,
  restart: 2,
  'lost-disk': 2,
  'old-copy': 1.5,
  pause: 3,
  isolate: 4,
  partition: 3,
  'one-way': 3,
  'broken-link': 2,
  'slow-link': 2,
  weather: 2,
  disconnect: 2,
  outage: 1,
  'slow-disk': 2,
  'failing-disk': 1,
  'clock-jump': 2,
  transfer: 2,
  join: 2,
  leave: 1,
};

/** Kinds that need somebody else. */
const OF_MANY: readonly Kind[] = [
  'lost-disk',
  'old-copy',
  'isolate',
  'partition',
  'one-way',
  'broken-link',
  'slow-link',
  'transfer',
  'leave',
];

/** Kinds that take away what a disk has promised. */
const LOSSES: readonly Kind[] = ['lost-disk', 'old-copy', 'leave'];

export function drawFaults(random: SimRandom, space: FaultSpace): readonly Fault[] {
  if (random.chance(0.05)) return [];
  const weights = { ...WEIGHTS };
  for (const kind of Object.keys(weights) as Kind[]) {
    const isPossible = space.replicas > 1 || !OF_MANY.includes(kind);
    if (!isPossible || random.chance(0.5)) weights[kind] = 0;
  }
  if (space.spares === 0) weights.join = 0;
  if (Object.values(weights).every((weight) => weight === 0)) weights.crash = 1;
  const meanGapMs = random.between(150, Math.min(2_500, space.durationMs / 4));
  // Now and then trouble begins before the cluster has come together.
  let atMs = random.chance(0.2) ? 0 : random.between(700, 700 + Math.min(2_000, space.durationMs / 4));
  const faults: Fault[] = [];
  // A minority at most may lose its disk: what was promised holds only then.
  let losses = Math.floor((space.replicas - 1) / 2);
  for (;;) {
    atMs += random.exponential(meanGapMs);
    const isAllDone = Object.values(weights).every((weight) => weight === 0);
    if (isAllDone || atMs >= space.durationMs) return faults;
    const kind = random.weighted(weights);
    if (LOSSES.includes(kind)) losses -= 1;
    if (losses <= 0) for (const loss of LOSSES) weights[loss] = 0;
    if (losses < 0) continue;
    const trouble = drawTrouble(kind, random, space);
    faults.push({ ...trouble, number: faults.length + 1, atMs: Math.round(atMs) });
  }
}

function drawTrouble(kind: Kind, random: SimRandom, space: FaultSpace): Trouble {
  const at = random.int(space.replicas);
  const forMs = Math.round(random.pick([50, 300, 1_000, 2_500]) * random.between(0.5, 1.5));
  switch (kind) {
    case 'partition':
      return { kind, groups: drawGroups(random, space.replicas), forMs };
    case 'one-way':
    case 'broken-link':
      return { kind, ...drawLink(random, at, space.replicas), forMs };
    case 'slow-link':
      return { kind, ...drawLink(random, at, space.replicas), byMs: random.pick([20, 150, 700, 3_000]), forMs };
    case 'weather':
      return { kind, weather: drawWeather(random, true), forMs };
    case 'slow-disk':
      return { kind, at, factor: random.pick([5, 50, 500]), forMs };
    case 'clock-jump':
      return { kind, at, byMs: Math.round(random.pick([50, 600, 10_000, 288_000]) * random.between(-1, 1)), forMs };
    case 'power-cut':
    case 'outage':
      return { kind, forMs };
    default:
      return { kind, at, forMs };
  }
}

function drawLink(random: SimRandom, from: number, replicas: number): { readonly from: number; readonly to: number } {
  return { from, to: (from + 1 + random.int(replicas - 1)) % replicas };
}

/** Two groups, or three where there are enough. */
function drawGroups(random: SimRandom, replicas: number): readonly (readonly number[])[] {
  const order = random.shuffled(Array.from({ length: replicas }, (_, i) => i));
  const first = 1 + random.int(replicas - 1);
  const rest = order.slice(first);
  const splits = rest.length > 1 && random.chance(0.3);
  const groups = [order.slice(0, first), ...(splits ? [rest.slice(0, 1), rest.slice(1)] : [rest])];
  return groups.map((group) => group.sort());
}

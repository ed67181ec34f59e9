/** Availability as ribbons: for each level and replica, slice by slice of the run, how much of what was asked was served. */

import type { Level } from '../../../check/history/record.js';
import { escapeText } from '../../../check/timeline/escape.js';
import { fateOf, type Measured, NS_PER_MS } from '../measured.js';
import { LEVELS } from '../plan.js';
import type { PhaseRun } from '../results.js';

const WIDTH = 920;
const LEFT = 150;
const TOP = 34;
const ROW = 15;
const GAP = 8;
const SLICES = 150;

interface Slice {
  asked: number;
  served: number;
}

export function ribbons(
  phases: readonly PhaseRun[],
  replicas: readonly string[],
  measured: readonly Measured[],
): string {
  const [start, end] = [phases[0]?.startMs ?? 0, phases.at(-1)?.nextMs ?? 1];
  const toX = (ms: number): number => Math.round((LEFT + ((ms - start) / (end - start)) * (WIDTH - LEFT)) * 10) / 10;
  const levelHeight = replicas.length * ROW + GAP;
  const height = TOP + LEVELS.length * levelHeight;
  const spans = phases.map(({ name, kind, startMs, nextMs }) => {
    const [x, width] = [toX(startMs), toX(nextMs) - toX(startMs)];
    const shade =
      kind === 'none' ? '' : `<rect class="fault" x="${x}" y="18" width="${width}" height="${height - 18}"/>`;
    return `${shade}<line class="grid" x1="${x}" y1="4" x2="${x}" y2="${height}"/><text x="${x + 4}" y="14">${escapeText(name)}</text>`;
  });
  const rows = LEVELS.flatMap((level, i) =>
    replicas.map((replica, j) => {
      const y = TOP + i * levelHeight + j * ROW;
      const slices = slicesOf(level, replica, start, end, measured);
      const label = `<text x="${LEFT - 8}" y="${y + 11}" text-anchor="end">${level} ${escapeText(replica)}</text>`;
      return label + slices.map((slice, k) => block(slice, k, y, level)).join('');
    }),
  );
  return `<svg class="ribbons" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="availability over time">${spans.join('')}${rows.join('')}</svg>`;
}

function slicesOf(
  level: Level,
  replica: string,
  start: number,
  end: number,
  measured: readonly Measured[],
): readonly Slice[] {
  const slices = Array.from({ length: SLICES }, (): Slice => ({ asked: 0, served: 0 }));
  for (const each of measured) {
    if (each.record.level !== level || each.record.replica !== replica || each.purpose === 'talk') continue;
    const slice = slices[Math.floor(((each.intended / NS_PER_MS - start) / (end - start)) * SLICES)];
    if (slice === undefined) continue;
    slice.asked += 1;
    if (fateOf(each) === 'ok') slice.served += 1;
  }
  return slices;
}

function block({ asked, served }: Slice, at: number, y: number, level: Level): string {
  if (asked === 0) return '';
  const width = (WIDTH - LEFT) / SLICES;
  const x = Math.round((LEFT + at * width) * 10) / 10;
  const share = served / asked;
  const [className, opacity] = share === 0 ? ['refused', 1] : [`served ${level}`, 0.25 + 0.75 * share];
  return `<rect class="${className}" x="${x}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 3}" opacity="${opacity.toFixed(2)}"><title>${served} of ${asked} served</title></rect>`;
}

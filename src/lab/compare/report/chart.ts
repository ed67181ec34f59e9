/** Lines over two axes as SVG. Colours come from the page's style, by the class of a series. */
import { escapeText } from '../../../check/timeline/escape.js';

export interface Scale {
  /** Logarithmic scales begin above 0. */
  readonly kind: 'linear' | 'log';
  readonly from: number;
  readonly to: number;
}

export interface Tick {
  readonly at: number;
  readonly text: string;
}

export interface Axis {
  readonly title: string;
  readonly scale: Scale;
  readonly ticks: readonly Tick[];
}

export interface Series {
  readonly name: string;
  readonly className: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const WIDTH = 440;
const HEIGHT = 270;
const LEFT = 62;
const RIGHT = 26;
const TOP = 30;
const BOTTOM = 46;

export function lineChart({ title, x, y, series }: Chart): string {
  const toX = positions(x.scale, LEFT, WIDTH - RIGHT);
  const toY = positions(y.scale, HEIGHT - BOTTOM, TOP);
  const columns = x.ticks.map(({ at, text }) => {
    const px = toX(at);
    return `<line class="grid" x1="${px}" y1="${TOP}" x2="${px}" y2="${HEIGHT - BOTTOM}"/><text x="${px}" y="${HEIGHT - BOTTOM + 15}" text-anchor="middle">${escapeText(text)}</text>`;
  });
  const rows = y.ticks.map(({ at, text }) => {
    const py = toY(at);
    return `<line class="grid" x1="${LEFT}" y1="${py}" x2="${WIDTH - RIGHT}" y2="${py}"/><text x="${LEFT - 6}" y="${py + 4}" text-anchor="end">${escapeText(text)}</text>`;
  });
  const lines = series.map(({ name, className, points }) => {
    const path = points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${toX(px)} ${toY(py)}`).join('');
    return `<path class="series ${className}" d="${path}"><title>${escapeText(name)}</title></path>`;
  });
  const middle = (LEFT + WIDTH - RIGHT) / 2;
  return `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(title)}"><text class="title" x="${LEFT}" y="16">${escapeText(title)}</text>${columns.join('')}${rows.join('')}${lines.join('')}<text x="${middle}" y="${HEIGHT - 8}" text-anchor="middle">${escapeText(x.title)}</text><text transform="translate(13 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escapeText(y.title)}</text></svg>`;
}

/** Powers of ten that hold all values, and a tick at each. */
export function decades(values: readonly number[], text: (value: number) => string): Pick<Axis, 'scale' | 'ticks'> {
  const positive = values.filter((value) => value > 0);
  const least = Math.floor(Math.log10(positive.reduce((a, b) => Math.min(a, b), 1)));
  const most = Math.max(least + 1, Math.ceil(Math.log10(positive.reduce((a, b) => Math.max(a, b), 1))));
  const ticks = Array.from({ length: most - least + 1 }, (_, i) => 10 ** (least + i));
  return {
    scale: { kind: 'log', from: 10 ** least, to: 10 ** most },
    ticks: ticks.map((at) => ({ at, text: text(at) })),
  };
}

/** What lies outside of the scale is drawn at its edge. */
function positions({ kind, from, to }: Scale, start: number, end: number): (value: number) => number {
  const on = (value: number): number => (kind === 'log' ? Math.log10(value) : value);
  const [least, most] = [on(from), on(to)];
  return (value) => {
    const share = (on(Math.min(to, Math.max(from, value))) - least) / (most - least);
    return Math.round((start + share * (end - start)) * 10) / 10;
  };
}

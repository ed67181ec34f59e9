/** A chart as the page carries it: `draw.ts` draws it in the reader's browser, `charts.ts` makes a table of it. */

/** What numbers on an axis are. `rarity` is -log10(1 - share): 90%, 99% and 99.9% are evenly spread. */
export type Unit = 'ms' | 'share' | 'rarity';

export interface Axis {
  readonly title: string;
  readonly unit: Unit;
  /** Logarithmic axes begin above 0. */
  readonly isLog: boolean;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
}

export interface Series {
  readonly name: string;
  /** At each of the chart's `xs`; `null` where nothing is known. */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly xs: readonly number[];
  readonly series: readonly Series[];
}

/** Powers of ten that hold all values, with a tick at each. */
export function decades(values: readonly (number | null)[]): Pick<Axis, 'isLog' | 'from' | 'to' | 'ticks'> {
  const positive = values.filter((value) => value !== null && value > 0) as readonly number[];
  const least = Math.floor(Math.log10(positive.reduce((a, b) => Math.min(a, b), 1)));
  const most = Math.max(least + 1, Math.ceil(Math.log10(positive.reduce((a, b) => Math.max(a, b), 1))));
  const ticks = Array.from({ length: most - least + 1 }, (_, i) => 10 ** (least + i));
  return { isLog: true, from: 10 ** least, to: 10 ** most, ticks };
}

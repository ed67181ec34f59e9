/**
 * Draws the charts of a report with uPlot, in the browser of whoever reads it. The page carries the source text of these
 * functions, so they use nothing but each other and what they are given. Colours are the variables of the page's style, of
 * the name of each series.
 */
import type uPlot from 'uplot';
import type { Axis, Chart, Unit } from './chart.js';

interface Place {
  readonly clientWidth: number;
  readonly dataset: { readonly [name: string]: string | undefined };
}

/** As much of a browser's window as drawing needs. */
export interface Page {
  readonly document: {
    readonly documentElement: object;
    getElementById(id: string): { readonly textContent: string | null } | null;
    querySelectorAll(selector: string): Iterable<Place>;
  };
  readonly ResizeObserver: new (
    changed: (entries: readonly { readonly target: Place }[]) => void,
  ) => {
    observe(place: Place): void;
  };
  getComputedStyle(element: object): { getPropertyValue(name: string): string };
  matchMedia(query: string): { addEventListener(kind: 'change', changed: () => void): void };
}

type Plot = new (options: uPlot.Options, data: uPlot.AlignedData, place: Place) => { destroy(): void };

export const DRAWING: readonly ((...args: never[]) => unknown)[] = [words, axisOf, optionsOf, drawCharts];

export function words(value: number | null, unit: Unit): string {
  if (value === null) return '–';
  if (unit === 'share') return `${Math.round(value * 1_000) / 10}%`;
  if (unit === 'rarity') return `${Number((100 * (1 - 10 ** -value)).toFixed(2))}%`;
  if (value >= 1_000) return `${Number((value / 1_000).toPrecision(3))} s`;
  return value >= 1 || value === 0
    ? `${Number(value.toPrecision(3))} ms`
    : `${Number((value * 1_000).toPrecision(3))} µs`;
}

function axisOf(axis: Axis, colourOf: (name: string) => string): uPlot.Axis {
  const grid = { stroke: colourOf('line'), width: 1 };
  return {
    label: axis.title,
    stroke: colourOf('ink'),
    font: '11px system-ui, sans-serif',
    labelFont: '12px system-ui, sans-serif',
    labelSize: 22,
    size: 62,
    grid,
    ticks: grid,
    splits: () => [...axis.ticks],
    // Every tick is there because it is worth a word.
    filter: (_, splits) => splits,
    values: (_, splits) => splits.map((value) => words(value, axis.unit)),
  };
}

export function optionsOf(chart: Chart, width: number, colourOf: (name: string) => string): uPlot.Options {
  const scaleOf = ({ isLog, from, to }: Axis): uPlot.Scale => ({
    time: false,
    auto: false,
    distr: isLog ? 3 : 1,
    range: [from, to],
  });
  return {
    width,
    height: 280,
    scales: { x: scaleOf(chart.x), y: scaleOf(chart.y) },
    axes: [{ ...axisOf(chart.x, colourOf), size: 34 }, axisOf(chart.y, colourOf)],
    series: [
      { label: chart.x.title, value: (_, value) => words(value, chart.x.unit) },
      ...chart.series.map(({ name }, i) => ({
        label: name,
        stroke: colourOf(name),
        width: 2,
        spanGaps: true,
        // Where two lines lie upon each other, both are seen.
        ...(i % 2 === 1 ? { dash: [7, 5] } : {}),
        points: { show: chart.xs.length < 20 },
        value: (_: uPlot, value: number) => words(value, chart.y.unit),
      })),
    ],
  };
}

/** Draws each chart as wide as its place, again when that or the colours of the page change. */
export function drawCharts(page: Page, plot: Plot): void {
  const charts = JSON.parse(page.document.getElementById('charts')?.textContent ?? '[]') as readonly Chart[];
  const drawn = new Map<Place, { readonly width: number; destroy(): void }>();
  const draw = (place: Place): void => {
    const chart = charts[Number(place.dataset['chart'])];
    const width = place.clientWidth;
    // A place inside of a closed section has no width until somebody opens it.
    if (chart === undefined || width === 0) return;
    drawn.get(place)?.destroy();
    const style = page.getComputedStyle(page.document.documentElement);
    const options = optionsOf(chart, width, (name) => style.getPropertyValue(`--${name}`).trim());
    const columns = [chart.xs, ...chart.series.map(({ values }) => values)];
    const made = new plot(options, columns as uPlot.AlignedData, place);
    drawn.set(place, { width, destroy: () => made.destroy() });
  };
  const observer = new page.ResizeObserver((entries) => {
    for (const { target } of entries) if (drawn.get(target)?.width !== target.clientWidth) draw(target);
  });
  for (const place of page.document.querySelectorAll('[data-chart]')) observer.observe(place);
  page.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const place of drawn.keys()) draw(place);
  });
}

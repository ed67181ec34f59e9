/** The charts of one page: a place for each, its table for those who cannot see it, and what the drawing script is told. */
import { escapeText } from '../../../check/timeline/escape.js';
import type { Chart } from './chart.js';
import { words } from './draw.js';
import { table } from './tables.js';

/** Their order is the numbers of their places. */
export class Charts {
  readonly #all: Chart[] = [];

  /** Where the chart will be drawn, and its table. `tableAt` says which of the `xs` are worth a row. */
  place(chart: Chart, tableAt: (x: number) => boolean = () => true): string {
    const number = this.#all.push(chart) - 1;
    const rows = chart.xs.flatMap((x, i) =>
      tableAt(x)
        ? [[words(x, chart.x.unit), ...chart.series.map(({ values }) => words(values[i] ?? null, chart.y.unit))]]
        : [],
    );
    const titles = [chart.x.title, ...chart.series.map(({ name }) => name)];
    return `<figure class="chart"><figcaption>${escapeText(chart.title)}</figcaption><div class="plot" data-chart="${number}"></div><details><summary>The same as a table</summary>${table(titles, rows)}</details></figure>`;
  }

  /** For an element of type `application/json`: nothing in it can end that. */
  json(): string {
    return JSON.stringify(this.#all).replaceAll('<', '\\u003c');
  }
}

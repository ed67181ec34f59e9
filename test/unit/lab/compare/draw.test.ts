/** The charts of a report: what the script in the reader's browser makes of them, without a browser. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Chart } from '../../../../src/lab/compare/report/chart.js';
import { Charts } from '../../../../src/lab/compare/report/charts.js';
import { DRAWING, drawCharts, optionsOf, type Page, words } from '../../../../src/lab/compare/report/draw.js';
import { embedded } from '../../../../src/lab/compare/report/library.js';

const CHART: Chart = {
  title: 'Reads </script>',
  x: { title: 'share', unit: 'rarity', isLog: false, from: 0, to: 3, ticks: [0, 1, 2, 3] },
  y: { title: 'waited', unit: 'ms', isLog: true, from: 0.1, to: 1_000, ticks: [0.1, 1, 10, 100, 1_000] },
  xs: [0, 1, 2],
  series: [
    { name: 'eventual', values: [0.2, 1, null] },
    { name: 'causal', values: [0.2, 2, 3.456] },
  ],
};

describe('words of a number', () => {
  it.each([
    [null, 'ms', '–'],
    [0, 'ms', '0 ms'],
    [0.25, 'ms', '250 µs'],
    [12.345, 'ms', '12.3 ms'],
    [2_345, 'ms', '2.35 s'],
    [0.5, 'share', '50%'],
    [0.9996, 'share', '100%'],
    [0, 'rarity', '0%'],
    [0.301, 'rarity', '50%'],
    [3, 'rarity', '99.9%'],
  ] as const)('%s %s is %s', (value, unit, text) => {
    expect(words(value, unit)).toBe(text);
  });
});

describe('the options of a plot', () => {
  const options = optionsOf(CHART, 400, (name) => `colour of ${name}`);

  it('have the axes of the chart', () => {
    expect(options.width).toBe(400);
    expect(options.scales).toMatchObject({ x: { distr: 1, range: [0, 3] }, y: { distr: 3, range: [0.1, 1_000] } });
  });

  it('have a line for each series, in its colour, one of two dashed', () => {
    expect(options.series.map(({ label }) => label)).toEqual(['share', 'eventual', 'causal']);
    expect(options.series.map(({ stroke }) => stroke)).toEqual([undefined, 'colour of eventual', 'colour of causal']);
    expect(options.series.map(({ dash }) => dash !== undefined)).toEqual([false, false, true]);
  });
});

describe('drawing', () => {
  function reader(widths: readonly number[]) {
    const charts = new Charts();
    for (const _ of widths) charts.place(CHART);
    const places = widths.map((clientWidth, i) => ({ clientWidth, dataset: { chart: String(i) } }));
    const drawn: string[] = [];
    let resized: (entries: readonly { target: (typeof places)[number] }[]) => void = () => undefined;
    let recoloured = (): void => undefined;
    const page: Page = {
      document: {
        documentElement: {},
        getElementById: (id) => (id === 'charts' ? { textContent: charts.json() } : null),
        querySelectorAll: () => places,
      },
      ResizeObserver: class {
        constructor(changed: (entries: readonly { readonly target: (typeof places)[number] }[]) => void) {
          resized = changed;
        }
        observe(): void {}
      },
      getComputedStyle: () => ({ getPropertyValue: (name) => ` ${name} ` }),
      matchMedia: () => ({
        addEventListener: (_, changed) => {
          recoloured = changed;
        },
      }),
    };
    class Plot {
      readonly #name: string;
      constructor({ width, series }: { width: number; series: readonly { stroke?: unknown }[] }, data: object) {
        this.#name = `${width} ${series[1]?.stroke} ${JSON.stringify(data)}`;
        drawn.push(`draw ${this.#name}`);
      }
      destroy(): void {
        drawn.push('destroy');
      }
    }
    const resize = (): void => resized(places.map((target) => ({ target })));
    return { page, Plot, drawn, places, resize, recolour: () => recoloured() };
  }
  const DATA = '[[0,1,2],[0.2,1,null],[0.2,2,3.456]]';

  it('waits until a place has a width, and follows that and the colours of the page', () => {
    const { page, Plot, drawn, places, resize, recolour } = reader([300, 0]);
    drawCharts(page, Plot as never);
    resize();
    expect(drawn.splice(0)).toEqual([`draw 300 --eventual ${DATA}`]);
    resize();
    expect(drawn).toEqual([]);
    Object.assign(places[1] ?? {}, { clientWidth: 200 });
    resize();
    expect(drawn.splice(0)).toEqual([`draw 200 --eventual ${DATA}`]);
    recolour();
    expect(drawn.map((line) => line.split(' ')[0])).toEqual(['destroy', 'draw', 'destroy', 'draw']);
  });

  it('needs nothing but its own source text', () => {
    const { page, Plot, drawn, resize } = reader([300]);
    const source = DRAWING.map((part) => part.toString()).join('\n');
    runInNewContext(`${source}\ndrawCharts(page, Plot);`, { page, Plot });
    resize();
    expect(drawn).toEqual([`draw 300 --eventual ${DATA}`]);
  });
});

describe('a page', () => {
  it('can carry what the charts say, whatever that is', () => {
    const charts = new Charts();
    expect(charts.place(CHART, (x) => x > 0)).toContain(
      '<td class="">99%</td><td class="">–</td><td class="">3.46 ms</td>',
    );
    expect(charts.json()).not.toContain('</script>');
    expect(JSON.parse(charts.json())).toEqual([CHART]);
  });

  it('can carry the scripts', () => {
    for (const script of embedded().scripts) expect(script).not.toContain('</script');
  });
});

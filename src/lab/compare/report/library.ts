/** The scripts of a report: the plotting library, as its package ships it, and what draws with it. Read when a report is made. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DRAWING } from './draw.js';

const require = createRequire(import.meta.url);

export interface Embedded {
  readonly style: string;
  readonly scripts: readonly string[];
  /** For the page's policy: these scripts may run, and no others. */
  readonly hashes: readonly string[];
}

export function embedded(): Embedded {
  const read = (file: string): string => readFileSync(require.resolve(`uplot/dist/${file}`), 'utf8');
  const drawing = DRAWING.map((part) => part.toString()).join('\n');
  const scripts = [read('uPlot.iife.min.js'), `${drawing}\ndrawCharts(window, uPlot);\n`];
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return { style: read('uPlot.min.css'), scripts, hashes };
}

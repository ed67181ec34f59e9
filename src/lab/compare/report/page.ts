/** `report.html`: a comparison on one page that needs nothing else. */
import { escapeText } from '../../../check/timeline/escape.js';
import type { Measured } from '../measured.js';
import type { Summary } from '../summary.js';

export function reportPage({ results }: Summary, _measured: readonly Measured[]): string {
  return `<!doctype html><title>compare</title><pre>${escapeText(JSON.stringify(results, undefined, 1))}</pre>`;
}

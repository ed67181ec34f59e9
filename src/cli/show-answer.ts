/** A JSON answer on the terminal: as it came with `-o json`, otherwise one line for each of its members. */
import { type HttpAnswer, jsonOf, textOf } from '../lab/http-call.js';
import type { ConnectionOptions } from './client-call.js';
import { renderFacts } from './table.js';
import type { Terminal } from './terminal.js';

export function showAnswer(terminal: Terminal, options: ConnectionOptions, answer: HttpAnswer): void {
  const document = jsonOf(answer);
  if (options.output === 'json' || typeof document !== 'object' || document === null) {
    terminal.out(`${textOf(answer).trimEnd()}\n`);
    return;
  }
  const facts = Object.entries(document).map(([name, value]) => [name, factOf(value)] as const);
  if (facts.length > 0) terminal.out(renderFacts(facts));
}

function factOf(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return '-';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

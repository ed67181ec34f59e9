/** `causeway list`: keys in order, with what fits on a line of their values. */
import { type HttpAnswer, jsonOf, textOf } from '../../lab/http-call.js';
import { type ClientOptions, perform } from '../client-call.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { renderTable, shorten } from '../table.js';
import type { Terminal } from '../terminal.js';

export interface ListOptions extends ClientOptions {
  readonly prefix?: string;
  readonly after?: string;
  readonly limit?: number;
}

interface Entry {
  readonly key: string;
  readonly etag: string;
  readonly contentType: string;
  readonly encoding: 'utf8' | 'base64';
  readonly value: string;
  readonly siblings?: readonly unknown[];
}

interface Page {
  readonly items: readonly Entry[];
  readonly next?: string | null;
}

const VALUE_COLUMN = 48;

export async function list(terminal: Terminal, options: ListOptions): Promise<ExitCode> {
  const query = Object.entries({ prefix: options.prefix, after: options.after, limit: options.limit })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  const path = `/v1/kv${query.length > 0 ? `?${query.join('&')}` : ''}`;
  const answer = await perform(terminal, options, { method: 'GET', path });
  if (answer === undefined) return EXIT.ok;
  if (options.output === 'json') terminal.out(`${textOf(answer).trimEnd()}\n`);
  else showPage(terminal, answer);
  return EXIT.ok;
}

function showPage(terminal: Terminal, answer: HttpAnswer): void {
  const page = jsonOf(answer) as Page;
  terminal.out(renderTable(['KEY', 'BYTES', 'SIBLINGS', 'TYPE', 'VALUE'], page.items.map(row)));
  if (typeof page.next === 'string') terminal.err(`more: --after ${JSON.stringify(page.next)}\n`);
}

function row(entry: Entry): string[] {
  const bytes = Buffer.byteLength(entry.value, entry.encoding === 'base64' ? 'base64' : 'utf8');
  const shown = entry.encoding === 'base64' ? '(binary)' : shorten(entry.value, VALUE_COLUMN);
  return [entry.key, String(bytes), String(entry.siblings?.length ?? 0), entry.contentType, shown];
}

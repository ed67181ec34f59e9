/** `causeway elect observe`: who leads, a line for each change, until Ctrl-C. */
import { createClient } from '../../client/client.js';
import type { LeaderChange } from '../../client/observation.js';
import { curlLine } from '../../lab/curl-line.js';
import { type ClientOptions, callTo } from '../client-call.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { objectPath } from '../json-request.js';
import { stopSignal } from '../stop-signal.js';
import { printable } from '../table.js';
import type { Terminal } from '../terminal.js';

export interface ObserveOptions extends ClientOptions {
  /** End after so many lines. */
  readonly changes?: number;
}

export async function observe(terminal: Terminal, name: string, options: ObserveOptions): Promise<ExitCode> {
  const { url: urls, token, consistency: level, changes = Number.POSITIVE_INFINITY } = options;
  if (options.curl) {
    const request = { method: 'GET', path: `${objectPath('elections', name)}/observe` } as const;
    terminal.out(`${curlLine(callTo(urls[0] ?? '', options, request))} -N\n`);
    return EXIT.ok;
  }
  const signal = stopSignal();
  let shown = 0;
  try {
    for await (const change of createClient({ urls, token }).elections.observe(name, { level, signal })) {
      terminal.out(options.output === 'json' ? `${JSON.stringify(change)}\n` : `${sentence(change)}\n`);
      shown += 1;
      if (shown >= changes) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  return EXIT.ok;
}

function sentence(change: LeaderChange): string {
  return change.held ? `term ${change.fencingToken}: ${printable(change.owner)} leads` : 'nobody leads';
}

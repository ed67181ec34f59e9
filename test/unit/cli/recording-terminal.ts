/** A terminal that remembers what was written to it. */
import pc from 'picocolors';
import type { Terminal } from '../../../src/cli/terminal.js';

export interface RecordingTerminal extends Terminal {
  readonly output: () => string;
  readonly errors: () => string;
  readonly outputBytes: () => Buffer;
}

export function recordingTerminal(
  options: {
    readonly input?: Uint8Array;
    readonly env?: Readonly<Record<string, string>>;
    readonly isLive?: boolean;
  } = {},
): RecordingTerminal {
  const out: Buffer[] = [];
  const err: string[] = [];
  return {
    out: (text) => void out.push(Buffer.from(text as string)),
    err: (text) => void err.push(text),
    columns: 80,
    isLive: options.isLive ?? false,
    colors: pc.createColors(false),
    readInput: async (maxBytes) => (options.input ?? Buffer.alloc(0)).subarray(0, maxBytes + 1),
    env: options.env ?? {},
    output: () => Buffer.concat(out).toString('utf8'),
    errors: () => err.join(''),
    outputBytes: () => Buffer.concat(out),
  };
}

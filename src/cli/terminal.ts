/**
 * Where a command's words go. Commands write here and nowhere else, so that they can be tested without a process and
 * survive a reader that leaves early (`causeway list | head`).
 */
import pc from 'picocolors';

type Colors = ReturnType<typeof pc.createColors>;

export interface Terminal {
  /** Results. */
  out(text: string | Uint8Array): void;
  /** Everything that is not the result: progress, advice, errors. */
  err(text: string): void;
  /** Characters on a line. */
  readonly columns: number;
  /** Whether a person watches `err`, so that a line may be written over the one before. */
  readonly isLive: boolean;
  /** Colours for `out`; they do nothing where colours are not wanted. */
  readonly colors: Colors;
  /** At most `maxBytes + 1` bytes of standard input: enough to see that there are too many. */
  readInput(maxBytes: number): Promise<Uint8Array>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const DEFAULT_COLUMNS = 80;

export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit();
      throw error;
    });
  }
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    columns: process.stdout.columns ?? DEFAULT_COLUMNS,
    isLive: process.stderr.isTTY === true && process.env['TERM'] !== 'dumb',
    colors: pc.createColors(wantsColor(process.env, process.stdout.isTTY)),
    readInput,
    env: process.env,
  };
}

/** `NO_COLOR` and `FORCE_COLOR` as their conventions say; otherwise only a person at a terminal gets colours. */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: term } = env;
  if (no !== undefined && no !== '') return false;
  if (force !== undefined && force !== '' && force !== '0') return true;
  return isTerminal && term !== 'dumb';
}

async function readInput(maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    chunks.push(bytes);
    length += bytes.length;
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes + 1);
}

/** The command line of the peer comparison. */
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface PeerOptions {
  readonly rounds: number;
  readonly clientCounts: readonly number[];
  readonly measureMs: number;
  readonly warmUpMs: number;
  readonly keys: number;
  readonly valueBytes: number;
  /** Names of the systems to measure; all if empty. */
  readonly only: readonly string[];
  /** Where data goes: the disk under test. */
  readonly folder: string;
  readonly results: string;
  /** Whether `docs/PERFORMANCE.md` is to show this run. */
  readonly document: boolean;
}

export const USAGE = `npm run bench:peers -- [options]
  --rounds N         rounds over all systems, interleaved (5)
  --clients 1,64     numbers of clients
  --seconds S        how long each case is measured in each round (3)
  --warm-up S        how long before that it runs unmeasured (1)
  --keys N           keys, drawn uniformly (1000)
  --value-bytes N    size of values (100)
  --only a,b         some of the systems, by their names without what is in brackets
  --dir DIR          where the data of all systems goes (the system's temporary folder)
  --out DIR          where the results go (bench-results)
  --document         show this run in docs/PERFORMANCE.md
  --quick            one round of half a second: to see that everything runs, not to learn how fast`;

const NUMBERS = {
  rounds: { fallback: 5, quick: 1, lowest: 1 },
  seconds: { fallback: 3, quick: 0.5, lowest: 0.1 },
  'warm-up': { fallback: 1, quick: 0.2, lowest: 0 },
  keys: { fallback: 1_000, quick: 200, lowest: 1 },
  'value-bytes': { fallback: 100, quick: 100, lowest: 1 },
} as const;

/** Undefined if it is asked for help. @throws Error with one sentence for what is not understood. */
export function parsePeerOptions(args: readonly string[]): PeerOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: text,
      clients: text,
      seconds: text,
      'warm-up': text,
      keys: text,
      'value-bytes': text,
      only: text,
      dir: text,
      out: text,
      document: { type: 'boolean' },
      quick: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return undefined;
  const number = (name: keyof typeof NUMBERS): number => {
    const { fallback, quick, lowest } = NUMBERS[name];
    const value = Number(values[name] ?? (values.quick === true ? quick : fallback));
    const isCount = name !== 'seconds' && name !== 'warm-up';
    if (!(value >= lowest) || (isCount && !Number.isSafeInteger(value))) {
      throw new Error(`--${name} ${values[name]} is not a number from ${lowest} upwards`);
    }
    return value;
  };
  const clientCounts = (values.clients ?? '1,64').split(',').map(Number);
  if (clientCounts.some((count) => !Number.isSafeInteger(count) || count < 1)) {
    throw new Error(`--clients ${values.clients} is not a list of numbers of clients`);
  }
  return {
    rounds: number('rounds'),
    clientCounts,
    measureMs: number('seconds') * 1_000,
    warmUpMs: number('warm-up') * 1_000,
    keys: number('keys'),
    valueBytes: number('value-bytes'),
    only: values.only?.split(',').map((name) => name.trim().toLowerCase()) ?? [],
    folder: resolve(values.dir ?? tmpdir()),
    results: resolve(values.out ?? 'bench-results'),
    document: values.document === true,
  };
}

/** Where to find a nats-server program that can be run. What to do when there is none is the caller's business. */
import { existsSync } from 'node:fs';
import { CausewayError } from '../base/errors.js';
import { cacheDirectories, type Environment, firstWritable, PACKAGE_ROOT } from './cache-directory.js';
import { installNatsServer, natsServerIn } from './nats-install.js';
import { findProgram, pathDirectories, runProgram } from './run-program.js';

export type NatsServerResolution =
  | {
      readonly kind: 'binary';
      readonly path: string;
      /** `2.9.10` */
      readonly version: string;
      readonly source: 'NATS_SERVER_BIN' | 'path' | 'cache' | 'download';
    }
  /** What was tried and why it did not do, one sentence each. */
  | { readonly kind: 'none'; readonly tried: readonly string[] };

export interface ResolveOptions {
  /** Told in one line before a download begins. */
  readonly announce?: (line: string) => void;
  /** Whether to download it when it is not there. Defaults to true. */
  readonly install?: boolean;
  readonly installTimeoutMs?: number;
  readonly packageRoot?: string;
  /** Looked into after those of `PATH`. */
  readonly directories?: readonly string[];
}

const USUAL_DIRECTORIES = ['/usr/sbin', '/usr/local/bin'];
const INSTALL_TIMEOUT_MS = 60_000;
const VERSION_TIMEOUT_MS = 5_000;
const OLDEST = [2, 9] as const;

/**
 * Looks at `NATS_SERVER_BIN`, then `PATH` and the usual directories, then the cache, then downloads it where that is
 * possible. `NATS_SERVER_BIN=none` says to do without.
 * @throws CausewayError `invalid-config` when `NATS_SERVER_BIN` names something else than a usable nats-server.
 */
export async function resolveNatsServer(env: Environment, options: ResolveOptions = {}): Promise<NatsServerResolution> {
  const { NATS_SERVER_BIN: chosen } = env;
  if (chosen === 'none') return { kind: 'none', tried: ['NATS_SERVER_BIN=none asks to do without'] };
  if (chosen !== undefined && chosen !== '') return checkChosen(chosen);

  const tried: string[] = [];
  const directories = [...pathDirectories(env), ...(options.directories ?? USUAL_DIRECTORIES)];
  const caches = cacheDirectories(env, options.packageRoot ?? PACKAGE_ROOT);
  const present = (await checkEach(directories, tried)) ?? (await checkCaches(caches, tried));
  if (present !== undefined) return present;
  if (options.install === false) return { kind: 'none', tried: [...tried, 'downloading it was not asked for'] };
  const downloaded = await download(env, firstWritable(caches), options, tried);
  return downloaded ?? { kind: 'none', tried };
}

type Found = NatsServerResolution & { kind: 'binary' };

async function checkChosen(path: string): Promise<Found> {
  const tried: string[] = [];
  const found = await checkProgram(path, 'NATS_SERVER_BIN', tried);
  if (found === undefined) throw new CausewayError('invalid-config', `NATS_SERVER_BIN: ${tried.join('; ')}`);
  return found;
}

async function checkEach(directories: readonly string[], tried: string[]): Promise<Found | undefined> {
  const paths = directories.flatMap((directory) => findProgram('nats-server', [directory]) ?? []);
  if (paths.length === 0) tried.push(`there is no nats-server in ${directories.join(', ')}`);
  for (const path of new Set(paths)) {
    const found = await checkProgram(path, 'path', tried);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function checkCaches(caches: readonly string[], tried: string[]): Promise<Found | undefined> {
  const paths = caches.map(natsServerIn).filter((path) => existsSync(path));
  if (paths.length === 0) tried.push(`none was downloaded into ${caches.join(', ')} before`);
  for (const path of paths) {
    const found = await checkProgram(path, 'cache', tried);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function download(
  env: Environment,
  cacheDirectory: string | undefined,
  options: ResolveOptions,
  tried: string[],
): Promise<Found | undefined> {
  if (cacheDirectory === undefined) {
    tried.push('there is no directory to download it into; set CAUSEWAY_CACHE to one that can be written');
    return undefined;
  }
  const { announce = () => undefined, installTimeoutMs: timeoutMs = INSTALL_TIMEOUT_MS } = options;
  const result = await installNatsServer({ env, cacheDirectory, timeoutMs, announce });
  if (result.kind === 'installed') return checkProgram(result.path, 'download', tried);
  tried.push(`downloading it failed: ${result.reason}`);
  return undefined;
}

/** Asks the program for its version: that it runs here at all is the best test of a file that may be anything. */
async function checkProgram(path: string, source: Found['source'], tried: string[]): Promise<Found | undefined> {
  const result = await runProgram(path, ['-v'], { timeoutMs: VERSION_TIMEOUT_MS });
  const version = /nats-server: v?(\d+\.\d+\.\d+\S*)/.exec(result.stdout)?.[1];
  if (!result.ok) tried.push(`${path} does not run: ${result.complaint}`);
  else if (version === undefined) tried.push(`${path} is not a nats-server`);
  else if (!isSupported(version)) tried.push(`${path} is ${version}, older than ${OLDEST.join('.')}`);
  else return { kind: 'binary', path, version, source };
  return undefined;
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

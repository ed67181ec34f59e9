/**
 * Gets nats-server from the package archive of a Debian-like system without being root and without installing
 * anything: the package is downloaded by apt, which checks its signature, and unpacked into the cache.
 */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from './cache-directory.js';
import { findProgram, pathDirectories, runProgram } from './run-program.js';

export interface InstallOptions {
  readonly env: Environment;
  /** An existing directory; the program ends up in `natsServerIn(cacheDirectory)`. */
  readonly cacheDirectory: string;
  /** For everything together. */
  readonly timeoutMs: number;
  /** One line, before anything is downloaded. */
  readonly announce: (line: string) => void;
  /** A sources.list to use in place of the system's, as its text. */
  readonly sources?: string;
}

export type InstallResult =
  | { readonly kind: 'installed'; readonly path: string }
  | { readonly kind: 'failed'; readonly reason: string };

const PACKAGE = 'nats-server';

export function natsServerIn(cacheDirectory: string): string {
  return join(cacheDirectory, 'nats-server', 'bin', 'nats-server');
}

/** Never rejects. Two processes may do this at once; the program appears whole or not at all. */
export async function installNatsServer(options: InstallOptions): Promise<InstallResult> {
  const { env, cacheDirectory, announce } = options;
  const aptGet = findProgram('apt-get', pathDirectories(env));
  const dpkg = findProgram('dpkg', pathDirectories(env));
  if (aptGet === undefined || dpkg === undefined) {
    return { kind: 'failed', reason: 'this system has no apt-get and dpkg to get it with' };
  }
  announce(`nats-server is not installed: downloading it from this system's package archive into ${cacheDirectory}`);
  let workshop: string | undefined;
  try {
    mkdirSync(join(cacheDirectory, 'nats-server', 'bin'), { recursive: true });
    workshop = mkdtempSync(join(cacheDirectory, 'nats-server', 'download-'));
    return await downloadAndUnpack(options, { aptGet, dpkg, workshop });
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    if (workshop !== undefined) rmSync(workshop, { recursive: true, force: true });
  }
}

interface Workshop {
  readonly aptGet: string;
  readonly dpkg: string;
  readonly workshop: string;
}

async function downloadAndUnpack(options: InstallOptions, tools: Workshop): Promise<InstallResult> {
  const { env, cacheDirectory, timeoutMs } = options;
  const { dpkg, workshop } = tools;
  const deadlineMs = performance.now() + timeoutMs;
  const failure = await download(options, tools, deadlineMs);
  if (failure !== undefined) return { kind: 'failed', reason: failure };
  const archive = readdirSync(workshop).find((name) => name.startsWith(PACKAGE) && name.endsWith('.deb'));
  if (archive === undefined) return { kind: 'failed', reason: 'apt-get downloaded no package' };
  const unpacked = join(workshop, 'unpacked');
  const remainingMs = deadlineMs - performance.now();
  const unpack = await runProgram(dpkg, ['-x', join(workshop, archive), unpacked], { timeoutMs: remainingMs, env });
  if (!unpack.ok) return { kind: 'failed', reason: `dpkg: ${unpack.complaint}` };
  const program = findProgram(PACKAGE, [join(unpacked, 'usr', 'sbin'), join(unpacked, 'usr', 'bin')]);
  if (program === undefined) return { kind: 'failed', reason: `${archive} holds no nats-server` };
  const path = natsServerIn(cacheDirectory);
  chmodSync(program, 0o755);
  renameSync(program, path);
  return { kind: 'installed', path };
}

/** Why it failed, or `undefined`. The system's package lists are tried first; they may be missing or out of date. */
async function download(options: InstallOptions, tools: Workshop, deadlineMs: number): Promise<string | undefined> {
  const { aptGet, workshop } = tools;
  const env = { ...options.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  const apt = async (...args: readonly string[]): Promise<string | undefined> => {
    const timeoutMs = Math.round(deadlineMs - performance.now());
    if (timeoutMs <= 0) return 'out of time';
    const result = await runProgram(aptGet, [...aptSettings(workshop), ...args], { timeoutMs, cwd: workshop, env });
    return result.ok ? undefined : result.complaint;
  };
  if (options.sources === undefined && (await apt('download', PACKAGE)) === undefined) return undefined;
  const privateLists = useOwnLists(workshop, options.sources);
  // Of an update that failed in part the rest may be enough, so only the download decides.
  const updateFailure = await apt(...privateLists, 'update');
  const failure = await apt(...privateLists, 'download', PACKAGE);
  return failure === undefined ? undefined : `apt-get: ${updateFailure ?? failure}`;
}

/** Everything apt writes goes below `workshop`, so no privilege is needed and no state of the system changes. */
function aptSettings(workshop: string): readonly string[] {
  const archives = join(workshop, 'cache', 'archives');
  mkdirSync(join(archives, 'partial'), { recursive: true });
  return [
    '-q',
    ...settings({
      'Dir::Cache': join(workshop, 'cache'),
      // As root apt would otherwise hand the download to a user who cannot enter these directories.
      'APT::Sandbox::User': 'root',
      'Acquire::http::Timeout': '10',
      'Acquire::https::Timeout': '10',
      'Acquire::Retries': '1',
      'Acquire::Languages': 'none',
    }),
  ];
}

function useOwnLists(workshop: string, sources: string | undefined): readonly string[] {
  const lists = join(workshop, 'lists');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  if (sources === undefined) return settings({ 'Dir::State::Lists': lists });
  const sourceList = join(workshop, 'sources.list');
  writeFileSync(sourceList, sources);
  return settings({
    'Dir::State::Lists': lists,
    'Dir::Etc::SourceList': sourceList,
    'Dir::Etc::SourceParts': join(workshop, 'none'),
  });
}

function settings(values: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

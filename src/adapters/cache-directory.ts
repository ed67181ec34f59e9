/** Where downloaded programs are kept between runs. */
import { accessSync, constants, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from './make-folder.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The directory of `package.json`, the same for `src/` and `dist/`. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Directories to look into, the preferred one first: `CAUSEWAY_CACHE` alone if it is set, else `.cache` of the
 * package, the user's cache directory, and one under the system's temporary directory.
 */
export function cacheDirectories(env: Environment, packageRoot: string): readonly string[] {
  const { CAUSEWAY_CACHE: chosen, XDG_CACHE_HOME: xdg, HOME: home } = env;
  if (chosen !== undefined && chosen !== '') return [resolve(chosen)];
  const directories = [join(packageRoot, '.cache')];
  if (xdg !== undefined && xdg !== '') directories.push(join(xdg, 'causeway'));
  else if (home !== undefined && home !== '') directories.push(join(home, '.cache', 'causeway'));
  directories.push(join(tmpdir(), `causeway-cache-${process.getuid?.() ?? 'user'}`));
  return directories.filter(isTrustworthy);
}

/** The first of `directories` that can be written to, made if it is not there. */
export function firstWritable(directories: readonly string[]): string | undefined {
  return directories.find((directory) => {
    try {
      makeFolder(directory, 0o700);
      accessSync(directory, constants.W_OK);
      return isTrustworthy(directory);
    } catch {
      return false;
    }
  });
}

/** Programs are run from here, so nobody else may put one there: not so a directory that anyone can write to. */
function isTrustworthy(directory: string): boolean {
  try {
    const { mode, uid } = statSync(directory);
    const isOurs = process.getuid === undefined || uid === process.getuid() || uid === 0 || process.getuid() === 0;
    return isOurs && (mode & 0o002) === 0;
  } catch {
    return true;
  }
}

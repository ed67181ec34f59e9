/** Where the programs of the peers are: in the cache that `install.sh` fills, or installed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, pathDirectories, runProgram } from '../../src/adapters/run-program.js';
import { ROOT } from '../root.js';

const PEERS = process.env['CAUSEWAY_PEERS'] ?? join(ROOT, '.cache', 'peers');
const PEERS_ROOT = join(PEERS, 'root');
const JRE_FOLDER = join(PEERS, 'jre', 'usr', 'lib', 'jvm');
export const INSTALL_HINT = 'bench/peers/install.sh gets it';

const VERSION_TIMEOUT_MS = 10_000;
const LIBRARIES = join(PEERS_ROOT, 'usr', 'lib', 'x86_64-linux-gnu');
const LOADER = join(LIBRARIES, 'ld-linux-x86-64.so.2');
const SYSTEM_DIRECTORIES = ['/usr/sbin', '/usr/local/bin'];
const JAVA_FOLDERS = [join(PEERS_ROOT, 'usr', 'share', 'java'), '/usr/share/java'];

export interface Program {
  /** The first words of its command line. */
  readonly command: readonly string[];
  readonly version: string;
}

/** @param version what finds it in the output of `name --version`. */
export async function findServer(name: string, version: RegExp): Promise<Program | undefined> {
  const cached = ['bin', 'sbin'].map((folder) => join(PEERS_ROOT, 'usr', folder));
  const directories = [...cached, ...pathDirectories(process.env), ...SYSTEM_DIRECTORIES];
  for (const directory of directories) {
    const path = findProgram(name, [directory]);
    if (path === undefined) continue;
    // A program of a newer release may need that release's libraries, and then its loader as well.
    const bundled =
      cached.includes(directory) && existsSync(LOADER) ? [[LOADER, '--library-path', LIBRARIES, path]] : [];
    for (const command of [[path], ...bundled]) {
      const found = await versionOf(command, version);
      if (found !== undefined) return { command, version: found };
    }
  }
  return undefined;
}

async function versionOf([program = '', ...args]: readonly string[], version: RegExp): Promise<string | undefined> {
  const result = await runProgram(program, [...args, '--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  return result.ok ? version.exec(result.stdout)?.[1] : undefined;
}

/** The program that runs ZooKeeper. */
export function findJava(): string | undefined {
  const own = existsSync(JRE_FOLDER) ? readdirSync(JRE_FOLDER).map((name) => join(JRE_FOLDER, name, 'bin')) : [];
  return findProgram('java', [...pathDirectories(process.env), ...own]);
}

/** The class path of a ZooKeeper server and its version; undefined without its packages. */
export function findZooKeeperJars(): { readonly classPath: string; readonly version: string } | undefined {
  for (const folder of JAVA_FOLDERS.filter((folder) => existsSync(folder))) {
    const version = readdirSync(folder)
      .map((name) => /^zookeeper-(\d+\.\d+\.\d+)\.jar$/.exec(name)?.[1])
      .find((found) => found !== undefined);
    if (version === undefined) continue;
    const jars = ZOOKEEPER_JARS.map((name) => join(folder, `${name}.jar`));
    return { classPath: jars.join(':'), version };
  }
  return undefined;
}

/** With a logger that keeps silent: a log line for a request would be paid by ZooKeeper alone. */
const ZOOKEEPER_JARS = [
  'zookeeper',
  'zookeeper-jute',
  'slf4j-api',
  'slf4j-nop',
  'metrics-core',
  'netty-all',
  'commons-io',
  'commons-cli',
  'snappy-java',
];

/**
 * Brings a clone to the point where `dist/cli/main.js` can run: dependencies, build, a NATS server. Used by
 * `npm run demo`, `npm start` and `npm test`, so it works on a fresh clone: it may import nothing from node_modules.
 * A step that has nothing to do costs no more than a look at file times.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const LOWEST_NODE = [20, 19];

try {
  checkNode();
  await withLock(join(root, '.cache', 'setup.lock'), async () => {
    await installDependencies();
    await build();
  });
  await findNatsServer();
} catch (error) {
  process.stderr.write(`set-up failed: ${error.message}\n`);
  process.exitCode = 1;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor >= LOWEST_NODE[1])) return;
  throw new Error(`Causeway needs Node.js ${LOWEST_NODE.join('.')} or later, and this is ${process.versions.node}.`);
}

async function installDependencies() {
  if (isInstalled()) return;
  // No dependency needs an install script: every native part comes compiled inside its package.
  await step('installing dependencies (npm ci)', () => run('npm', ['ci', '--ignore-scripts', '--loglevel=error']));
}

/** npm notes at the end of an install what it installed; compared with what is wanted, times do not matter. */
function isInstalled() {
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'));
  const wanted = readPackages(join(root, 'package-lock.json'));
  if (installed === undefined || wanted === undefined) return false;
  const isSame = ([path, { version, integrity, optional, devOptional }]) => {
    const found = installed[path];
    // Optional packages are mostly those of other platforms.
    if (found === undefined) return path === '' || optional === true || devOptional === true;
    return found.version === version && found.integrity === integrity;
  };
  return Object.keys(installed).every((path) => path in wanted) && Object.entries(wanted).every(isSame);
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function build() {
  const stamp = join(root, 'dist', '.setup-stamp');
  const built = changedMs(join(root, 'dist', 'cli', 'main.js')) === undefined ? undefined : changedMs(stamp);
  const sources = Math.max(newestMs(join(root, 'src')), changedMs(join(root, 'tsconfig.json')));
  if (built !== undefined && built >= sources) return;
  const startedSeconds = Date.now() / 1000;
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await step('building (tsc -b)', () => run(process.execPath, [compiler, '-b', root]));
  // The stamp carries the time before the build, so that a file saved during it counts as newer.
  writeFileSync(stamp, '');
  utimesSync(stamp, startedSeconds, startedSeconds);
}

async function findNatsServer() {
  const path = join(root, 'dist', 'lab', 'announce-nats-server.js');
  const { announceNatsServer } = await import(pathToFileURL(path).href);
  await announceNatsServer((line) => process.stdout.write(`${line}\n`));
}

async function step(name, task) {
  const startedMs = performance.now();
  process.stdout.write(`${name} … `);
  try {
    await task();
  } catch (error) {
    process.stdout.write('failed\n');
    throw error;
  }
  process.stdout.write(`${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
}

/** Runs a program quietly; what it printed appears only if it fails. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', (error) => reject(new Error(`${command} cannot be run: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) return resolve();
      reject(
        new Error(`${command} ${args.join(' ')} exited with ${code}\n${Buffer.concat(output).toString().trimEnd()}`),
      );
    });
  });
}

/** When the file was last changed; `undefined` if there is none. */
function changedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** The newest change below a folder. Folders count too: theirs is the time of the last removal. */
function newestMs(folder) {
  let newest = changedMs(folder);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestMs(path) : changedMs(path));
  }
  return newest;
}

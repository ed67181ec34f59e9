/**
 * `npm test`: set-up, types, style, dead code, then every test and every mutant; the last line is `N passed, N failed`,
 * counted from what vitest reports plus one for each of the three checks and one for the mutants. With arguments
 * (`npm test -- test/unit`) only vitest runs.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const report = join(root, '.cache', `vitest-${process.pid}.json`);
/** These run together: they share the processor with nothing else. The packages are there only after the set-up. */
const CHECKS = [
  { name: 'types', script: () => binPath('typescript', 'tsc'), args: ['-b', '.', 'test', 'bench'] },
  { name: 'style', script: () => binPath('@biomejs/biome', 'biome'), args: ['ci', '--colors=off', '.'] },
  { name: 'dead code', script: () => binPath('knip', 'knip'), args: ['--no-progress', '--no-config-hints'] },
];
const MUTANTS = { name: 'mutants', script: () => join(root, 'scripts', 'mutants.mjs'), args: [] };

const setUp = await run(join(root, 'scripts', 'setup.mjs'), [], 'inherit');
if (setUp.code !== 0) {
  process.stdout.write('0 passed, 1 failed\n');
  process.exit(1);
}
const filters = process.argv.slice(2);
const isWhole = filters.length === 0;
const checks = isWhole ? await Promise.all(CHECKS.map(runCheck)) : [];
const tests = await runTests(filters);
if (isWhole) checks.push(await runCheck(MUTANTS));
const passed = checks.filter((ok) => ok).length + tests.passed;
const failed = checks.filter((ok) => !ok).length + tests.failed;
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

/** What a check prints appears only if it fails. */
async function runCheck({ name, script, args }) {
  const startedMs = performance.now();
  const { code, output } = await run(script(), args, 'pipe');
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
  if (code !== 0) process.stdout.write(`${output.trimEnd()}\n`);
  return code === 0;
}

async function runTests(args) {
  mkdirSync(dirname(report), { recursive: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { code } = await run(binPath('vitest', 'vitest'), ['run', ...reporters, ...args], 'inherit');
  const counts = countTests();
  // A run that ended badly although every counted test passed (nothing found, an error outside of tests) failed once.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function countTests() {
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  rmSync(report);
  const unloaded = result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  return { passed: result.numPassedTests, failed: result.numFailedTests + unloaded.length };
}

function run(script, args, stdio) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: ['ignore', stdio, stdio] });
    const output = [];
    child.stdout?.on('data', (chunk) => output.push(chunk));
    child.stderr?.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(output).toString() }));
  });
}

/** The script behind a package's command, without the shell and without npx. */
function binPath(name, command) {
  const manifest = join(root, 'node_modules', name, 'package.json');
  const { bin } = require(manifest);
  return join(dirname(manifest), typeof bin === 'string' ? bin : bin[command]);
}

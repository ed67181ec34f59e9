/**
 * A copy of the source and the tests in a temporary directory, in which a mutant can live without anybody else meeting
 * it. It imports nothing but Node, and runs vitest as the tests of the repository do.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { mutate } from './mutate.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const COPIED = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
/** A mutant may make a loop that never ends. */
const TRIAL_MAX_MS = 180_000;

export class Workbench {
  #folder = mkdtempSync(join(tmpdir(), 'causeway-mutants-'));
  #signal;

  /** Tests that run when `signal` is aborted are killed. */
  constructor(signal) {
    this.#signal = signal;
    for (const name of COPIED) cpSync(join(ROOT, name), join(this.#folder, name), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(this.#folder, 'node_modules'), 'junction');
  }

  /** Runs the tests of `mutants` without any bug. Returns a sentence for each that cannot be tried. */
  async baseline(mutants) {
    const misplaced = mutants.flatMap((mutant) => this.#faultOf(mutant));
    if (misplaced.length > 0) return misplaced;
    const { results, output } = await this.#run(mutants.map(({ test }) => test));
    if (results.length === 0) return [`no test ran:\n${output}`];
    return mutants.flatMap(({ name, test }) => {
      const own = results.filter((result) => isOf(result, test));
      if (own.some(({ status }) => status === 'failed')) return [`${name}: "${test.name}" fails without the mutant`];
      return own.some(({ status }) => status === 'passed') ? [] : [`${name}: no test is called "${test.name}"`];
    });
  }

  /**
   * What becomes of one mutant: `caught` by tests whose names are listed, `survived`, or `broken`, which is a mutant that
   * does not load, names what is not there, or does not end, and so proves nothing.
   */
  async try(mutant) {
    const path = join(this.#folder, mutant.file);
    const sound = readFileSync(path, 'utf8');
    writeFileSync(path, mutate(sound, mutant));
    try {
      const { results, output } = await this.#run([mutant.test]);
      const failed = results.filter(({ status }) => status === 'failed');
      const slip = failed
        .flatMap(({ messages }) => messages)
        .find((message) => /^(?:Reference|Syntax)Error/.test(message));
      if (slip !== undefined) return { kind: 'broken', output: slip };
      if (failed.length > 0) return { kind: 'caught', by: failed };
      const passed = results.some((result) => isOf(result, mutant.test) && result.status === 'passed');
      return passed ? { kind: 'survived' } : { kind: 'broken', output };
    } finally {
      writeFileSync(path, sound);
    }
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #faultOf(mutant) {
    try {
      mutate(readFileSync(join(this.#folder, mutant.file), 'utf8'), mutant);
      return [];
    } catch (error) {
      return [error.message];
    }
  }

  /** The results of all tests with these names in these files. */
  async #run(tests) {
    const report = join(this.#folder, 'report.json');
    rmSync(report, { force: true });
    const files = [...new Set(tests.map(({ file }) => file))];
    const names = tests.map(({ name }) => name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
    const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', '--project=in-process', '--maxWorkers=1', '--no-cache', '--reporter=json'];
    const output = await this.#spawn([...args, `--outputFile=${report}`, `--testNamePattern=${names}`, ...files]);
    return { results: existsSync(report) ? this.#read(report) : [], output };
  }

  #read(report) {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    return testResults.flatMap(({ name: path, assertionResults }) => {
      // The path may be spelt otherwise than ours: a temporary directory is often behind a symbolic link.
      const file = path.replaceAll('\\', '/').replace(/^.*\/(?=test\/)/, '');
      return assertionResults.map((result) => {
        const { fullName: name, status, failureMessages: messages } = result;
        return { file, name, status, messages };
      });
    });
  }

  #spawn(args) {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, args, {
        cwd: this.#folder,
        env: outsideOfTests(),
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: TRIAL_MAX_MS,
        signal: this.#signal,
      });
      const output = [];
      child.stdout.on('data', (chunk) => output.push(chunk));
      child.stderr.on('data', (chunk) => output.push(chunk));
      child.on('error', reject);
      child.on('close', () => resolve(Buffer.concat(output).toString()));
    });
  }
}

function isOf({ file, name }, test) {
  return file === test.file && name.includes(test.name);
}

/** This may itself run inside of a test, whose runner speaks to its children through the environment. */
function outsideOfTests() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:VITEST|TEST$|NODE_ENV$)/.test(name)));
}

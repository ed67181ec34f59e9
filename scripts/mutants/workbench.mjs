/**
 * Tries mutants, one at a time, in a process of its own that is ended when one of them does not end. The repository is
 * never changed: `trials.mjs` says how.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { mutate } from './mutate.mjs';

/** Tests that draw their schedules draw the same ones for every mutant: whether it is caught is no matter of luck. */
const DRAWN_FROM = '1';
const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(dirname(HERE));
/** A mutant may make a loop that never ends. */
const TRIAL_MAX_MS = 180_000;
/** The code fell over itself or stood still before any assertion could find it wrong. */
const SLIPS = /^(?:ReferenceError|SyntaxError|TypeError|RangeError)$/;
const TIMED_OUT = /^(?:Test|Hook) timed out in /;

export class Workbench {
  #signal;
  #process;
  #output = [];
  #trials = 0;

  /** Its process is killed when `signal` is aborted. */
  constructor(signal) {
    this.#signal = signal;
  }

  /** Runs the tests of `mutants` without any bug. Returns a sentence for each that cannot be tried. */
  async baseline(mutants) {
    const misplaced = mutants.flatMap(faultOf);
    if (misplaced.length > 0) return misplaced;
    const { results, faults } = await this.#run(
      mutants.map(({ test }) => test),
      undefined,
      TRIAL_MAX_MS,
    );
    if (results.length === 0) return [`no test ran:\n${faults.join('\n')}`];
    return mutants.flatMap(({ name, test }) => {
      const own = results.filter((result) => isOf(result, test));
      if (own.some(({ status }) => status === 'failed')) return [`${name}: "${test.name}" fails without the mutant`];
      return own.some(({ status }) => status === 'passed') ? [] : [`${name}: no test is called "${test.name}"`];
    });
  }

  /**
   * What becomes of one mutant: `caught` by tests whose names are listed, `survived`, or `broken`, which is a mutant that
   * does not load, names what is not there, or does not end within `maxMs`, and so proves nothing.
   */
  async try(mutant, maxMs = TRIAL_MAX_MS) {
    const { results, faults, isLoaded } = await this.#run([mutant.test], mutant, maxMs);
    const failed = results.filter(({ status }) => status === 'failed');
    const by = failed.filter(({ errors }) => errors.some((error) => !isSlip(error)));
    if (by.length > 0) return { kind: 'caught', by };
    const passed = results.some((result) => isOf(result, mutant.test) && result.status === 'passed');
    if (failed.length === 0 && passed && isLoaded) return { kind: 'survived' };
    const slips = failed.flatMap(({ errors }) => errors.map(({ name, message }) => `${name}: ${message}`));
    const nothing = passed ? `the test does not load ${mutant.file}` : 'no test of that name ran';
    return { kind: 'broken', output: [...slips, ...faults].join('\n') || nothing };
  }

  close() {
    this.#process?.kill('SIGKILL');
    this.#process = undefined;
  }

  /** The results of all tests with these names in these files, and what went wrong outside of tests. */
  #run(tests, mutant, maxMs) {
    this.#signal?.throwIfAborted();
    this.#process ??= this.#start();
    const child = this.#process;
    const id = ++this.#trials;
    return new Promise((resolve, reject) => {
      const seconds = (maxMs / 1000).toFixed(0);
      const onLate = () => onEnd(`it did not end within ${seconds} s`);
      const onExit = () => onEnd(`its process ended:\n${Buffer.concat(this.#output).toString()}`);
      const timer = setTimeout(onLate, maxMs);
      const settle = (settled) => {
        clearTimeout(timer);
        child.off('exit', onExit).off('message', onMessage);
        settled();
      };
      const onMessage = (answer) => {
        if (answer.id === id) settle(() => resolve(answer));
      };
      const onEnd = (fault) =>
        settle(() => {
          this.close();
          if (this.#signal?.aborted === true) reject(this.#signal.reason);
          else resolve({ results: [], faults: [fault], isLoaded: false });
        });
      child.on('exit', onExit).on('message', onMessage);
      child.send({ id, tests, mutant });
    });
  }

  #start() {
    const child = fork(join(HERE, 'trials.mjs'), [], {
      cwd: ROOT,
      env: { SEED: DRAWN_FROM, ...outsideOfTests() },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#output = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => this.#output.push(chunk));
    child.once('exit', () => {
      if (this.#process === child) this.#process = undefined;
    });
    this.#signal?.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
    return child;
  }
}

function faultOf(mutant) {
  try {
    mutate(readFileSync(join(ROOT, mutant.file), 'utf8'), mutant);
    return [];
  } catch (error) {
    return [error.message];
  }
}

function isSlip({ name, message, cause }) {
  return SLIPS.test(name) || TIMED_OUT.test(message) || (cause !== undefined && isSlip(cause));
}

function isOf({ file, name }, test) {
  return file === test.file && name.includes(test.name);
}

/** This may itself run inside of a test, whose runner speaks to its children through the environment. */
function outsideOfTests() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(?:VITEST|TEST$|NODE_ENV$)/.test(name)));
}

/**
 * The process in which mutants live, started by `workbench.mjs`. It keeps what vitest has read and translated, so that a
 * trial costs little more than its test: the bug is put into the text of its file on the way to the test, and into
 * nothing on disk. Each trial has a thread and modules of its own, and so meets nothing that another one left behind.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createVitest } from 'vitest/node';
import { byFile } from './by-file.mjs';
import { mutate } from './mutate.mjs';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** A test that waits for what no longer comes ends by this, long before the trial does. */
const TEST_MAX_MS = 30_000;

let current;
/** What came of the tests so far, and what went wrong outside of them. */
let trial;
const runner = start();

process.on('message', ({ id, tests, mutant }) => {
  run(tests, mutant).then((answer) => process.send({ id, ...answer }));
});
// Whoever started this is gone, and a test may be in a loop without end.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

function start() {
  const reporter = { onTestCaseResult: noteTest, onTestModuleEnd: noteModule, onTestRunEnd: noteRun };
  const options = {
    root: ROOT,
    // A plugin reaches no project of a configuration file. This is what `vitest.config.ts` says of tests inside one process.
    config: false,
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/vector-equality.ts'],
    pool: 'threads',
    isolate: true,
    maxWorkers: 1,
    testTimeout: TEST_MAX_MS,
    hookTimeout: TEST_MAX_MS,
    watch: false,
    cache: false,
    reporters: [reporter],
  };
  return createVitest('test', options, { plugins: [{ name: 'mutant', enforce: 'pre', load: loadMutant }] });
}

/** Runs the tests with these names in these files; with `mutant`, in the presence of the bug. */
async function run(tests, mutant) {
  const vitest = await runner;
  trial = { results: [], faults: [], isLoaded: false };
  setMutant(vitest, mutant);
  try {
    const [project] = vitest.projects;
    const specifications = [...byFile(tests, ({ file }) => file)].map(([file, own]) =>
      project.createSpecification(join(ROOT, file), { testNamePattern: anyOf(own) }),
    );
    await vitest.runTestSpecifications(specifications);
  } finally {
    setMutant(vitest, undefined);
  }
  return trial;
}

function setMutant(vitest, mutant) {
  if (current !== undefined) vitest.invalidateFile(pathOf(current.file));
  current = mutant;
  if (current !== undefined) vitest.invalidateFile(pathOf(current.file));
}

function loadMutant(id) {
  if (current === undefined || id !== pathOf(current.file)) return undefined;
  trial.isLoaded = true;
  return mutate(readFileSync(id, 'utf8'), current);
}

function anyOf(tests) {
  return new RegExp(tests.map(({ name }) => name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'));
}

function noteTest(test) {
  const { state, errors = [] } = test.result();
  if (state === 'skipped') return;
  const file = test.module.relativeModuleId.replaceAll('\\', '/');
  trial.results.push({ file, name: test.fullName.replaceAll(' > ', ' '), status: state, errors: errors.map(plain) });
}

function noteModule(module) {
  trial.faults.push(...module.errors().map(wordsOf));
}

function noteRun(_modules, unhandled) {
  trial.faults.push(...unhandled.map(wordsOf));
}

/** What kind of error it was, and what caused it, without the rest of what vitest knows of it. */
function plain({ name, message, cause }) {
  return { name, message, ...(cause instanceof Object ? { cause: { name: cause.name, message: cause.message } } : {}) };
}

function wordsOf({ name, message }) {
  return `${name}: ${message}`;
}

/** As vite spells it. */
function pathOf(file) {
  return join(ROOT, file).replaceAll('\\', '/');
}

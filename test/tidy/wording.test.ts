/** Nothing is put off, silenced, left out, or tied to one machine. */
import { describe, expect, it } from 'vitest';
import {
  checkAnyTypes,
  checkDeferredWork,
  checkMachinePaths,
  checkNarrowedTests,
  checkSilencedChecks,
} from './rules/wording.js';
import { repositoryFiles } from './source-tree.js';
import { parse, parseAll } from './syntax.js';

/** The bad words of this file are put together at run time, so that it does not contain them. */
const spell = (...parts: string[]) => parts.join('');
const snippet = (text: string) => [{ path: 'src/x.ts', text: `\n${text}` }];

const files = repositoryFiles();
const trees = parseAll(files.filter(({ path }) => /^(?:src|test|bench)\/.*\.ts$/.test(path)));

describe('the repository', () => {
  it('was found, and nothing that is built or installed', () => {
    const paths = files.map(({ path }) => path);
    expect(paths).toContain('package.json');
    expect(paths).toContain('test/tidy/wording.test.ts');
    expect(paths.filter((path) => /^(?:dist|node_modules|\.git)\//.test(path))).toEqual([]);
  });

  it('puts no work off', () => {
    expect(checkDeferredWork(files)).toEqual([]);
  });

  it('silences no check', () => {
    expect(checkSilencedChecks(files)).toEqual([]);
  });

  it('leaves no test out', () => {
    expect(checkNarrowedTests(trees)).toEqual([]);
  });

  it('names no path of one machine', () => {
    expect(checkMachinePaths(files)).toEqual([]);
  });

  it('does not use the type that turns the compiler off', () => {
    expect(checkAnyTypes(trees)).toEqual([]);
  });
});

describe('the words are found', () => {
  it.each([
    ['put-off work', checkDeferredWork, spell('// TO', 'DO: later')],
    ['put-off repairs', checkDeferredWork, spell('// FIX', 'ME')],
    ['a silenced compiler', checkSilencedChecks, spell('// @ts-', 'ignore')],
    ['a compiler silenced for a whole file', checkSilencedChecks, spell('// @ts-', 'nocheck')],
    ['a silenced linter', checkSilencedChecks, spell('// biome-', 'ignore lint: because')],
    ['a home directory', checkMachinePaths, spell('see /ho', 'me/me/notes')],
    ['the directory of a superuser', checkMachinePaths, spell(`'/ro`, `ot/.cache'`)],
    ['a working directory', checkMachinePaths, spell('cwd=/wo', 'rk/main')],
  ])('%s', (_, check, text) => {
    expect(check(snippet(text))).toEqual([expect.stringMatching(/^src\/x\.ts:2 /)]);
  });

  it.each([
    ['words that contain them', checkDeferredWork, 'TODOS and fixme'],
    [
      'paths of the product',
      checkMachinePaths,
      spell('https://example.com/ho', 'me/page and src/wo', 'rk/a.ts and ./ro', 'ot/x'),
    ],
  ])('but not %s', (_, check, text) => {
    expect(check(snippet(text))).toEqual([]);
  });
});

describe('the type any is found', () => {
  it.each([
    spell('let a: a', 'ny;'),
    spell('f(b as a', 'ny);'),
    'type A = any[];',
    'function f(a: Map<string, any>) {}',
  ])('in %s', (text) => {
    expect(checkAnyTypes([parse('src/x.ts', text)])).toHaveLength(1);
  });

  it('but not in a text or a comment', () => {
    expect(checkAnyTypes([parse('src/x.ts', spell(`const a = 'as a`, `ny'; // as a`, 'ny'))])).toEqual([]);
  });
});

describe('tests left out are found', () => {
  it.each([
    spell('it.on', `ly('a', f);`),
    spell('describe.concurrent.on', `ly('a', f);`),
    spell('it.sk', `ip('a', f);`),
    spell('test.sk', `ip('a', f);`),
    spell('describe.sk', `ip('a', f);`),
    spell('it.sk', `ip('a');`),
    spell('test.sk', `ip('why');`),
    spell('describe.sk', `ipIf(noServer)('a', f);`),
    spell('it.on', `ly.each([1])('a', f);`),
    spell('it.to', `do('a');`),
  ])('as in %s', (text) => {
    expect(checkNarrowedTests([parse('test/x.test.ts', text)])).toHaveLength(1);
  });

  it.each([spell('it.run', `If(canTrace)('a', f);`), spell('lines.sk', 'ip(3);'), spell(`const a = 'it.on`, `ly(';`)])(
    'but not in %s',
    (text) => {
      expect(checkNarrowedTests([parse('test/x.test.ts', text)])).toEqual([]);
    },
  );
});

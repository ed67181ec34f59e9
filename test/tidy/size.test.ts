/** Files and functions one can see whole. */
import { describe, expect, it } from 'vitest';
import { checkFileSizes, checkFunctionSizes, MAX_FILE_LINES, MAX_FUNCTION_LINES } from './rules/size.js';
import { typeScriptFiles } from './source-tree.js';
import { parse, parseAll } from './syntax.js';

const files = parseAll(typeScriptFiles('src', 'test', 'bench'));
const lines = (count: number) => 'x();\n'.repeat(count);

describe('source, tests and benches', () => {
  it('were found', () => {
    const folders = new Set(files.map(({ path }) => path.split('/')[0]));
    expect([...folders].sort()).toEqual(['bench', 'src', 'test']);
  });

  it(`have at most ${MAX_FILE_LINES} lines a file`, () => {
    expect(checkFileSizes(files)).toEqual([]);
  });

  it(`have at most ${MAX_FUNCTION_LINES} lines a function`, () => {
    expect(checkFunctionSizes(files)).toEqual([]);
  });
});

describe('the size of a file', () => {
  it('is counted in lines, with or without a line break at the end', () => {
    const sizes = [lines(MAX_FILE_LINES), lines(MAX_FILE_LINES).trimEnd()];
    expect(sizes.flatMap((text) => checkFileSizes([parse('src/x.ts', text)]))).toEqual([]);
    expect(checkFileSizes([parse('src/x.ts', lines(MAX_FILE_LINES + 1))])).toEqual([
      `src/x.ts has ${MAX_FILE_LINES + 1} lines, over ${MAX_FILE_LINES}`,
    ]);
  });
});

describe('the size of a function', () => {
  const body = (count: number) => `{\n${lines(count)}}`;

  it.each([
    ['function', (count: number) => `/** Says why. */\nfunction f() ${body(count)}`],
    ['arrow', (count: number) => `/** Says why. */\nconst f = () => ${body(count)};`],
    ['callback', (count: number) => `/** Says why. */\nf(() => ${body(count)});`],
    ['method', (count: number) => `class A {\nmethod() ${body(count)} }`],
    ['constructor', (count: number) => `class A {\nconstructor() ${body(count)} }`],
    ['accessor', (count: number) => `class A {\nget size() ${body(count)} }`],
    ['inner function', (count: number) => `class A { static {\nfunction f() ${body(count)} } }`],
  ])('is the lines of a %s from its name to its end', (_, spell) => {
    expect(checkFunctionSizes([parse('src/x.ts', spell(MAX_FUNCTION_LINES - 2))])).toEqual([]);
    expect(checkFunctionSizes([parse('src/x.ts', spell(MAX_FUNCTION_LINES - 1))])).toEqual([
      `src/x.ts:2 is a function of ${MAX_FUNCTION_LINES + 1} lines, over ${MAX_FUNCTION_LINES}`,
    ]);
  });

  it.each([
    ['it', `describe('a', () => {\nit('b', () => ${body(60)});\nit.each([1])('c', () => ${body(60)});\n});`],
    ['describe', `function contract() {\ndescribe.each([1])('a', () => {\nit('b', () => ${body(68)});\n});\n}`],
  ])('of a test file is counted without the tests it declares with %s', (_, text) => {
    expect(checkFunctionSizes([parse('test/x.test.ts', text)])).toEqual([]);
    expect(checkFunctionSizes([parse('src/x.ts', text)])).not.toEqual([]);
  });

  it('of a single test counts', () => {
    const text = `it('a', () => ${body(MAX_FUNCTION_LINES)});`;
    expect(checkFunctionSizes([parse('test/x.test.ts', text)])).toHaveLength(1);
  });
});

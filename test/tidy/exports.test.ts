/** Things have names, and are imported from where they live. */
import { describe, expect, it } from 'vitest';
import { PUBLIC_ENTRIES } from './architecture.js';
import { checkBarrels, checkNamedExports } from './rules/exports.js';
import { typeScriptFiles } from './source-tree.js';
import { parse, parseAll } from './syntax.js';

const files = parseAll(typeScriptFiles('src', 'test', 'bench'));

describe('source, tests and benches', () => {
  it('export names and no defaults', () => {
    expect(checkNamedExports(files)).toEqual([]);
  });

  it('have no barrels but the public entries', () => {
    expect(checkBarrels(files)).toEqual([]);
  });
});

describe('the rule of named exports refuses', () => {
  it.each([
    'export default 1;',
    'export default function f() {}',
    'export default class A {}',
    'const a = 1;\nexport { a as default };',
    `export { default } from './a.js';`,
    'const a = 1;\nexport = a;',
  ])('%s', (text) => {
    expect(checkNamedExports([parse('src/base/x.ts', text)])).toHaveLength(1);
  });

  it('no default of a switch', () => {
    const text = 'export function f(a: number) { switch (a) { default: return 1; } }';
    expect(checkNamedExports([parse('src/base/x.ts', text)])).toEqual([]);
  });
});

describe('the rule against barrels refuses', () => {
  it.each([
    ['a file that only re-exports', 'src/base/all.ts', `export { a } from './a.js';\nexport type { B } from './b.js';`],
    ['an index file', 'src/base/index.ts', 'export const a = 1;'],
    ['a re-export of everything', 'src/base/all.ts', `export const a = 1;\nexport * from './b.js';`],
    ['the same under a name', 'src/base/all.ts', `export * as b from './b.js';`],
  ])('%s', (_, path, text) => {
    expect(checkBarrels([parse(path, text)])).toHaveLength(1);
  });

  it('no public entry, and no file that says something itself or nothing at all', () => {
    const reexport = `export { a } from './a.js';`;
    expect(checkBarrels(PUBLIC_ENTRIES.map((path) => parse(path, reexport)))).toEqual([]);
    expect(checkBarrels([parse('src/base/x.ts', `${reexport}\nexport const b = 1;`)])).toEqual([]);
    expect(checkBarrels([parse('src/base/x.ts', '')])).toEqual([]);
  });
});

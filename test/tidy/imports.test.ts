/** Who may import whom, and that nobody imports in a circle. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMPOSITION_ROOTS, FOLDERS, PURE_FOLDERS } from './architecture.js';
import { checkImportCycles } from './rules/import-cycles.js';
import { checkImportTable } from './rules/import-table.js';
import { importsOf } from './rules/imports.js';
import { ROOT, typeScriptFiles } from './source-tree.js';
import { parse, parseAll } from './syntax.js';

const sources = parseAll(typeScriptFiles('src'));

describe('the source', () => {
  it('was found', () => {
    expect(sources.map(({ path }) => path)).toContain('src/base/assert.ts');
    expect(sources.flatMap(importsOf).length).toBeGreaterThan(sources.length / 2);
  });

  it('imports only what the table of folders allows', () => {
    expect(checkImportTable(sources)).toEqual([]);
  });

  it('has no import cycles', () => {
    expect(checkImportCycles(sources)).toEqual([]);
  });

  it('has every file that a relative import names', () => {
    const missing = sources
      .flatMap(importsOf)
      .filter(({ target }) => target !== undefined && !existsSync(join(ROOT, target)))
      .map(({ place, specifier }) => `${place} ${specifier}`);
    expect(missing).toEqual([]);
  });
});

describe('the table of folders', () => {
  it('names no folder it does not define', () => {
    const named = Object.values(FOLDERS).flatMap(({ imports, types }) => [...imports, ...(types ?? [])]);
    const unknown = [...named, ...PURE_FOLDERS].filter((folder) => FOLDERS[folder.split('/')[0] ?? ''] === undefined);
    expect(unknown).toEqual([]);
  });

  it('is itself without cycles, once a folder is imported for its values', () => {
    const above = (folder: string, way: readonly string[]): void => {
      expect(way).not.toContain(folder);
      for (const imported of FOLDERS[folder]?.imports ?? []) above(imported, [...way, folder]);
    };
    for (const folder of Object.keys(FOLDERS)) above(folder, []);
  });

  it('lets pure folders import pure folders only, and no packages but their own subject', () => {
    for (const folder of PURE_FOLDERS) {
      expect(FOLDERS[folder]?.imports.filter((imported) => !PURE_FOLDERS.includes(imported))).toEqual([]);
      expect(FOLDERS[folder]?.packages?.some((name) => name.startsWith('node:')) ?? false).toBe(false);
    }
  });
});

describe('the import rule refuses', () => {
  it.each([
    ['an upward import', 'src/base/x.ts', `import { a } from '../clocks/dot.js';`],
    ['a type-only upward import', 'src/base/x.ts', `import type { A } from '../clocks/dot.js';`],
    ['a re-export', 'src/clocks/x.ts', `export { a } from '../keyspace/b.js';`],
    ['a type in passing', 'src/clocks/x.ts', `export type A = import('../ports/time.js').Time;`],
    ['a dynamic import', 'src/replica/x.ts', `export const a = () => import('../adapters/lmdb-storage.js');`],
    ['an import for its effect', 'src/check/x.ts', `import '../replica/config.js';`],
    ['a computed import', 'src/adapters/x.ts', `export const a = (name: string) => import(name);`],
    ['a computed import of a composition root', 'src/cli/x.ts', `export const a = (name: string) => import(name);`],
    ['require', 'src/adapters/x.ts', `export const a = require(process.argv[2]);`],
    ['Node in a core', 'src/replication/x.ts', `import { join } from 'node:path';`],
    ['Node under its old name', 'src/adapters/x.ts', `import { join } from 'path';`],
    ['a package', 'src/replica/x.ts', `import { open } from 'lmdb';`],
    ['a package that only begins like an allowed one', 'src/adapters/x.ts', `import { open } from 'lmdb-store';`],
    ['values where types are allowed', 'src/api/x.ts', `import { a } from '../replica/handle.js';`],
    ['inline types where types are allowed', 'src/api/x.ts', `import { type A } from '../replica/handle.js';`],
    [
      'other types of a folder with one open file',
      'src/adapters/x.ts',
      `import type { A } from '../consensus/log.js';`,
    ],
    ['a missing .js', 'src/clocks/x.ts', `import { a } from './dot';`],
    ['what is outside src', 'src/lab/x.ts', `import { a } from '../../test/a.js';`],
    ['what is outside src, in a composition root', 'src/cli/x.ts', `import { a } from '../../test/a.js';`],
    ['a folder nobody planned', 'src/misc/x.ts', `import { a } from '../base/ids.js';`],
    ['a composition root in disguise', 'src/main.ts', `import { a } from './base/ids.js';`],
  ])('%s', (_, path, text) => {
    expect(checkImportTable([parse(path, text)])).toEqual([expect.stringContaining(`${path}:1 `)]);
  });
});

describe('the import rule allows', () => {
  it.each([
    ['a downward import', 'src/clocks/x.ts', `import { a } from '../base/ids.js';`],
    ['the own folder, nested or not', 'src/replica/wire/x.ts', `import { a } from '../config.js';`],
    ['the one open file, as types', 'src/adapters/x.ts', `import type { A } from '../consensus/total-order.js';`],
    ['types where types are allowed', 'src/api/x.ts', `import type { A } from '../replica/handle.js';`],
    ['a listed package and its parts', 'src/api/x.ts', `import { a } from 'typebox/value';`],
    ['a listed scope', 'src/adapters/x.ts', `import { a } from '@nats-io/transport-node';`],
    ['everything, in the composition roots', `${COMPOSITION_ROOTS[1]}x.ts`, `import { a } from '../adapters/b.js';`],
    ['the mention of an import in a text', 'src/base/x.ts', `export const a = "import { b } from 'lmdb'";`],
  ])('%s', (_, path, text) => {
    expect(checkImportTable([parse(path, text)])).toEqual([]);
  });
});

describe('the cycle rule', () => {
  const imports = (...names: string[]) => names.map((name) => `import type { A } from './${name}.js';`).join('\n');

  it('shows the way around a cycle once, also of types', () => {
    const files = parseAll([
      { path: 'src/base/a.ts', text: imports('b', 'd') },
      { path: 'src/base/b.ts', text: imports('c', 'd') },
      { path: 'src/base/c.ts', text: imports('b') },
      { path: 'src/base/d.ts', text: '' },
    ]);
    expect(checkImportCycles(files)).toEqual(['src/base/b.ts -> src/base/c.ts -> src/base/b.ts']);
  });

  it('finds a file that imports itself', () => {
    expect(checkImportCycles([parse('src/base/a.ts', imports('a'))])).toEqual(['src/base/a.ts -> src/base/a.ts']);
  });

  it('does not mistake two ways to one file for a cycle', () => {
    const files = parseAll([
      { path: 'src/base/a.ts', text: imports('b', 'c') },
      { path: 'src/base/b.ts', text: imports('d') },
      { path: 'src/base/c.ts', text: imports('d') },
      { path: 'src/base/d.ts', text: '' },
    ]);
    expect(checkImportCycles(files)).toEqual([]);
  });
});

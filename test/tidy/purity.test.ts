/** The pure folders have no effects: what they compute depends on their inputs alone. */
import { describe, expect, it } from 'vitest';
import { PURE_FOLDERS } from './architecture.js';
import { checkPurity } from './rules/purity.js';
import { typeScriptFiles } from './source-tree.js';
import { parse, parseAll } from './syntax.js';

describe('the pure folders', () => {
  it('have no effects', () => {
    const files = parseAll(typeScriptFiles(...PURE_FOLDERS.map((folder) => `src/${folder}`)));
    expect(files.length).toBeGreaterThan(0);
    expect(checkPurity(files)).toEqual([]);
  });
});

describe('the purity rule', () => {
  it.each([
    ['async', 'export async function f() {}'],
    ['await', 'export const x = await y;'],
    ['await', 'for await (const x of y) z(x);'],
    ['Promise', 'export type A = Promise<number>;'],
    ['Date', 'export const now = () => new Date();'],
    ['Date', 'export const now = Date.now();'],
    ['Math.random', 'export const die = Math.random();'],
    ['Math.random', 'export const die = Math.random;'],
    ['a computed member of Math', `export const die = Math['random']();`],
    ['performance', 'export const t = performance.now();'],
    ['setTimeout', 'setTimeout(f, 1);'],
    ['setInterval', 'setInterval(f, 1);'],
    ['setImmediate', 'setImmediate(f);'],
    ['queueMicrotask', 'queueMicrotask(f);'],
    ['console', `console.log('x');`],
    ['process', 'export const args = process.argv;'],
    ['process', 'export const facts = { process };'],
    ['globalThis', `export const c = globalThis['con' + 'sole'];`],
    ['crypto', 'export const id = crypto.randomUUID();'],
    ['node:crypto', `import { randomInt } from 'node:crypto';`],
    ['node:fs', `export type Stats = import('node:fs').Stats;`],
  ])('finds %s', (effect, text) => {
    const found = checkPurity([parse('src/clocks/x.ts', `\n${text}`)]);
    expect(found.length).toBeGreaterThan(0);
    for (const line of found) expect(line).toContain(`src/clocks/x.ts:2`);
    expect(found.join('\n')).toContain(effect);
  });

  it.each([
    ['members that only share the name', 'export const x = entry.process; export const y = { console: 1, Date: 2 };'],
    ['declared members', 'export interface A { process: number; performance(): void }'],
    ['the words in texts and comments', `/** await the Date */ export const x = 'console';`],
    ['the rest of Math', 'export const x = Math.max(1, 2);'],
  ])('does not mind %s', (_, text) => {
    expect(checkPurity([parse('src/clocks/x.ts', text)])).toEqual([]);
  });

  it('leaves the other folders their effects', () => {
    expect(checkPurity([parse('src/adapters/x.ts', 'export const now = Date.now();')])).toEqual([]);
  });
});

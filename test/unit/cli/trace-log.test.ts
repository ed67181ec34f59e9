/** Log lines: one for each event, whatever its facts contain. */
import { expect, test } from 'vitest';
import { logTo } from '../../../src/cli/trace-log.js';

test('an event becomes one readable line', () => {
  const lines: string[] = [];
  const facts = { peer: 'r2', text: 'two words', n: 7, odd: 'a\nb', vector: { r1: 1 }, nothing: undefined };
  logTo((line) => lines.push(line), 'text', 'info')({ name: 'plane.gap', level: 'warn', facts });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.slice(14)).toBe(
    'warn  plane.gap peer=r2 text="two words" n=7 odd="a\\nb" vector={"r1":1} nothing=undefined\n',
  );
  expect(lines[0]?.slice(0, 14)).toMatch(/^\d\d:\d\d:\d\d\.\d{3}Z $/);
});

test('as JSON it is one document a line', () => {
  const lines: string[] = [];
  logTo((line) => lines.push(line), 'json', 'info')({ name: 'a.b', level: 'info', facts: { text: 'a\nb' } });
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', event: 'a.b', text: 'a\nb' });
});

test('what is below the level is left out', () => {
  const lines: string[] = [];
  const trace = logTo((line) => lines.push(line), 'text', 'warn');
  for (const level of ['debug', 'info', 'warn', 'error'] as const) trace({ name: `x.${level}`, level });
  expect(lines.map((line) => line.trim().split(' ').at(-1))).toEqual(['x.warn', 'x.error']);
});

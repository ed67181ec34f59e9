/** Every story of `stories/` is told again and must come out as written. `UPDATE_GOLDEN=1` writes it anew. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { retell } from './story.js';

const DIRECTORY = join(import.meta.dirname, 'stories');
const STORIES = readdirSync(DIRECTORY).filter((name) => name.endsWith('.txt'));

describe('the total order behaves as in the story of', () => {
  it.each(STORIES)('%s', (name) => {
    const path = join(DIRECTORY, name);
    const written = readFileSync(path, 'utf8');
    const told = retell(written);
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, told);
    else expect(told).toBe(written);
  });

  it('none that is missing', () => {
    expect(STORIES.length).toBeGreaterThanOrEqual(20);
  });
});

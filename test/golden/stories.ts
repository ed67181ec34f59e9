/**
 * Golden stories: texts of commands, each paragraph followed by `----` and what its commands brought about. Lines that
 * begin with `#` tell the story and stay as they are.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Does what a command says, and tells what that brought about. */
export interface Story {
  perform(command: string): string[];
}

/** Every story of `directory` is told again and must come out as written. `UPDATE_GOLDEN=1` writes it anew. */
export function describeStories(name: string, directory: string, atLeast: number, begin: () => Story): void {
  const stories = readdirSync(directory).filter((file) => file.endsWith('.txt'));

  describe(name, () => {
    it.each(stories)('%s', (file) => {
      const path = join(directory, file);
      const written = readFileSync(path, 'utf8');
      const told = retell(written, begin());
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(path, told);
      else expect(told).toBe(written);
    });

    it('none that is missing', () => {
      expect(stories.length).toBeGreaterThanOrEqual(atLeast);
    });
  });
}

/** The text again, with what its commands bring about now. */
function retell(text: string, story: Story): string {
  const told: string[] = [];
  for (const paragraph of text.trim().split(/\n\n+/)) {
    const lines = paragraph.split('\n');
    const rule = lines.indexOf('----');
    const spoken = rule < 0 ? lines : lines.slice(0, rule);
    const commands = spoken.filter((line) => !line.startsWith('#'));
    const output = commands.flatMap((command) => story.perform(command));
    told.push([...spoken, ...(commands.length === 0 ? [] : ['----', ...output])].join('\n'));
  }
  return `${told.join('\n\n')}\n`;
}

/** Tells stories: plays each step, shows it, and sets what was observed beside what was expected. */
import type { Stage, Step, Story } from './story.js';

/** How the telling looks; the words are the stories' own. */
export interface Narrator {
  story(number: number, title: string, lesson: string): void;
  step(says: string, shown: readonly string[]): void;
  verdict(ok: boolean, expected: string, observed: string): void;
}

export interface Score {
  readonly steps: number;
  readonly mismatches: number;
}

/** Later steps build on earlier ones, but a mismatch does not end the story: what follows shows how far it reaches. */
export async function tellStories(stories: readonly Story[], stage: Stage, narrator: Narrator): Promise<Score> {
  let steps = 0;
  let mismatches = 0;
  for (const [i, story] of stories.entries()) {
    narrator.story(i + 1, story.title, story.lesson);
    for (const step of story.steps) {
      steps += 1;
      if (!(await play(step, stage, narrator))) mismatches += 1;
    }
  }
  return { steps, mismatches };
}

async function play(step: Step, stage: Stage, narrator: Narrator): Promise<boolean> {
  const { ok, observed, shown = [] } = await step.run(stage);
  narrator.step(step.says, shown);
  narrator.verdict(ok, step.expected, observed);
  return ok;
}

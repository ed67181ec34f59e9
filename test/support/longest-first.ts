/** In which order test files run: what takes long begins first, so that nobody waits for it alone at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Vitest begins with the largest files where it has not run before, and these are short to read and long to run. */
const LONG = [
  'test/sim/short-runs',
  'test/sim/long-runs',
  'test/simulation/sessions',
  'test/integration/proof/',
  'test/integration/cluster/',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const projects = [...new Set(sorted.map(({ project }) => project))];
    return projects.flatMap((project) => {
      const own = sorted.filter((file) => file.project === project);
      return own.sort((a, b) => rankOf(a) - rankOf(b));
    });
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const found = LONG.findIndex((part) => moduleId.includes(part));
  return found < 0 ? LONG.length : found;
}

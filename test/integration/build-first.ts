/**
 * Tests that start processes run what was compiled, so it is compiled first; that is quick when nothing has changed. What
 * is wrong with the types is shown, and is for the type check to fail on: the tests run what was emitted all the same.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export function setup(): void {
  const script = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url));
  spawnSync(process.execPath, [script], { stdio: ['ignore', 'ignore', 'inherit'] });
}

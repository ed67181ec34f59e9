/** The compiler with what a browser offers, and nothing of Node. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const COMPILER = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
const OPTIONS = ['--ignoreConfig', '--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2023'];
const PLATFORM = ['--lib', 'es2023,dom,dom.iterable', '--types', '', '--module', 'nodenext'];

/** What the compiler has to say of `file` and all it imports; empty if nothing. */
export async function typeErrors(file: string): Promise<string> {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [COMPILER, ...OPTIONS, ...PLATFORM, file]).catch(
    (error: { readonly stdout: string }) => error,
  );
  return stdout;
}

/** The files of the repository as text, found without git: whatever `.gitignore` does not name counts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `path` is relative to the root of the repository, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a rule found: where, and what is wrong there, in one line. */
export type Violation = string;

const GENERATED = new Set(['package-lock.json']);

/** Every text file of the repository, generated ones left out. */
export function repositoryFiles(): SourceFile[] {
  return listFiles('', ignoredNames())
    .filter((path) => !GENERATED.has(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'));
}

/** TypeScript under the given top folders. */
export function typeScriptFiles(...folders: readonly string[]): SourceFile[] {
  return repositoryFiles().filter(({ path }) => {
    return path.endsWith('.ts') && folders.some((folder) => path.startsWith(`${folder}/`));
  });
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Of what git understands, `name/` and `*.ending` are understood here; the file holds nothing else. */
function ignoredNames(): (name: string) => boolean {
  const patterns = readFileSync(join(ROOT, '.gitignore'), 'utf8').split('\n');
  const folders = new Set(['.git', ...patterns.filter((line) => line.endsWith('/')).map((line) => line.slice(0, -1))]);
  const endings = patterns.filter((line) => line.startsWith('*.')).map((line) => line.slice(1));
  return (name) => folders.has(name) || endings.some((ending) => name.endsWith(ending));
}

function listFiles(folder: string, isIgnored: (name: string) => boolean): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (isIgnored(entry.name)) return [];
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listFiles(path, isIgnored);
    return entry.isFile() ? [path] : [];
  });
}

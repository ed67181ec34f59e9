/** Judges every import of `src` by the table of folders. */
import { COMPOSITION_ROOTS, FOLDERS, type FolderRule } from '../architecture.js';
import type { Violation } from '../source-tree.js';
import type { ParsedFile } from '../syntax.js';
import { type Import, importsOf } from './imports.js';

export function checkImportTable(files: readonly ParsedFile[]): Violation[] {
  return files.flatMap(importsOf).flatMap((found) => {
    const problem = judge(found);
    return problem === undefined ? [] : [`${found.place} ${problem}`];
  });
}

function judge({ from, specifier, target, typeOnly }: Import): string | undefined {
  if (specifier === '?') return 'imports what only running it can tell';
  if (target !== undefined && !specifier.endsWith('.js')) return `imports ${specifier} without .js at its end`;
  if (target !== undefined && !target.startsWith('src/')) return `imports ${target}, which is outside src`;
  if (COMPOSITION_ROOTS.some((root) => from.startsWith(root))) return undefined;
  const folder = folderOf(from);
  const rule = FOLDERS[folder];
  if (rule === undefined) return `is in src/${folder}, which the table does not know`;
  if (target !== undefined) return judgeFolder(folder, rule, target, typeOnly);
  return allowsPackage(rule, specifier) ? undefined : `imports ${specifier}, which ${folder} may not`;
}

function judgeFolder(folder: string, rule: FolderRule, target: string, typeOnly: boolean): string | undefined {
  const targetFolder = folderOf(target);
  if (targetFolder === folder || rule.imports.includes(targetFolder)) return undefined;
  const ofTypes = rule.types?.some((allowed) => allowed === targetFolder || target === `src/${allowed}.ts`) ?? false;
  if (!ofTypes) return `imports ${target}, which ${folder} may not`;
  return typeOnly ? undefined : `imports values of ${target}, of which ${folder} may import types only`;
}

/** The folder under `src` that a path is in; of a file directly under `src`, its name. */
function folderOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function allowsPackage(rule: FolderRule, specifier: string): boolean {
  return (rule.packages ?? []).some((allowed) => {
    if (allowed.endsWith('*')) return specifier.startsWith(allowed.slice(0, -1));
    return specifier === allowed || specifier.startsWith(`${allowed}/`);
  });
}

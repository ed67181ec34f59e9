/** Finds files that import each other, directly or by way of others. */
import type { Violation } from '../source-tree.js';
import type { ParsedFile } from '../syntax.js';
import { importsOf } from './imports.js';

/** One line for each import that closes a cycle, with the way around. */
export function checkImportCycles(files: readonly ParsedFile[]): Violation[] {
  const targets = new Map(files.map((file) => [file.path, targetsOf(file)]));
  const finished = new Set<string>();
  const cycles: Violation[] = [];
  const visit = (path: string, way: readonly string[]): void => {
    const seenAt = way.indexOf(path);
    if (seenAt >= 0) cycles.push([...way.slice(seenAt), path].join(' -> '));
    if (seenAt >= 0 || finished.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...way, path]);
    finished.add(path);
  };
  for (const file of files) visit(file.path, []);
  return cycles;
}

function targetsOf(file: ParsedFile): string[] {
  const targets = importsOf(file).flatMap(({ target }) => (target === undefined ? [] : [target]));
  return [...new Set(targets)];
}

/** Finds default exports and barrels: a name should say what it is, and an import where it comes from. */
import { isExportAssignment, isExportDeclaration } from 'typescript/unstable/ast/is';
import { PUBLIC_ENTRIES } from '../architecture.js';
import type { Violation } from '../source-tree.js';
import { type Node, type ParsedFile, place, SyntaxKind, walk } from '../syntax.js';

export function checkNamedExports(files: readonly ParsedFile[]): Violation[] {
  return files.flatMap((file) => {
    const found: Violation[] = [];
    walk(file.tree, (node) => {
      if (isDefaultExport(node, file)) found.push(`${place(file, node)} exports a default instead of a name`);
    });
    return found;
  });
}

export function checkBarrels(files: readonly ParsedFile[]): Violation[] {
  return files
    .filter(({ path }) => path.startsWith('src/') && !PUBLIC_ENTRIES.includes(path))
    .flatMap((file) => barrelProblems(file).map((problem) => `${file.path} ${problem}`));
}

function barrelProblems({ path, tree }: ParsedFile): string[] {
  const reexports = tree.statements.filter((node) => isExportDeclaration(node) && node.moduleSpecifier !== undefined);
  const problems: string[] = [];
  if (path.endsWith('/index.ts')) problems.push('is an index file inside a folder');
  if (reexports.length > 0 && reexports.length === tree.statements.length) problems.push('only re-exports others');
  if (reexports.some((node) => isExportDeclaration(node) && node.exportClause === undefined)) {
    problems.push('re-exports everything of another file');
  }
  return problems;
}

function isDefaultExport(node: Node, { tree }: ParsedFile): boolean {
  if (isExportAssignment(node) || node.kind === SyntaxKind.DefaultKeyword) return true;
  return node.kind === SyntaxKind.ExportSpecifier && /(?:^|\bas\s+)default$/.test(node.getText(tree));
}

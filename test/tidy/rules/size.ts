/** Finds files and functions that are too long to be seen whole. */
import { isCallExpression, isFunctionLikeDeclaration } from 'typescript/unstable/ast/is';
import { lineOf, type Violation } from '../source-tree.js';
import { type Node, type ParsedFile, place, rootName, TEST_FUNCTIONS, walk } from '../syntax.js';

export const MAX_FILE_LINES = 400;
export const MAX_FUNCTION_LINES = 70;

export function checkFileSizes(files: readonly ParsedFile[]): Violation[] {
  return files.flatMap(({ path, text }) => {
    const lines = lineOf(text, text.length) - (text.endsWith('\n') ? 1 : 0);
    return lines > MAX_FILE_LINES ? [`${path} has ${lines} lines, over ${MAX_FILE_LINES}`] : [];
  });
}

export function checkFunctionSizes(files: readonly ParsedFile[]): Violation[] {
  return files.flatMap((file) => {
    const found: Violation[] = [];
    walk(file.tree, (node) => {
      if (!isFunctionLikeDeclaration(node)) return;
      const lines = ownLines(file, node);
      if (lines > MAX_FUNCTION_LINES) {
        found.push(`${place(file, node)} is a function of ${lines} lines, over ${MAX_FUNCTION_LINES}`);
      }
    });
    return found;
  });
}

/** Lines of a function without those of the tests declared in it, which are read and judged one by one. */
function ownLines(file: ParsedFile, declaration: Node): number {
  let lines = linesOf(file, declaration);
  const subtractTests = (node: Node): void => {
    if (declaresTests(node)) lines -= linesOf(file, node);
    else node.forEachChild(subtractTests);
  };
  if (file.path.startsWith('test/')) declaration.forEachChild(subtractTests);
  return lines;
}

function linesOf({ tree, text }: ParsedFile, node: Node): number {
  return lineOf(text, node.end) - lineOf(text, node.getStart(tree)) + 1;
}

/** True of `describe(…)`, `it.each(…)(…)` and the like. */
function declaresTests(node: Node): boolean {
  return isCallExpression(node) && TEST_FUNCTIONS.has(rootName(node));
}

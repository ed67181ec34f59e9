/** Finds words that must not stay in the repository: deferred work, silenced checks, paths of one machine. */
import { isPropertyAccessExpression } from 'typescript/unstable/ast/is';
import { lineOf, type SourceFile, type Violation } from '../source-tree.js';
import { type ParsedFile, place, rootName, SyntaxKind, TEST_FUNCTIONS, walk } from '../syntax.js';

/** The patterns are written so that none matches its own text. */
const DEFERRED = /\b(?:TO(?:DO)|FIX(?:ME))\b/g;
const SILENCED = /@ts-(?:ignore|nocheck)\b|\bbiome-(?:ignore)\b/g;
const MACHINE_PATH = /(?<![\w.~)\]}-])\/(?:work|root|home)\/[\w.]/g;

export function checkDeferredWork(files: readonly SourceFile[]): Violation[] {
  return matches(files, DEFERRED, 'defers work');
}

export function checkSilencedChecks(files: readonly SourceFile[]): Violation[] {
  return matches(files, SILENCED, 'silences a check');
}

/** Tests that run alone or not at all. What only some machines can run is named by what it needs: `it.runIf(…)`. */
export function checkNarrowedTests(files: readonly ParsedFile[]): Violation[] {
  return files.flatMap((file) => {
    const found: Violation[] = [];
    walk(file.tree, (node) => {
      if (!isPropertyAccessExpression(node) || !/^(?:only|skip|skipIf|todo)$/.test(node.name.text)) return;
      if (!TEST_FUNCTIONS.has(rootName(node))) return;
      found.push(`${place(file, node)} leaves tests out: ${node.getText(file.tree)}`);
    });
    return found;
  });
}

export function checkMachinePaths(files: readonly SourceFile[]): Violation[] {
  return matches(files, MACHINE_PATH, 'names a path of one machine');
}

/** The type that turns the compiler off. */
export function checkAnyTypes(files: readonly ParsedFile[]): Violation[] {
  return files.flatMap((file) => {
    const found: Violation[] = [];
    walk(file.tree, (node) => {
      if (node.kind === SyntaxKind.AnyKeyword) found.push(`${place(file, node)} uses the type any`);
    });
    return found;
  });
}

function matches(files: readonly SourceFile[], pattern: RegExp, problem: string): Violation[] {
  return files.flatMap(({ path, text }) => {
    return [...text.matchAll(pattern)].map((match) => {
      return `${path}:${lineOf(text, match.index)} ${problem}: ${match[0]}`;
    });
  });
}

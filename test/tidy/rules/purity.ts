/** Finds effects in the pure folders: asynchrony, timers, clocks, randomness, the console, the process, Node itself. */
import { isElementAccessExpression, isIdentifier, isPropertyAccessExpression } from 'typescript/unstable/ast/is';
import { PURE_FOLDERS } from '../architecture.js';
import type { Violation } from '../source-tree.js';
import { type Node, type ParsedFile, place, SyntaxKind, walk } from '../syntax.js';
import { importsOf } from './imports.js';

const BANNED_NAMES = new Set([
  'Date',
  'Promise',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);

const BANNED_SYNTAX = new Map<SyntaxKind, string>([
  [SyntaxKind.AsyncKeyword, 'async'],
  [SyntaxKind.AwaitKeyword, 'await'],
  [SyntaxKind.AwaitExpression, 'await'],
]);

export function checkPurity(files: readonly ParsedFile[]): Violation[] {
  return files
    .filter(({ path }) => PURE_FOLDERS.some((folder) => path.startsWith(`src/${folder}/`)))
    .flatMap(impurities);
}

function impurities(file: ParsedFile): Violation[] {
  const found = importsOf(file)
    .filter(({ specifier }) => specifier.startsWith('node:'))
    .map(({ place: where, specifier }) => `${where} imports ${specifier} in a pure folder`);
  walk(file.tree, (node) => {
    const effect = effectOf(node);
    if (effect !== undefined) found.push(`${place(file, node)} uses ${effect} in a pure folder`);
  });
  return found;
}

function effectOf(node: Node): string | undefined {
  const syntax = BANNED_SYNTAX.get(node.kind);
  if (syntax !== undefined) return syntax;
  if (isIdentifier(node) && BANNED_NAMES.has(node.text) && !isMemberName(node)) return node.text;
  if (isPropertyAccessExpression(node) && isMath(node.expression)) {
    return isIdentifier(node.name) && node.name.text === 'random' ? 'Math.random' : undefined;
  }
  return isElementAccessExpression(node) && isMath(node.expression) ? 'a computed member of Math' : undefined;
}

function isMath(node: Node): boolean {
  return isIdentifier(node) && node.text === 'Math';
}

const MEMBERS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.PropertyAccessExpression,
  SyntaxKind.PropertyAssignment,
  SyntaxKind.PropertySignature,
  SyntaxKind.PropertyDeclaration,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.MethodSignature,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
]);

/** True of the `process` in `entry.process` or `{ process: 1 }`: the name of a member, not the global thing. */
function isMemberName(node: Node): boolean {
  return MEMBERS.has(node.parent.kind) && (node.parent as Node & { readonly name?: Node }).name === node;
}

/** Finds what a file imports, in every form the language has. Type-only imports count: they couple as well. */
import { posix } from 'node:path';
import {
  isCallExpression,
  isExportDeclaration,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isLiteralTypeNode,
  isStringLiteralLikeNode,
} from 'typescript/unstable/ast/is';
import { type Node, type ParsedFile, place, SyntaxKind, walk } from '../syntax.js';

export interface Import {
  readonly from: string;
  /** As written; `?` where it is computed and so cannot be known. */
  readonly specifier: string;
  /** The file of the repository that a relative specifier means, `.ts` for `.js`. */
  readonly target: string | undefined;
  /** True where nothing of the import is left in the compiled JavaScript. */
  readonly typeOnly: boolean;
  readonly place: string;
}

export function importsOf(file: ParsedFile): Import[] {
  const found: Import[] = [];
  walk(file.tree, (node) => {
    const named = namedModule(node);
    if (named === undefined) return;
    const specifier = isStringLiteralLikeNode(named.module) ? named.module.text : '?';
    const target = specifier.startsWith('.') ? resolve(file.path, specifier) : undefined;
    found.push({ from: file.path, specifier, target, typeOnly: named.typeOnly, place: place(file, node) });
  });
  return found;
}

function resolve(path: string, specifier: string): string {
  return posix.join(posix.dirname(path), specifier).replace(/\.js$/, '.ts');
}

function namedModule(node: Node): { readonly module: Node; readonly typeOnly: boolean } | undefined {
  if (isImportDeclaration(node)) {
    const typeOnly = node.importClause?.phaseModifier === SyntaxKind.TypeKeyword;
    return { module: node.moduleSpecifier, typeOnly };
  }
  if (isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return { module: node.moduleSpecifier, typeOnly: node.isTypeOnly };
  }
  if (isImportTypeNode(node)) {
    const module = isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
    return { module, typeOnly: true };
  }
  if (isCallExpression(node) && loadsModule(node.expression)) {
    return { module: node.arguments[0] ?? node, typeOnly: false };
  }
  return undefined;
}

function loadsModule(callee: Node): boolean {
  return callee.kind === SyntaxKind.ImportKeyword || (isIdentifier(callee) && callee.text === 'require');
}

/**
 * Syntax trees by the TypeScript compiler itself, for the rules that text cannot decide. Files are handed over as
 * text and never looked up on disk, so a rule can be tried on a snippet exactly as it is on the repository.
 */
import { type Node, SyntaxKind, type SourceFile as SyntaxTree } from 'typescript/unstable/ast';
import {
  isCallExpression,
  isIdentifier,
  isPropertyAccessExpression,
  isTaggedTemplateExpression,
} from 'typescript/unstable/ast/is';
import { API } from 'typescript/unstable/sync';
import { afterAll } from 'vitest';
import { lineOf, type SourceFile } from './source-tree.js';

export { type Node, SyntaxKind };

export interface ParsedFile extends SourceFile {
  readonly tree: SyntaxTree;
}

/** What the compiler sees of a file system: every call of `parseAll` puts its files into a folder of its own. */
const texts = new Map<string, string>();
const folders = new Set<string>();
let parsings = 0;

/** One compiler process for all that a test file parses, started by the first parsing. */
const compiler = new API({
  cwd: '/',
  fs: {
    readFile: (name) => texts.get(name) ?? null,
    fileExists: (name) => texts.has(name),
    directoryExists: (name) => folders.has(name),
    getAccessibleEntries: () => ({ files: [], directories: [] }),
    realpath: (name) => name,
  },
});
afterAll(() => compiler.close());

/** Parses only: nothing is resolved, no type is checked. A file that cannot be parsed fails the caller. */
export function parseAll(files: readonly SourceFile[]): ParsedFile[] {
  parsings += 1;
  const root = `/parsing-${parsings}`;
  for (const { path, text } of files) provide(`${root}/${path}`, text);
  const config = `${root}/tsconfig.json`;
  const compilerOptions = { noLib: true, noResolve: true, types: [], target: 'es2023', module: 'nodenext' };
  provide(config, JSON.stringify({ compilerOptions, files: files.map(({ path }) => path) }));
  const program = compiler.updateSnapshot({ openProjects: [config] }).getProject(config)?.program;
  return files.map((file) => {
    const tree = program?.getSourceFile(`${root}/${file.path}`);
    const [error] = program?.getSyntacticDiagnostics(`${root}/${file.path}`) ?? [];
    if (tree === undefined || error !== undefined) throw new Error(`${file.path} cannot be parsed: ${error?.text}`);
    return { ...file, tree };
  });
}

export function parse(path: string, text: string): ParsedFile {
  const [file] = parseAll([{ path, text }]);
  if (file === undefined) throw new Error(`${path} was not parsed`);
  return file;
}

/** Visits `node` and everything below it, parents first. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** What tests and groups of tests are declared with. */
export const TEST_FUNCTIONS: ReadonlySet<string> = new Set(['describe', 'it', 'test']);

/** The identifier that a chain of calls and members begins with: `it` of `it.each(…)(…)`. */
export function rootName(node: Node): string {
  if (isCallExpression(node) || isPropertyAccessExpression(node)) return rootName(node.expression);
  if (isTaggedTemplateExpression(node)) return rootName(node.tag);
  return isIdentifier(node) ? node.text : '';
}

/** `path:line`, the way editors jump to it. */
export function place(file: ParsedFile, node: Node): string {
  return `${file.path}:${lineOf(file.text, node.getStart(file.tree))}`;
}

function provide(path: string, text: string): void {
  texts.set(path, text);
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) folders.add(path.slice(0, at));
}

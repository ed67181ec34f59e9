/** Which folder may import which, as data: the table of `docs/ARCHITECTURE.md` that the tests hold the code to. */

export interface FolderRule {
  /** Folders of `src` whose values and types may be imported; its own always may. */
  readonly imports: readonly string[];
  /** Folders, or single files without `.ts`, of which only types may be imported. */
  readonly types?: readonly string[];
  /** Third-party packages; `node:*` stands for all of Node, `scope/*` for all packages of the scope. */
  readonly packages?: readonly string[];
}

const CORES = ['base', 'clocks', 'replication', 'consensus', 'keyspace', 'coordination', 'documents'] as const;

/** No effects in these: no asynchrony, no time, no randomness, no Node. */
export const PURE_FOLDERS: readonly string[] = [...CORES, 'check'];

export const FOLDERS: Readonly<Record<string, FolderRule>> = {
  base: { imports: [] },
  clocks: { imports: ['base'] },
  replication: { imports: ['base', 'clocks'] },
  consensus: { imports: ['base'] },
  keyspace: { imports: ['base', 'clocks'] },
  coordination: { imports: ['base', 'clocks'] },
  documents: { imports: ['base', 'clocks'], packages: ['@automerge/automerge'] },
  ports: { imports: ['base'] },
  adapters: {
    imports: ['base', 'ports'],
    types: ['consensus/total-order'],
    packages: ['lmdb', '@nats-io/*', 'node:*'],
  },
  replica: { imports: [...CORES, 'ports'] },
  api: {
    imports: ['base', 'clocks'],
    types: ['replica'],
    packages: ['fastify', '@fastify/*', 'typebox', 'structured-headers', 'prom-client', 'node:*'],
  },
  client: { imports: ['base'], types: ['api'] },
  check: { imports: ['base'] },
  maelstrom: { imports: ['base', 'clocks', 'ports', 'replica'], packages: ['node:*'] },
  sim: { imports: [...CORES, 'ports', 'replica', 'client', 'check', 'lab'] },
  lab: {
    imports: ['base', 'adapters', 'client', 'check'],
    packages: ['hdr-histogram-js', 'undici', 'uplot', 'node:*'],
  },
};

/** Where everything is put together: these may import all there is. */
export const COMPOSITION_ROOTS: readonly string[] = ['src/index.ts', 'src/cli/'];

/** The only files that may re-export. */
export const PUBLIC_ENTRIES: readonly string[] = ['src/index.ts', 'src/client/index.ts'];

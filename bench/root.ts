/** Where the repository is, whether a bench runs as it was written or compiled, and what is built there. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The folder of `package.json`. */
export const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  if (dirname(folder) === folder) throw new Error('the bench is not inside the repository');
  return rootAbove(dirname(folder));
}

/** The lab as it was built: its replicas are processes of compiled code. */
export async function builtLab(): Promise<typeof import('../src/lab/cluster.js')> {
  return import(pathToFileURL(join(ROOT, 'dist', 'lab', 'cluster.js')).href);
}

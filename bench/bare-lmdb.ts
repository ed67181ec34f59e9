/** LMDB without anything of ours around it: the yardstick for what our layers cost. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';

export interface BareLmdb {
  readonly root: RootDatabase<Uint8Array, Uint8Array>;
  close(): Promise<void>;
}

/** A fresh environment with `value` under every key. */
export async function openBareLmdb(keys: readonly Uint8Array[], value: Uint8Array): Promise<BareLmdb> {
  const directory = mkdtempSync(join(tmpdir(), 'causeway-bench.'));
  const root = open<Uint8Array, Uint8Array>({
    path: directory,
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
  });
  await root.batch(() => {
    for (const key of keys) root.put(key, value);
  });
  return {
    root,
    close: async () => {
      await root.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

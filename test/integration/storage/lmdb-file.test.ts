/** A damaged LMDB file is refused with a sentence that names it, by a process that lives on. */
import { copyFile, mkdir, mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkLmdbFile } from '../../../src/adapters/lmdb-file.js';
import { openLmdbStore } from '../../../src/adapters/lmdb-store.js';

const PAGE = 4_096;
let base: string;
/** A store of several thousand keys, with branch pages two levels deep, written in several transactions. */
let whole: string;
let next = 0;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'causeway-damage.'));
  whole = join(base, 'whole');
  await mkdir(whole);
  const storage = openLmdbStore({ directory: whole });
  for (let round = 0; round < 3; round += 1) {
    await storage.commit(
      Array.from({ length: 2_000 }, (_, i) => ({
        kind: 'put',
        table: i % 2 === 0 ? 'keyspace' : 'operations',
        key: Buffer.from(`${'k'.repeat(300)}${(i * 7_919) % 2_000}-${round}`),
        value: new Uint8Array(i % 100 === 0 ? 5_000 : 60).fill(i),
      })),
    );
  }
  await storage.close();
});
afterAll(async () => {
  await rm(base, { recursive: true, force: true });
});

/** A copy of the whole store, damaged. */
async function damaged(damage: (file: string) => Promise<void>): Promise<string> {
  const directory = join(base, `copy-${next++}`);
  await mkdir(directory);
  const file = join(directory, 'data.mdb');
  await copyFile(join(whole, 'data.mdb'), file);
  await damage(file);
  return directory;
}

async function expectRefused(directory: string, why: RegExp): Promise<void> {
  const file = join(directory, 'data.mdb');
  expect(() => openLmdbStore({ directory })).toThrow(
    expect.objectContaining({ code: 'data-dir-corrupt', message: expect.stringMatching(why) }),
  );
  expect(() => openLmdbStore({ directory })).toThrow(`${file} is damaged`);
}

function overwrite(offset: number, bytes: Uint8Array) {
  return async (file: string): Promise<void> => {
    const handle = await open(file, 'r+');
    await handle.write(bytes, 0, bytes.length, offset);
    await handle.close();
  };
}

describe('the LMDB file', () => {
  it('is accepted when it is absent, empty, new or full', async () => {
    const directory = await damaged((file) => rm(file));
    checkLmdbFile(join(directory, 'data.mdb'));
    await writeFile(join(directory, 'data.mdb'), '');
    await openLmdbStore({ directory }).close();
    const copy = openLmdbStore({ directory: await damaged(async () => undefined) });
    expect([copy.count('keyspace'), copy.count('operations')]).toEqual([3_000, 3_000]);
    expect([...copy.range('keyspace', {})]).toHaveLength(3_000);
    await copy.close();
  });

  it('is accepted whatever is in the lock file beside it', async () => {
    const directory = await damaged(async (file) =>
      writeFile(join(file, '../lock.mdb'), new Uint8Array(9_000).fill(7)),
    );
    const storage = openLmdbStore({ directory });
    await storage.commit([{ kind: 'put', table: 'meta', key: Uint8Array.of(1), value: Uint8Array.of(2) }]);
    expect(storage.count('keyspace')).toBe(3_000);
    await storage.close();
  });

  it('is refused when it is random bytes, text, or zeros', async () => {
    const noise = Uint8Array.from({ length: 40_000 }, (_, i) => (i * i * 31 + (i >> 3)) & 255);
    for (const content of [noise, Buffer.from('not a database\n'.repeat(9)), new Uint8Array(8_192), Buffer.from('x')]) {
      await expectRefused(await damaged((file) => writeFile(file, content)), /meta page|in the middle/);
    }
  });

  it('is refused when it is a directory', async () => {
    const directory = await damaged(async (file) => {
      await rm(file);
      await mkdir(file);
    });
    await expectRefused(directory, /is not a file/);
  });

  it('is refused when either meta page is damaged', async () => {
    const zeros = new Uint8Array(200);
    await expectRefused(await damaged(overwrite(0, zeros)), /byte 0 does not begin a meta page/);
    await expectRefused(await damaged(overwrite(PAGE, zeros)), /byte 4096 does not begin a meta page/);
    await expectRefused(await damaged(overwrite(24 + 4, Uint8Array.of(9))), /data version 9 instead of 2/);
    await expectRefused(await damaged(overwrite(24 + 24, Uint8Array.of(1, 16))), /page size of 4097 bytes/);
    await expectRefused(await damaged(overwrite(PAGE + 24 + 25, Uint8Array.of(32))), /meta pages disagree/);
  });

  it('is refused when it was cut, wherever that was', async () => {
    const { size } = await stat(join(whole, 'data.mdb'));
    for (const part of [0.01, 0.1, 0.3, 0.5, 0.8]) {
      const bytes = Math.floor((size * part) / PAGE) * PAGE;
      await expectRefused(await damaged((file) => truncate(file, bytes)), /but page \d+ ends at byte|in the middle/);
    }
    await expectRefused(await damaged((file) => truncate(file, 3 * PAGE - 1)), /is damaged/);
  });

  it('is refused when a page that leads to others is damaged; of the rest nothing is read', async () => {
    const file = join(await damaged(async () => undefined), 'data.mdb');
    const content = await readFile(file);
    const pages = content.length / PAGE;
    const handle = await open(file, 'r+');
    let refused = 0;
    for (let page = 0; page < pages; page += 1) {
      await handle.write(new Uint8Array(24).fill(page), 0, 24, page * PAGE);
      try {
        checkLmdbFile(file);
      } catch (error) {
        expect(error).toMatchObject({ code: 'data-dir-corrupt' });
        refused += 1;
      }
      await handle.write(content, page * PAGE, 24, page * PAGE);
    }
    await handle.close();
    checkLmdbFile(file);
    // Two meta pages, the roots of four trees, and branch pages.
    expect(refused).toBeGreaterThan(10);
    expect(refused).toBeLessThan(pages / 5);
  });
});

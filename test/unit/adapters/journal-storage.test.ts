/** What a crash, damage and a failing disk do to the storage over a journal. */
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeJournalRecord, JOURNAL_HEADER } from '../../../src/adapters/journal-records.js';
import { openJournalStorage } from '../../../src/adapters/journal-storage.js';
import { utf8Encode } from '../../../src/base/bytes.js';
import type { Storage, StorageWrite } from '../../../src/ports/storage.js';

let directory: string;
let path: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'causeway-journal.'));
  path = join(directory, 'journal');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const put = (key: string, value: string): StorageWrite => {
  return { kind: 'put', table: 'meta', key: utf8Encode(key), value: utf8Encode(value) };
};

function shown(storage: Storage): string {
  return [...storage.range('meta', {})].map(({ key, value }) => `${text(key)}=${text(value)}`).join();
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Three commits, one after the other. */
async function written(): Promise<Buffer> {
  const storage = await openJournalStorage({ directory });
  for (const key of ['a', 'b', 'c']) await storage.commit([put(key, '1')]);
  await storage.close();
  return readFile(path);
}

async function reopened<T>(use: (storage: Storage) => Promise<T> | T): Promise<T> {
  const storage = await openJournalStorage({ directory });
  try {
    return await use(storage);
  } finally {
    await storage.close();
  }
}

describe('a journal', () => {
  it('cut off in the middle of its last record shows all the others, and takes new ones', async () => {
    const whole = await written();
    const record = encodeJournalRecord([put('c', '1')]);
    const lastAt = whole.length - record.length;
    for (let length = lastAt; length < whole.length; length += 1) {
      await writeFile(path, whole.subarray(0, length));
      await reopened(async (storage) => {
        expect(shown(storage)).toBe('a=1,b=1');
        await storage.commit([put('d', '1')]);
      });
      expect(await reopened(shown)).toBe('a=1,b=1,d=1');
    }
  });

  it('whose last record was written in part only, behind it nothing or zeros, shows all the others', async () => {
    const whole = await written();
    const cut = Buffer.from(whole);
    cut.fill(0, whole.length - 3);
    await writeFile(path, Buffer.concat([cut, Buffer.alloc(64)]));
    expect(await reopened(shown)).toBe('a=1,b=1');
  });

  it('in which any bit of an acknowledged record but the last has changed is refused', async () => {
    const whole = await written();
    const lastAt = whole.length - encodeJournalRecord([put('c', '1')]).length;
    for (let at = 0; at < lastAt; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      await writeFile(path, damaged);
      const code = expect.stringMatching(at < JOURNAL_HEADER.length ? /^data-dir-/ : /^data-dir-corrupt$/);
      await expect(openJournalStorage({ directory }), `byte ${at}`).rejects.toMatchObject({ code });
    }
  });

  it('of a newer format is refused, and so is what is no journal', async () => {
    const header = Buffer.from(JOURNAL_HEADER);
    header[header.length - 1] = 2;
    await writeFile(path, header);
    await expect(openJournalStorage({ directory })).rejects.toMatchObject({ code: 'data-dir-newer-format' });
    await writeFile(path, 'key=value\n');
    await expect(openJournalStorage({ directory })).rejects.toMatchObject({ code: 'data-dir-corrupt' });
    await truncate(path, 0);
    await expect(openJournalStorage({ directory })).rejects.toMatchObject({ code: 'data-dir-corrupt' });
  });

  it('with a record that is whole but no list of writes is refused', async () => {
    await written();
    const nowhere = { ...put('d', '1'), table: 'nowhere' } as unknown as StorageWrite;
    await appendFile(path, encodeJournalRecord([nowhere]));
    const refusal = { code: 'data-dir-corrupt', message: expect.stringContaining('unknown table') };
    await expect(openJournalStorage({ directory })).rejects.toMatchObject(refusal);
  });

  it('is written anew when it has outgrown what it holds, and loses nothing by it', async () => {
    const storage = await openJournalStorage({ directory, rewriteMinBytes: 1_000 });
    for (let i = 0; i < 200; i += 1) await storage.commit([put(`k${i % 5}`, 'v'.repeat(50)), put('last', String(i))]);
    expect(storage.sizeBytes()).toBeLessThan(2_500);
    const before = shown(storage);
    await storage.close();
    expect((await readFile(path)).length).toBeLessThan(2_500);
    expect(await reopened(shown)).toBe(before);
    expect(before).toContain('last=199');
  });

  it('hands out bytes that are their own, as every storage does, and not parts of the file', async () => {
    await written();
    const value = await reopened((storage) => storage.get('meta', utf8Encode('a')));
    expect(value).toEqual(new Uint8Array([49]));
    expect(value?.buffer.byteLength).toBe(1);
  });

  it('is as it was if the process died while a new one was written', async () => {
    const whole = await written();
    await writeFile(join(directory, 'journal.new'), whole.subarray(0, whole.length - 20));
    expect(await reopened(shown)).toBe('a=1,b=1,c=1');
    const storage = await openJournalStorage({ directory, rewriteMinBytes: 0 });
    for (let i = 0; i < 20; i += 1) await storage.commit([put('d', String(i))]);
    await storage.close();
    expect(await readdir(directory)).toEqual(['journal']);
    expect(await reopened(shown)).toBe('a=1,b=1,c=1,d=19');
  });

  it('that cannot be written ends everything: what failed is not shown, and no later call is answered', async () => {
    const storage = await openJournalStorage({ directory, rewriteMinBytes: 0 });
    await storage.commit([put('a', '1'.repeat(100))]);
    // A folder where the next file would be made.
    await mkdir(join(directory, 'journal.new'));
    const failed = { code: 'storage-failed', message: expect.stringMatching(/^Writing to .*journal failed: EISDIR/) };
    await expect(storage.commit([put('b', '1')])).rejects.toMatchObject(failed);
    await expect(storage.commit([put('c', '1')])).rejects.toMatchObject(failed);
    expect(() => shown(storage)).toThrow(/failed: EISDIR/);
    await storage.close();
    expect(await reopened(shown)).toBe(`a=${'1'.repeat(100)}`);
  });
});

import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesOf } from '../../../src/cli/input-lines.js';

async function lines(chunks: readonly Uint8Array[], maxBytes = 100): Promise<{ read: string[]; tooLong: number[] }> {
  const tooLong: number[] = [];
  const read: string[] = [];
  for await (const line of linesOf(Readable.from(chunks), maxBytes, (bytes) => tooLong.push(bytes))) read.push(line);
  return { read, tooLong };
}

describe('the lines of a stream', () => {
  it('are the same however it comes in pieces, also between the bytes of a character', async () => {
    const text = fc.array(fc.constantFrom('a', '\r', 'ä', '€', '😀'), { maxLength: 12 }).map((units) => units.join(''));
    const texts = fc.array(text);
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 9 }), async (expected, size) => {
        const bytes = Buffer.from(expected.map((text) => `${text}\n`).join(''));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        expect(await lines(chunks)).toEqual({ read: expected, tooLong: [] });
      }),
      { numRuns: 50 },
    );
  });

  it('end with the stream, whether the last one has an end or not', async () => {
    expect((await lines([Buffer.from('a\nb')])).read).toEqual(['a', 'b']);
    expect((await lines([Buffer.from('a\nb\n')])).read).toEqual(['a', 'b']);
    expect((await lines([])).read).toEqual([]);
  });

  it('leave out what is too long, wherever it is cut, and go on behind it', async () => {
    const long = 'x'.repeat(11);
    const all = Buffer.from(`ok\n${long}\n0123456789\n${long}`);
    for (let at = 0; at <= all.length; at += 1) {
      const result = await lines([all.subarray(0, at), all.subarray(at)], 10);
      expect(result).toEqual({ read: ['ok', '0123456789'], tooLong: [11, 11] });
    }
  });

  it('end without an error when somebody destroys the stream', async () => {
    const stream = new Readable({ read: () => undefined });
    stream.push('a\n');
    const read: string[] = [];
    for await (const line of linesOf(stream, 100, () => undefined)) {
      read.push(line);
      stream.destroy();
    }
    expect(read).toEqual(['a']);
  });

  it('pass on what goes wrong with the stream', async () => {
    const broken = Readable.from(
      (function* () {
        yield Buffer.from('a\n');
        throw new Error('cable pulled');
      })(),
    );
    const read = async () => {
      for await (const line of linesOf(broken, 100, () => undefined)) expect(line).toBe('a');
    };
    await expect(read()).rejects.toThrow('cable pulled');
  });
});

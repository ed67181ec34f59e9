import { describe, expect, it } from 'vitest';
import { makeOrigin } from '../../../src/base/ids.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { CausalBuffer } from '../../../src/replication/causal-buffer.js';
import { A, B, C, group, names, R1, stream, vector } from '../../support/plane-values.js';

const SILENT = { buffered: () => {}, unbuffered: () => {} };
const all = Number.MAX_SAFE_INTEGER;

function bufferOf(maxGroups = 100, maxBytes = 1_000_000): CausalBuffer {
  return new CausalBuffer(VersionVector.EMPTY, SILENT, { maxGroups, maxBytes, maxOrigins: 3 });
}

describe('the causal buffer', () => {
  it('holds an effect back until its cause is there', () => {
    const buffer = bufferOf();
    expect(buffer.offer(group(B, 1, vector([A, 1])))).toBe('buffered');
    expect(buffer.take(all, all)).toEqual([]);
    expect(buffer.offer(group(A, 1))).toBe('ready');
    expect(names(buffer.take(all, all))).toEqual(['r1.1', 'r2.1']);
  });

  it('takes a hundred thousand groups in reverse without descending a hundred thousand calls', () => {
    const buffer = new CausalBuffer(VersionVector.EMPTY, SILENT);
    for (const late of stream(A, 2, 100_000).reverse()) buffer.offer(late);
    expect(buffer.held).toBe(99_999);
    buffer.offer(group(A, 1));
    expect(buffer.take(all, all).length).toBe(100_000);
  });

  it('follows a chain of causes across origins to its end', () => {
    const buffer = bufferOf();
    buffer.offer(group(C, 1, vector([B, 2])));
    buffer.offer(group(B, 2, vector([A, 2])));
    buffer.offer(group(A, 2, vector([B, 1])));
    buffer.offer(group(B, 1, vector([A, 1])));
    buffer.offer(group(A, 1));
    expect(names(buffer.take(all, all))).toEqual(['r1.1', 'r2.1', 'r1.2', 'r2.2', 'r3.1']);
  });

  it('waits for our own origin too, which does not pass through it', () => {
    const buffer = bufferOf();
    buffer.offer(group(B, 1, vector([A, 1])));
    buffer.advance({ origin: A, counter: 1 });
    expect(names(buffer.take(all, all))).toEqual(['r2.1']);
    expect(() => buffer.advance({ origin: A, counter: 3 })).toThrow('own counter skips');
  });

  it('refuses what would have to wait when it is full, and still takes what can be delivered', () => {
    const buffer = bufferOf(2);
    expect(buffer.offer(group(A, 2))).toBe('buffered');
    expect(buffer.isHalfFull).toBe(true);
    expect(buffer.offer(group(A, 3))).toBe('buffered');
    expect(buffer.offer(group(A, 4))).toBe('full');
    expect(buffer.offer(group(B, 5))).toBe('full');
    expect(buffer.offer(group(A, 1))).toBe('ready');
    expect(names(buffer.take(all, all))).toEqual(['r1.1', 'r1.2', 'r1.3']);
  });

  it('counts bytes as well as groups', () => {
    const big = new Uint8Array(600);
    const buffer = bufferOf(100, 1_000);
    expect(buffer.offer(group(A, 2, VersionVector.EMPTY, big))).toBe('buffered');
    expect(buffer.offer(group(A, 3, VersionVector.EMPTY, big))).toBe('buffered');
    expect(buffer.offer(group(A, 4, VersionVector.EMPTY, big))).toBe('full');
    expect(buffer.dropHeld(A)).toBe(2);
    expect(buffer.offer(group(A, 4, VersionVector.EMPTY, big))).toBe('buffered');
  });

  it('refuses to be given more to deliver than it may hold', () => {
    const buffer = bufferOf(2);
    expect(stream(A, 1, 3).map((next) => buffer.offer(next))).toEqual(['ready', 'ready', 'full']);
    buffer.take(1, all);
    expect(buffer.offer(group(A, 3))).toBe('ready');
  });

  it('gives out at least one group, then as many as the bounds allow', () => {
    const buffer = bufferOf();
    for (const next of stream(A, 1, 4)) buffer.offer(next);
    expect(buffer.take(0, 0)).toEqual([]);
    expect(buffer.take(3, 1).length).toBe(1);
    expect(buffer.take(2, all).length).toBe(2);
    expect(buffer.take(2, all).length).toBe(1);
  });

  it('keeps no trace of an origin whose groups were all refused', () => {
    const buffer = bufferOf(0);
    for (let nonce = 0; nonce < 10; nonce += 1) expect(buffer.offer(group(makeOrigin(R1, nonce), 2))).toBe('full');
    expect(buffer.offer(group(B, 2))).toBe('full');
  });

  it('knows no more origins than a vector can name', () => {
    const buffer = bufferOf();
    for (let nonce = 1; nonce <= 3; nonce += 1) expect(buffer.offer(group(makeOrigin(R1, nonce), 1))).toBe('ready');
    expect(buffer.offer(group(B, 1))).toBe('full');
  });

  it('says what each stream stands still for', () => {
    const buffer = bufferOf();
    buffer.offer(group(A, 3));
    buffer.offer(group(B, 1, vector([C, 4])));
    expect(buffer.blocked()).toEqual([
      { origin: A, missing: { origin: A, counter: 1 } },
      { origin: B, missing: { origin: C, counter: 4 } },
    ]);
    expect(buffer.isHeadBlocked(A)).toBe(false);
    expect(buffer.isHeadBlocked(B)).toBe(true);
    expect(buffer.firstAbsent(A)).toBe(1);
    expect(buffer.firstAbsent(B)).toBe(2);
    expect(buffer.firstAbsent(C)).toBe(1);
    expect(buffer.gaps(A, 5, 9, 1)).toEqual([
      { have: 0, need: 2 },
      { have: 3, need: 5 },
    ]);
    expect(buffer.gaps(C, 4, 9, 1)).toEqual([{ have: 0, need: 4 }]);
    expect(buffer.gaps(C, 0, 9, 1)).toEqual([]);
    expect(buffer.holds({ origin: A, counter: 3 })).toBe(true);
    expect(buffer.holds({ origin: A, counter: 2 })).toBe(false);
    expect(buffer.holds({ origin: C, counter: 1 })).toBe(false);
  });

  it('is not held up by a stream that was dropped while it waited', () => {
    const buffer = bufferOf();
    buffer.offer(group(B, 1, vector([A, 1])));
    expect(buffer.dropHeld(B)).toBe(1);
    expect(buffer.dropHeld(C)).toBe(0);
    buffer.offer(group(A, 1));
    expect(names(buffer.take(all, all))).toEqual(['r1.1']);
    expect(buffer.offer(group(B, 1, vector([A, 1])))).toBe('ready');
  });
});

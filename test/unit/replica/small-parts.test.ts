/** The small values of a replica: tombstones to forget, samples of lag, checks of tokens, fingerprints. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../../src/base/bytes.js';
import { LOG_ORIGIN, makeOrigin, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { GroupOp } from '../../../src/keyspace/group-body.js';
import { TombstoneQueue } from '../../../src/replica/causal/tombstone-queue.js';
import { LagSamples } from '../../../src/replica/lag-samples.js';
import type { WriteOp } from '../../../src/replica/request-types.js';
import { fingerprintOf } from '../../../src/replica/requests/fingerprint.js';
import { checkToken, type TokenKnowledge } from '../../../src/replica/requests/token-check.js';

const [r1, r2] = [parseReplicaId('r1'), parseReplicaId('r2')];
const A = makeOrigin(r1, 1);
const B = makeOrigin(r2, 2);

describe('the tombstone queue', () => {
  const removal = (...keys: string[]) => ({
    retry: undefined,
    ops: keys.map((key): GroupOp => ({ kind: 'delete', key, seen: 0 })),
  });

  it('gives out deleted keys once they are stable, oldest first, and each once', () => {
    const queue = new TombstoneQueue();
    queue.note({ dot: { origin: A, counter: 1 } }, removal('a', 'b'));
    queue.note({ dot: { origin: A, counter: 2 } }, { retry: undefined, ops: [] });
    queue.note({ dot: { origin: A, counter: 3 } }, removal('c'));
    expect(queue.take(VersionVector.EMPTY)).toEqual([]);
    expect(queue.take(VersionVector.of([[A, 2]]))).toEqual(['a', 'b']);
    expect(queue.take(VersionVector.of([[A, 2]]))).toEqual([]);
    expect(queue.take(VersionVector.of([[A, 9]]))).toEqual(['c']);
  });

  it('holds back what came after a deletion that is not stable', () => {
    const queue = new TombstoneQueue();
    queue.note({ dot: { origin: B, counter: 1 } }, removal('first'));
    queue.note({ dot: { origin: A, counter: 1 } }, removal('second'));
    expect(queue.take(VersionVector.of([[A, 1]]))).toEqual([]);
    expect(
      queue.take(
        VersionVector.of([
          [A, 1],
          [B, 1],
        ]),
      ),
    ).toEqual(['first', 'second']);
  });

  it('gives out no more than one transaction should forget, and remembers no more than it has room for', () => {
    const queue = new TombstoneQueue();
    for (let counter = 1; counter <= 100_001; counter += 1) {
      queue.note({ dot: { origin: A, counter } }, removal(`${counter}`));
    }
    const all = VersionVector.of([[A, 200_000]]);
    const first = queue.take(all);
    expect([first.length, first[0], first.at(-1)]).toEqual([2_000, '1', '2000']);
    let taken = first.length;
    for (let keys = queue.take(all); keys.length > 0; keys = queue.take(all)) taken += keys.length;
    expect(taken).toBe(100_000);
  });
});

describe('lag in time', () => {
  it('is the age of the oldest own state the peer does not cover', () => {
    const samples = new LagSamples();
    const at = (counter: number) => VersionVector.of([[A, counter]]);
    samples.note(at(1), 1_000);
    samples.note(at(2), 1_050);
    samples.note(at(3), 1_200);
    samples.note(at(3), 1_900);
    expect(samples.lagMs(at(3), 2_000)).toBe(0);
    expect(samples.lagMs(at(2), 2_000)).toBe(800);
    expect(samples.lagMs(at(1), 2_000)).toBe(800);
    expect(samples.lagMs(VersionVector.EMPTY, 2_000)).toBe(1_000);
  });

  it('is none before there is anything', () => {
    expect(new LagSamples().lagMs(VersionVector.EMPTY, 1_000)).toBe(0);
  });

  it('of a peer that was away for long is at least as long as is remembered', () => {
    const samples = new LagSamples();
    for (let i = 0; i < 1_000; i += 1) samples.note(VersionVector.of([[A, i + 1]]), i * 100);
    expect(samples.lagMs(VersionVector.EMPTY, 100_000)).toBe(60_000);
  });
});

describe('a token', () => {
  const known: TokenKnowledge = {
    self: A,
    durable: VersionVector.of([
      [A, 5],
      [B, 3],
    ]),
    members: [r1, r2],
    issued: 6,
  };
  const check =
    (...entries: [typeof A, number][]) =>
    () =>
      checkToken(VersionVector.of(entries), known);

  it('that names what is here, or can still come, is worth waiting for', () => {
    expect(check([A, 5], [B, 3])).not.toThrow();
    expect(check([B, 1_000_000])).not.toThrow();
    expect(check([makeOrigin(r2, 77), 1])).not.toThrow();
    expect(check([makeOrigin(r1, 77), 9])).not.toThrow();
    expect(check([A, 6])).not.toThrow();
  });

  it('that can never come true is refused at once', () => {
    const refused = expect.objectContaining({ code: 'invalid-causal-token' });
    expect(check([A, 7])).toThrow(refused);
    expect(check([makeOrigin(parseReplicaId('r3'), 1), 1])).toThrow(refused);
    expect(check([LOG_ORIGIN, 1])).toThrow(refused);
  });

  it('that names an entry of the log not heard of yet is waited for, unless the log cannot have grown so far', () => {
    const ordered = { ...known, logIndex: 7 };
    const named = (index: number) => () => checkToken(VersionVector.of([[LOG_ORIGIN, index]]), ordered);
    expect(named(8)).not.toThrow();
    expect(named(7 + LIMITS.tokenLogAheadMax)).not.toThrow();
    expect(named(8 + LIMITS.tokenLogAheadMax)).toThrow(expect.objectContaining({ code: 'invalid-causal-token' }));
  });
});

describe('the fingerprint of a request', () => {
  const put = (key: string, text: string, contentType = 'text/plain'): WriteOp => ({
    kind: 'put',
    key,
    contentType,
    bytes: utf8Encode(text),
  });

  it('is the same for the same operations', () => {
    expect(fingerprintOf([put('a', '1')])).toBe(fingerprintOf([put('a', '1')]));
    expect(fingerprintOf([put('a', '1')])).toMatch(/^[0-9a-f]{16}$/);
  });

  it('tells requests apart by kind, key, value, content type, number, order, and where one part ends', () => {
    const requests: WriteOp[][] = [
      [],
      [put('a', '1')],
      [put('a', '2')],
      [put('b', '1')],
      [put('a', '1', 'text/html')],
      [put('a1', '')],
      [put('', 'a1')],
      [{ kind: 'delete', key: 'a' }],
      [put('a', '1'), put('b', '2')],
      [put('b', '2'), put('a', '1')],
      [put('a', '1'), { kind: 'delete', key: 'b' }],
    ];
    expect(new Set(requests.map(fingerprintOf)).size).toBe(requests.length);
  });
});

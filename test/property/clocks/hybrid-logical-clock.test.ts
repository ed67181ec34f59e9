/** Hybrid clocks under wall clocks that jump at will: never backwards, never further ahead than the bound allows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError } from '../../../src/base/assert.js';
import { ByteReader, ByteWriter, DecodeError } from '../../../src/base/bytes.js';
import {
  compareHlc,
  decodeHlc,
  encodeHlc,
  formatHlc,
  HLC_ZERO,
  type Hlc,
  mergeHlc,
  tickHlc,
} from '../../../src/clocks/hybrid-logical-clock.js';

const MS_MAX = 2 ** 48 - 1;
const LOGICAL_MAX = 0xffff;
const BOUND_MS = 500;
const NODES = 4;
const START_MS = 1_700_000_000_000;

type Step =
  | { readonly kind: 'jump'; readonly node: number; readonly byMs: number }
  | { readonly kind: 'tick'; readonly node: number }
  | { readonly kind: 'send'; readonly from: number; readonly to: number };

const nodes = fc.nat(NODES - 1);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('jump' as const),
      node: nodes,
      byMs: fc.oneof(
        fc.integer({ min: -3, max: 3 }),
        fc.double({ min: -1000, max: 1000, noNaN: true }),
        fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      ),
    }),
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('tick' as const), node: nodes }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('send' as const), from: nodes, to: nodes }) },
  ),
  { maxLength: 80, size: 'max' },
);

const stamps: fc.Arbitrary<Hlc> = fc.record({
  ms: fc.oneof(fc.nat(3), fc.integer({ min: 0, max: MS_MAX }), fc.constant(MS_MAX)),
  logical: fc.oneof(fc.nat(3), fc.nat(LOGICAL_MAX), fc.constant(LOGICAL_MAX)),
});

/** One issued stamp and the stamps that happened before it, as far as they were followed. */
interface Issued {
  readonly stamp: Hlc;
  readonly past: ReadonlySet<Issued>;
}

interface Node {
  wallMs: number;
  highestWallMs: number;
  last: Hlc;
  issued: Issued | undefined;
  past: Set<Issued>;
}

function play(script: readonly Step[]): { cluster: Node[]; history: Issued[]; refused: number } {
  const cluster: Node[] = Array.from({ length: NODES }, (_, n) => ({
    wallMs: START_MS + n,
    highestWallMs: START_MS + n,
    last: HLC_ZERO,
    issued: undefined,
    past: new Set(),
  }));
  const history: Issued[] = [];
  let refused = 0;
  for (const step of script) {
    if (step.kind === 'jump') jump(cluster[step.node] as Node, step.byMs);
    else if (step.kind === 'tick') history.push(tick(cluster[step.node] as Node));
    else refused += receive(cluster[step.to] as Node, (cluster[step.from] as Node).issued) ? 0 : 1;
  }
  return { cluster, history, refused };
}

function jump(node: Node, byMs: number): void {
  node.wallMs = Math.max(0, node.wallMs + byMs);
  node.highestWallMs = Math.max(node.highestWallMs, node.wallMs);
}

function tick(node: Node): Issued {
  const before = node.last;
  node.last = tickHlc(node.last, node.wallMs);
  expect(compareHlc(before, node.last)).toBeLessThan(0);
  node.issued = { stamp: node.last, past: new Set(node.past) };
  node.past.add(node.issued);
  return node.issued;
}

/** False if the message was too far ahead, and then it left no trace. */
function receive(node: Node, message: Issued | undefined): boolean {
  if (message === undefined) return true;
  const merge = mergeHlc(node.last, message.stamp, node.wallMs, BOUND_MS);
  const isNew = compareHlc(message.stamp, node.last) > 0;
  expect(merge.kind).toBe(isNew && message.stamp.ms - node.wallMs > BOUND_MS ? 'ahead' : 'merged');
  if (merge.kind === 'ahead') return false;
  expect(compareHlc(node.last, merge.last)).toBeLessThanOrEqual(0);
  expect(compareHlc(message.stamp, merge.last)).toBeLessThanOrEqual(0);
  node.last = merge.last;
  for (const cause of [...message.past, message]) node.past.add(cause);
  return true;
}

describe('hybrid clocks of nodes whose wall clocks jump', () => {
  it('run forward at every step, and follow exactly the stamps within the bound', () => {
    fc.assert(
      fc.property(steps, (script) => void play(script)),
      { numRuns: 500 },
    );
  });

  it('stamp an effect above its causes, if the causes were followed', () => {
    fc.assert(
      fc.property(steps, (script) => {
        for (const { stamp, past } of play(script).history) {
          for (const cause of past) expect(compareHlc(cause.stamp, stamp)).toBeLessThan(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('stay within the bound of the latest their own wall clock has shown', () => {
    fc.assert(
      fc.property(steps, (script) => {
        for (const node of play(script).cluster) {
          const carriedMs = 1;
          expect(node.last.ms).toBeLessThanOrEqual(node.highestWallMs + BOUND_MS + carriedMs);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('meet both fates in these scripts, following and refusing', () => {
    const drawn = fc.sample(steps, { numRuns: 200, seed: 1 }).map((script) => play(script));
    expect(drawn.filter(({ refused }) => refused > 0).length).toBeGreaterThan(20);
    expect(drawn.filter(({ history }) => history.some(({ past }) => past.size > 3)).length).toBeGreaterThan(20);
  });
});

describe('a tick', () => {
  it('is above the last stamp and not below wall time, from any state that is not exhausted', () => {
    fc.assert(
      fc.property(stamps, fc.double({ min: -10, max: 2 ** 49, noNaN: true }), (last, wallMs) => {
        fc.pre(last.ms < MS_MAX || last.logical < LOGICAL_MAX);
        const next = tickHlc(last, wallMs);
        expect(compareHlc(last, next)).toBeLessThan(0);
        expect(next.ms).toBeGreaterThanOrEqual(Math.min(MS_MAX, Math.floor(wallMs)));
        expect(next.ms).toBeLessThanOrEqual(Math.max(last.ms + 1, Math.ceil(wallMs), 0));
        expect(Number.isInteger(next.ms) && next.ms <= MS_MAX && next.logical <= LOGICAL_MAX).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('is not run back by a fraction of a millisecond', () => {
    expect(tickHlc({ ms: 5, logical: 3 }, 5.9)).toEqual({ ms: 5, logical: 4 });
  });

  it('is not run back by a wall clock beyond what a stamp can hold', () => {
    expect(tickHlc({ ms: MS_MAX, logical: 3 }, Number.POSITIVE_INFINITY)).toEqual({ ms: MS_MAX, logical: 4 });
  });

  it('carries a full logical part into the milliseconds while the wall clock stands still', () => {
    let last: Hlc = { ms: 7, logical: LOGICAL_MAX - 1 };
    const seen = [];
    for (let n = 0; n < 3; n += 1) {
      last = tickHlc(last, 7);
      seen.push(formatHlc(last));
    }
    expect(seen).toEqual(['7.65535', '8.0', '8.1']);
  });

  it('of a clock at the end of its range is a broken invariant', () => {
    expect(() => tickHlc({ ms: MS_MAX, logical: LOGICAL_MAX }, 0)).toThrow(InvariantError);
  });
});

describe('a remote stamp', () => {
  it.each([
    [BOUND_MS, 'merged'],
    [BOUND_MS + 1, 'ahead'],
  ])('%d ms ahead of the wall clock is %s', (byMs, kind) => {
    expect(mergeHlc(HLC_ZERO, { ms: START_MS + byMs, logical: 0 }, START_MS, BOUND_MS).kind).toBe(kind);
  });

  it('that is too far ahead says by how much', () => {
    expect(mergeHlc(HLC_ZERO, { ms: START_MS + 86_400_000, logical: 9 }, START_MS, BOUND_MS)).toEqual({
      kind: 'ahead',
      byMs: 86_400_000,
    });
  });

  it('that is not above the own clock changes nothing, however far that is ahead of the wall clock', () => {
    const last = { ms: START_MS + 86_400_000, logical: 1 };
    expect(mergeHlc(last, { ms: last.ms, logical: 0 }, START_MS, BOUND_MS)).toEqual({ kind: 'merged', last });
  });
});

describe('stamps', () => {
  it('are totally ordered', () => {
    fc.assert(
      fc.property(stamps, stamps, stamps, (a, b, c) => {
        expect(Math.sign(compareHlc(a, b)) + Math.sign(compareHlc(b, a))).toBe(0);
        expect(compareHlc(a, b) === 0).toBe(a.ms === b.ms && a.logical === b.logical);
        const [low, mid, high] = [a, b, c].sort(compareHlc) as [Hlc, Hlc, Hlc];
        expect(compareHlc(low, mid) <= 0 && compareHlc(mid, high) <= 0 && compareHlc(low, high) <= 0).toBe(true);
      }),
    );
  });

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(stamps, (stamp) => {
        const writer = new ByteWriter();
        encodeHlc(writer, stamp);
        expect(decodeHlc(new ByteReader(writer.finish()))).toEqual(stamp);
      }),
    );
  });

  it.each([
    [MS_MAX + 1, 0],
    [0, LOGICAL_MAX + 1],
  ])('out of range are refused: %d.%d', (ms, logical) => {
    const bytes = new ByteWriter().varuint(ms).varuint(logical).finish();
    expect(() => decodeHlc(new ByteReader(bytes))).toThrow(DecodeError);
  });
});

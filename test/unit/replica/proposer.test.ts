import { describe, expect, it } from 'vitest';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { CausewayError } from '../../../src/base/errors.js';
import { makeOrigin, parseReplicaId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { HLC_ZERO } from '../../../src/clocks/hybrid-logical-clock.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { encodeCoordination } from '../../../src/coordination/command.js';
import type { Applied } from '../../../src/keyspace/ordered/apply.js';
import type { Command } from '../../../src/keyspace/ordered/command.js';
import type { ProposedEntry } from '../../../src/replica/order/proposals.js';
import { Proposer } from '../../../src/replica/order/proposer.js';
import { putOp } from '../../support/ordered-log.js';
import { seededRandom } from '../../support/seeded-random.js';
import { type Fate, SharedOrder } from '../../support/shared-order.js';

const TIMEOUT_MS = 3_000;
const NEXT: Command = { kind: 'coordinate', command: encodeCoordination({ kind: 'next', sequence: 's' }) };

function setting(...fates: Fate[]) {
  const time = createMemoryTime();
  const order = new SharedOrder(time, seededRandom(1));
  const other = order.join();
  const member = order.join();
  order.fates.push(...fates);
  const newProposer = (seed: number) =>
    new Proposer({
      order: member,
      applied: member,
      time,
      random: seededRandom(seed),
      self: () => makeOrigin(parseReplicaId('r2'), 1),
      hlc: () => HLC_ZERO,
    });
  return { time, order, other, member, newProposer, proposer: newProposer(2) };
}

type Setting = ReturnType<typeof setting>;

function entryOf(command: Command, retryKey?: string): ProposedEntry {
  const retry = retryKey === undefined ? undefined : { key: retryKey, fingerprint: 'f' };
  return { base: 0, retry, deps: VersionVector.EMPTY, known: undefined, adopted: [], fences: [], command };
}

/** How the proposal ends within `ms`: the index of the entry and its outcome, an error's code, or not at all. */
async function endOf({ time }: Setting, proposal: Promise<Applied>, ms = TIMEOUT_MS + 100): Promise<string> {
  let end = 'waits';
  proposal.then(
    ({ index, outcome, replayed }) => {
      end = `${index} ${outcome.kind === 'refused' ? outcome.code : outcome.kind}${replayed ? ' again' : ''}`;
    },
    (error: unknown) => {
      end = error instanceof CausewayError ? error.code : String(error);
    },
  );
  const untilMs = time.monotonicMs() + ms;
  while (end === 'waits') {
    await new Promise((resolve) => setImmediate(resolve));
    const nextMs = time.nextDueMs();
    if (nextMs === undefined || nextMs > untilMs) break;
    time.advance(Math.max(0, nextMs - time.monotonicMs()));
  }
  await new Promise((resolve) => setImmediate(resolve));
  return end;
}

describe('an entry that was proposed', () => {
  const cases: readonly (readonly [string, Fate[], string | undefined, string, number])[] = [
    ['is answered with what became of it', ['commit'], undefined, '1 coordinated', 1],
    [
      'is known by its name where the order does not say where it is',
      ['commit-unknown'],
      undefined,
      '1 coordinated',
      1,
    ],
    ['is known by its name where the order says nothing', ['commit-silently'], undefined, '1 coordinated', 1],
    ['is proposed again when another term took its place', ['overtaken'], undefined, '2 coordinated', 2],
    ['is proposed again when it was not taken', ['refuse', 'refuse'], undefined, '1 coordinated', 3],
    ['is refused when there is too much', ['overload'], undefined, 'overloaded', 1],
    ['is not proposed again when it may be in the log', ['lost-unknown'], undefined, 'outcome-unknown', 1],
    ['is not proposed again while nothing is known', ['lost-silently'], undefined, 'outcome-unknown', 1],
    ['is proposed again under its Idempotency-Key', ['lost-unknown', 'lost-unknown'], 'once', '1 coordinated', 3],
    ['under a key is proposed again after a refusal too', ['lost-unknown', 'refuse'], 'once', '1 coordinated', 3],
    [
      'under a key stays unknown if the next attempt is refused',
      ['lost-unknown', 'overload'],
      'once',
      'outcome-unknown',
      2,
    ],
  ];
  for (const [sentence, fates, key, end, arrived] of cases) {
    it(sentence, async () => {
      const set = setting(...fates);
      const proposal = set.proposer.propose(entryOf(NEXT, key), TIMEOUT_MS);
      expect(await endOf(set, proposal)).toBe(end);
      expect([set.order.arrived.length, set.proposer.inFlight]).toEqual([arrived, 0]);
    });
  }

  it('is applied once though two attempts are committed', async () => {
    const set = setting('commit-unknown');
    set.member.isLagging = true;
    const proposal = set.proposer.propose(entryOf(NEXT, 'once'), TIMEOUT_MS);
    set.time.after(200, () => {
      set.member.isLagging = false;
      set.member.catchUp();
    });
    expect(await endOf(set, proposal)).toBe('1 coordinated');
    expect(set.order.entries.length).toBeGreaterThan(1);
    expect(await endOf(set, set.proposer.propose(entryOf(NEXT), TIMEOUT_MS))).toMatch(/^\d+ coordinated$/);
    const { outcome } = await set.proposer.propose(entryOf(NEXT), 0).catch(() => ({ outcome: undefined }));
    expect(outcome).toBeUndefined();
  });

  it('that is harmless twice is proposed again without a key', async () => {
    const set = setting('lost-unknown');
    expect(await endOf(set, set.proposer.propose(entryOf({ kind: 'adopt' }), TIMEOUT_MS))).toBe('1 done');
    expect(set.order.arrived).toHaveLength(2);
  });

  it('is not taken for one of a process that ran before under the same origin', async () => {
    const set = setting('commit-silently');
    set.member.isLagging = true;
    const before = set.proposer.propose(entryOf(NEXT), 100);
    expect(await endOf(set, before)).toBe('outcome-unknown');
    const after = set.newProposer(3).propose(entryOf(NEXT), TIMEOUT_MS);
    set.time.after(50, () => {
      set.member.isLagging = false;
      set.member.catchUp();
    });
    expect(await endOf(set, after)).toBe('2 coordinated');
  });

  it('keeps a refusal to itself while another attempt may still be taken', async () => {
    const set = setting('commit', 'lost-unknown', 'commit', 'commit');
    const acquire = (owner: string): Command => ({
      kind: 'coordinate',
      command: encodeCoordination({ kind: 'acquire', space: 'lock', name: 'l', owner, ttlMs: 1_000, waitMs: 0 }),
    });
    await endOf(set, set.proposer.propose(entryOf(acquire('anna')), TIMEOUT_MS));
    // The first attempt may come to the log after the lock is free, so the second one's refusal settles nothing.
    expect(await endOf(set, set.proposer.propose(entryOf(acquire('ben'), 'once'), TIMEOUT_MS))).toBe('outcome-unknown');
  });
});

describe('without a leader', () => {
  it('a proposal is refused after an election timeout, not applied', async () => {
    const set = setting();
    set.order.leader = undefined;
    const startedMs = set.time.monotonicMs();
    expect(await endOf(set, set.proposer.propose(entryOf(NEXT), TIMEOUT_MS))).toBe('no-quorum');
    const tookMs = set.time.monotonicMs() - startedMs;
    expect([tookMs >= LIMITS.electionTimeoutMs, tookMs <= LIMITS.electionTimeoutMs + LIMITS.tickMs]).toEqual([
      true,
      true,
    ]);
    expect(set.order.arrived).toEqual([]);
  });

  it('a proposal waits for one that comes in time', async () => {
    const set = setting();
    set.order.leader = undefined;
    set.time.after(300, () => set.order.elect(0));
    expect(await endOf(set, set.proposer.propose(entryOf(NEXT), TIMEOUT_MS))).toBe('2 coordinated');
  });

  it('a proposal with less time than that says that it was not applied', async () => {
    const set = setting();
    set.order.leader = undefined;
    expect(await endOf(set, set.proposer.propose(entryOf(NEXT), 100))).toBe('no-quorum');
  });

  it('a cut-off leader that took it leaves it unknown, until it hears that another entry is there', async () => {
    const set = setting();
    set.member.delude();
    const proposal = set.proposer.propose(entryOf(NEXT), TIMEOUT_MS);
    expect(await endOf(set, proposal, 1_000)).toBe('waits');
    set.order.elect(0);
    set.member.isCut = false;
    set.member.deluded = undefined;
    set.member.catchUp();
    expect(await endOf(set, proposal)).toBe('2 coordinated');
  });
});

describe('a state that jumps', () => {
  it('leaves an entry unknown that it may contain, at once', async () => {
    const set = setting('commit');
    set.member.isLagging = true;
    const proposal = set.proposer.propose(entryOf(NEXT), TIMEOUT_MS);
    expect(await endOf(set, proposal, 50)).toBe('waits');
    set.member.jump(set.other);
    expect(await endOf(set, proposal, 50)).toBe('outcome-unknown');
  });

  it('answers an entry under an Idempotency-Key from the outcome that it contains', async () => {
    const set = setting('commit');
    set.member.isLagging = true;
    const proposal = set.proposer.propose(entryOf(NEXT, 'once'), TIMEOUT_MS);
    expect(await endOf(set, proposal, 50)).toBe('waits');
    set.member.isLagging = false;
    set.member.jump(set.other);
    expect(await endOf(set, proposal)).toBe('2 coordinated again');
  });
});

describe('a proposer', () => {
  it('bounds what is in flight', async () => {
    const set = setting();
    set.order.leader = undefined;
    const large: Command = { kind: 'write', op: putOp('k', 'x'.repeat(500_000)), condition: undefined };
    const count = Math.floor(LIMITS.proposalsMaxBytes / 500_100);
    const waiting = Array.from({ length: count }, () => set.proposer.propose(entryOf(large), TIMEOUT_MS));
    const ends = Promise.all(waiting.map((one) => one.catch((error: CausewayError) => error.code)));
    expect(await endOf(set, set.proposer.propose(entryOf(large), TIMEOUT_MS), 0)).toBe('overloaded');
    set.proposer.close();
    expect(new Set(await ends)).toEqual(new Set(['shutting-down']));
    expect(await endOf(set, set.proposer.propose(entryOf(NEXT), TIMEOUT_MS))).toBe('shutting-down');
  });

  it('that closes leaves unknown what may be in the log', async () => {
    const set = setting('lost-silently');
    const proposal = set.proposer.propose(entryOf(NEXT), TIMEOUT_MS);
    expect(await endOf(set, proposal, 50)).toBe('waits');
    set.proposer.close();
    expect(await endOf(set, proposal)).toBe('outcome-unknown');
  });

  it('stops waiting for a client that went away', async () => {
    const set = setting('lost-silently');
    const gone = new AbortController();
    const proposal = set.proposer.propose(entryOf(NEXT), TIMEOUT_MS, gone.signal);
    expect(await endOf(set, proposal, 50)).toBe('waits');
    gone.abort();
    expect(await endOf(set, proposal, 0)).toBe('outcome-unknown');
    expect(await endOf(set, set.proposer.propose(entryOf(NEXT), TIMEOUT_MS, gone.signal), 0)).toBe('no-quorum');
  });
});

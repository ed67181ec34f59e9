/**
 * What every implementation of the total order must do, as one suite: its test is a set-up and one call. Nothing here
 * knows how members agree, only what their users see.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { utf8Encode } from '../../src/base/bytes.js';
import type { AppendResult, ReadIndexResult, TotalOrder } from '../../src/consensus/total-order.js';
import { type SeededRandom, seededRandom } from '../support/seeded-random.js';

export interface SeenEntry {
  readonly index: number;
  readonly term: number;
  /** What was appended; empty for what the order itself put there. */
  readonly text: string;
}

/** Three members of one order in a world where time is virtual. */
export interface TotalOrderWorld {
  order(member: number): TotalOrder;
  /** Everything delivered to the member's state, in this run or before; none is delivered twice. */
  entries(member: number): readonly SeenEntry[];
  isUp(member: number): boolean;
  pass(ms: number): Promise<void>;
  /** The process dies; what it had not flushed may be lost. */
  crash(member: number): void;
  restart(member: number): void;
  isolate(member: number): void;
  heal(): void;
  /** Messages are lost, doubled and reordered from now on, or no more. */
  storm(isStorm: boolean): void;
  /** End every fault, start whoever is down, and wait until all have the same entries. */
  converge(): Promise<void>;
  closeMember(member: number): Promise<void>;
  end(): Promise<void>;
}

const MEMBERS = [0, 1, 2] as const;
/** Twice the election timeout, and some. */
const REFUSAL_MS = 1_500;

/** What was appended, and what was answered. */
class Appends {
  readonly results = new Map<string, AppendResult[]>();
  readonly #world: TotalOrderWorld;
  #count = 0;

  constructor(world: TotalOrderWorld) {
    this.#world = world;
  }

  append(member: number): string {
    this.#count += 1;
    const text = `${this.#count} by ${member}`;
    const results: AppendResult[] = [];
    this.results.set(text, results);
    this.#world.order(member).append(utf8Encode(text), (result) => results.push(result));
    return text;
  }

  /** `settled`: none may still be waiting. */
  check(entries: readonly SeenEntry[], settled: boolean): { appended: number; refused: number; unknown: number } {
    const counts = { appended: 0, refused: 0, unknown: 0 };
    const times = new Map<string, number>();
    for (const { text } of entries) if (text !== '') times.set(text, (times.get(text) ?? 0) + 1);
    for (const [text, results] of this.results) {
      expect(results.length, `${text} is settled once`).toBeLessThanOrEqual(1);
      if (settled) expect(results, `${text} is settled`).toHaveLength(1);
      expect(times.get(text) ?? 0, `${text} is delivered at most once`).toBeLessThanOrEqual(1);
      const [result] = results;
      if (result?.kind === 'not-appended') expect(times.has(text), `${text} went nowhere`).toBe(false);
      if (result?.kind === 'not-appended') counts.refused += 1;
      else if (result?.kind === 'unknown') counts.unknown += 1;
      else if (result?.kind === 'appended') {
        counts.appended += 1;
        const at = entries[result.index - 1];
        if (at?.term === result.term) expect(at.text).toBe(text);
        else expect(times.has(text), `${text} was to be elsewhere`).toBe(false);
      }
    }
    return counts;
  }
}

/** Follows what is delivered: one order for all, and nothing delivered is ever lost or changed. */
class Agreement {
  readonly known: SeenEntry[] = [];
  readonly #world: TotalOrderWorld;

  constructor(world: TotalOrderWorld) {
    this.#world = world;
  }

  observe(): void {
    for (const member of MEMBERS) {
      if (!this.#world.isUp(member)) continue;
      for (const [i, entry] of this.#world.entries(member).entries()) {
        if (entry.index !== i + 1) throw new Error(`member ${member} has entry ${entry.index} as number ${i + 1}`);
        const known = this.known[i];
        if (known === undefined) this.known.push(entry);
        else if (known.term !== entry.term || known.text !== entry.text) {
          throw new Error(`entry ${entry.index} is "${known.text}" and, at member ${member}, "${entry.text}"`);
        }
      }
    }
  }

  /** Everybody has all that anybody ever had. */
  checkComplete(): void {
    this.observe();
    for (const member of MEMBERS) expect(this.#world.entries(member)).toEqual(this.known);
  }
}

export function describeTotalOrder(name: string, open: (seed: number) => Promise<TotalOrderWorld>): void {
  describe(`total order: ${name}`, () => {
    let world: TotalOrderWorld;
    afterEach(() => world.end());

    it('delivers the same entries in the same order to all, wherever they were appended', async () => {
      world = await open(1);
      const appends = new Appends(world);
      const agreement = new Agreement(world);
      for (let round = 0; round < 20; round += 1) {
        for (const member of MEMBERS) for (let i = 0; i < 5; i += 1) appends.append(member);
        await world.pass(5);
        agreement.observe();
      }
      await world.converge();
      agreement.checkComplete();
      expect(appends.check(agreement.known, true).appended).toBe(300);
      const texts = new Set(agreement.known.map(({ text }) => text));
      for (const text of appends.results.keys()) expect(texts.has(text)).toBe(true);
    });

    it('keeps the order of what one turn appends at one member', async () => {
      world = await open(2);
      const appends = new Appends(world);
      const texts = MEMBERS.map((member) => Array.from({ length: 50 }, () => appends.append(member)));
      await world.pass(200);
      const delivered = world.entries(0).map(({ text }) => text);
      for (const own of texts) expect(delivered.filter((text) => own.includes(text))).toEqual(own);
    });

    it('delivers once what was appended once, though messages are lost, doubled and reordered', async () => {
      world = await open(3);
      const appends = new Appends(world);
      const agreement = new Agreement(world);
      world.storm(true);
      for (let round = 0; round < 100; round += 1) {
        for (const member of MEMBERS) appends.append(member);
        await world.pass(30);
        agreement.observe();
      }
      await world.converge();
      await world.pass(REFUSAL_MS);
      agreement.checkComplete();
      const { appended } = appends.check(agreement.known, true);
      expect(appended).toBeGreaterThan(50);
    });

    it.each([4, 5])('loses nothing delivered while one member after the other dies (seed %i)', async (seed) => {
      world = await open(seed);
      const appends = new Appends(world);
      const agreement = new Agreement(world);
      const random = seededRandom(seed);
      for (let round = 0; round < 12; round += 1) {
        const victim = random.int(MEMBERS.length);
        await busy(world, appends, agreement, random, 300);
        world.crash(victim);
        await busy(world, appends, agreement, random, 700);
        world.restart(victim);
      }
      await world.converge();
      agreement.checkComplete();
      expect(appends.check(agreement.known, false).appended).toBeGreaterThan(100);
    });

    it('loses nothing delivered when all die at once', async () => {
      world = await open(7);
      const appends = new Appends(world);
      const agreement = new Agreement(world);
      const random = seededRandom(7);
      for (let round = 0; round < 5; round += 1) {
        await busy(world, appends, agreement, random, 500);
        for (const member of MEMBERS) world.crash(member);
        for (const member of MEMBERS) world.restart(member);
        await world.pass(2_000);
      }
      await world.converge();
      agreement.checkComplete();
      expect(agreement.known.length).toBeGreaterThan(100);
    });

    it('goes on without an isolated leader, which delivers nothing and answers nobody', async () => {
      world = await open(8);
      const appends = new Appends(world);
      const agreement = new Agreement(world);
      await world.pass(500);
      const old = leaderOf(world);
      world.isolate(old);
      const before = world.entries(old).length;
      const reads: ReadIndexResult[] = [];
      world.order(old).readIndex((result) => reads.push(result));
      appends.append(old);
      await world.pass(REFUSAL_MS);
      expect(reads).toEqual([{ kind: 'unavailable', reason: 'no-leader' }]);
      expect(world.order(old)).toMatchObject({ hasLeader: false, isLeader: false });
      expect(world.entries(old)).toHaveLength(before);
      const other = leaderOf(world);
      expect(other).not.toBe(old);
      const text = appends.append(other);
      await world.pass(100);
      expect(world.entries(other).map((entry) => entry.text)).toContain(text);
      await world.converge();
      agreement.checkComplete();
      appends.check(agreement.known, true);
    });

    it('refuses within two election timeouts where no majority is', async () => {
      world = await open(9);
      const appends = new Appends(world);
      world.crash(1);
      world.crash(2);
      await world.pass(REFUSAL_MS);
      const text = appends.append(0);
      const reads: ReadIndexResult[] = [];
      world.order(0).readIndex((result) => reads.push(result));
      await world.pass(REFUSAL_MS);
      expect(appends.results.get(text)).toEqual([{ kind: 'not-appended', reason: 'no-leader' }]);
      expect(reads).toEqual([{ kind: 'unavailable', reason: 'no-leader' }]);
      await world.converge();
      expect(world.entries(0).map((entry) => entry.text)).not.toContain(text);
    });

    it.each([10, 11])('tells no read index older than what was delivered anywhere before (seed %i)', async (seed) => {
      world = await open(seed);
      const appends = new Appends(world);
      const agreement = new Agreement(world);
      const random = seededRandom(seed);
      const counts = { answered: 0, refused: 0 };
      for (let round = 0; round < 250; round += 1) {
        if (random.chance(0.02)) world.isolate(random.int(MEMBERS.length));
        else if (random.chance(0.05)) world.heal();
        const asker = random.int(MEMBERS.length);
        appends.append(random.int(MEMBERS.length));
        agreement.observe();
        const atLeast = agreement.known.length;
        world.order(asker).readIndex((result) => {
          if (result.kind === 'index') {
            counts.answered += 1;
            expect(result.index).toBeGreaterThanOrEqual(atLeast);
          } else counts.refused += 1;
        });
        await world.pass(random.int(40));
      }
      await world.converge();
      await world.pass(REFUSAL_MS);
      expect(counts.answered + counts.refused).toBe(250);
      expect(Math.min(counts.answered, counts.refused)).toBeGreaterThan(10);
    });

    it('settles all that waits when it is closed, and refuses afterwards', async () => {
      world = await open(12);
      await world.pass(500);
      const follower = MEMBERS.find((member) => !world.order(member).isLeader) ?? 0;
      const order = world.order(follower);
      const results: unknown[] = [];
      world.isolate(follower);
      order.append(utf8Encode('left'), (result) => results.push(result));
      order.readIndex((result) => results.push(result));
      await world.pass(1);
      order.append(utf8Encode('never left'), (result) => results.push(result));
      const closing = world.closeMember(follower);
      order.append(utf8Encode('too late'), (result) => results.push(result));
      order.readIndex((result) => results.push(result));
      await closing;
      expect(results.map((result) => JSON.stringify(result)).sort()).toEqual(
        [
          { kind: 'unknown' },
          { kind: 'unavailable', reason: 'closed' },
          { kind: 'not-appended', reason: 'closed' },
          { kind: 'not-appended', reason: 'closed' },
          { kind: 'unavailable', reason: 'closed' },
        ]
          .map((result) => JSON.stringify(result))
          .sort(),
      );
      expect(order).toMatchObject({ hasLeader: false, isLeader: false });
    });
  });
}

/** Whoever is up appends now and then. */
async function busy(
  world: TotalOrderWorld,
  appends: Appends,
  agreement: Agreement,
  random: SeededRandom,
  ms: number,
): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) {
    for (const member of MEMBERS) if (world.isUp(member) && random.chance(0.5)) appends.append(member);
    await world.pass(20);
    agreement.observe();
  }
}

function leaderOf(world: TotalOrderWorld): number {
  const leaders = MEMBERS.filter((member) => world.isUp(member) && world.order(member).isLeader);
  if (leaders.length !== 1) throw new Error(`leaders: ${leaders}`);
  return leaders[0] as number;
}

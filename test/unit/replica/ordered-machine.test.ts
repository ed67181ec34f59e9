/** The ordered state machine between the order that feeds it and the storage it lives in. */
import { describe, expect, it } from 'vitest';
import { MemoryDisk, type MemoryStorage, openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { createMemoryTime, type MemoryTime } from '../../../src/adapters/memory-time.js';
import { DecodeError, utf8Encode } from '../../../src/base/bytes.js';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import type { DeliveredEntry } from '../../../src/consensus/total-order.js';
import { COORDINATION } from '../../../src/coordination/coordination.js';
import type { Command } from '../../../src/keyspace/ordered/command.js';
import { encodeEntry } from '../../../src/keyspace/ordered/entry.js';
import { PROGRESS_KEY, readOrdered, recordRange } from '../../../src/keyspace/ordered/state-keys.js';
import type { Storage } from '../../../src/ports/storage.js';
import type { CausalDriver } from '../../../src/replica/causal/causal-driver.js';
import { OrderedMachine } from '../../../src/replica/order/ordered-machine.js';
import type { StateCopy } from '../../../src/replica/order/ordered-state.js';
import { loneDriver } from '../../support/lone-driver.js';
import { entryOf, putOp } from '../../support/ordered-log.js';
import { A, B, digest, R2, vector } from '../../support/plane-values.js';

class Setting {
  readonly time: MemoryTime = createMemoryTime();
  readonly disk: MemoryDisk;
  readonly storage: MemoryStorage;
  readonly machine: OrderedMachine;
  readonly fatal: unknown[] = [];

  constructor(disk = new MemoryDisk()) {
    this.disk = disk;
    this.storage = openMemoryStorage({ disk });
    this.machine = new OrderedMachine({
      storage: this.storage,
      time: this.time,
      coordinator: COORDINATION,
      onFatal: (error) => this.fatal.push(error),
    });
  }

  /** What the causal driver does with a turn. */
  async store(): Promise<number> {
    const turn = this.machine.take();
    if (turn === undefined) return 0;
    await this.storage.commit(turn.writes);
    this.machine.stored();
    return turn.groups.length;
  }

  shown(key: string): string | undefined {
    const winner = readOrdered(this.machine.state, key)[0];
    return winner?.kind === 'value' ? Buffer.from(winner.bytes).toString() : undefined;
  }

  keys(): number {
    const { gte, lt } = recordRange('');
    return [...this.machine.state.range(gte, lt)].length;
  }

  /** Let everything happen that needs no time. */
  async rest(): Promise<void> {
    for (let n = 0; n < 50; n += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      this.time.advance(0);
    }
  }
}

function put(key: string, value: string): Uint8Array {
  return entry({ kind: 'write', op: putOp(key, value), condition: undefined });
}

function entry(command: Command): Uint8Array {
  return encodeEntry(entryOf({ command }));
}

function entries(from: number, ...bytes: readonly (Uint8Array | undefined)[]): DeliveredEntry[] {
  return bytes.map((each, i) => ({ index: from + i, term: 3, bytes: each }));
}

/** One bit changed. */
function damage(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ 4;
  return copy;
}

function manyPuts(count: number): DeliveredEntry[] {
  return entries(1, ...Array.from({ length: count }, (_, n) => put(`k${n}`, `${n}`)));
}

describe('an entry', () => {
  it('is shown and told at once, and durable only when its transaction is', async () => {
    const setting = new Setting();
    const { machine } = setting;
    const told: [number, number, string | undefined][] = [];
    machine.onApplied((applied, term) => told.push([applied.index, term, setting.shown('k')]));
    machine.deliver(entries(1, put('k', 'one'), undefined, put('k', 'three')));
    expect(told).toEqual([
      [1, 3, 'one'],
      [2, 3, 'one'],
      [3, 3, 'three'],
    ]);
    expect([machine.applied, machine.durableApplied]).toEqual([3, 0]);
    expect(await setting.store()).toBe(3);
    expect([machine.durableApplied, setting.shown('k')]).toEqual([3, 'three']);
    expect(machine.take()).toBeUndefined();
  });

  it('shows while an older value of its key is on the way to storage, and after', async () => {
    const setting = new Setting();
    setting.machine.deliver(entries(1, put('k', 'old'), put('l', 'x')));
    const stored = setting.store();
    setting.machine.deliver(entries(3, put('k', 'new')));
    expect([setting.shown('k'), setting.keys()]).toEqual(['new', 2]);
    await stored;
    expect(setting.shown('k')).toBe('new');
    await setting.store();
    expect([setting.shown('k'), setting.machine.durableApplied]).toEqual(['new', 3]);
  });

  it('that skips or repeats an index is a broken invariant', () => {
    const { machine } = new Setting();
    machine.deliver(entries(1, undefined));
    expect(() => machine.deliver(entries(1, undefined))).toThrow(/skips or repeats/);
    expect(() => machine.deliver(entries(3, undefined))).toThrow(/skips or repeats/);
  });

  it.each([
    ['damaged', damage(put('k', 'v'), 40)],
    ['cut short', put('k', 'v').subarray(0, 20)],
    ['nothing', new Uint8Array(0)],
  ])('that is %s ends the process and is named; nothing after it is applied', (_, bytes) => {
    const setting = new Setting();
    setting.machine.deliver(entries(1, put('a', 'v'), bytes, put('b', 'v')));
    expect(setting.fatal).toMatchObject([{ code: 'data-dir-corrupt', message: expect.stringContaining('entry 2') }]);
    expect([setting.machine.applied, setting.shown('b')]).toEqual([1, undefined]);
    setting.machine.deliver(entries(4, put('c', 'v')));
    expect([setting.machine.applied, setting.machine.take()]).toEqual([1, undefined]);
  });

  it('that is applied to a damaged state ends the process', async () => {
    const { storage, disk } = new Setting();
    await storage.commit([{ kind: 'put', table: 'ordered', key: Uint8Array.of(1, 107), value: Uint8Array.of(9) }]);
    const reopened = new Setting(disk);
    reopened.machine.deliver(entries(1, put('k', 'v')));
    expect(reopened.fatal).toMatchObject([{ code: 'data-dir-corrupt', message: expect.stringContaining('entry 1') }]);
  });
});

describe('a long log', () => {
  it('is applied in slices, so that nobody else waits for all of it', async () => {
    const setting = new Setting();
    setting.machine.deliver(manyPuts(1_000));
    expect(setting.machine.applied).toBe(LIMITS.applyMaxEntries);
    await setting.rest();
    expect(setting.machine.applied).toBe(1_000);
  });

  it('waits for storage when a transaction is full, and goes on', async () => {
    const setting = new Setting();
    const total = LIMITS.turnMaxGroups + 500;
    setting.machine.deliver(manyPuts(total));
    await setting.rest();
    expect(setting.machine.applied).toBe(LIMITS.turnMaxGroups);
    expect(await setting.store()).toBe(LIMITS.turnMaxGroups);
    await setting.rest();
    expect(await setting.store()).toBe(500);
    expect([setting.machine.durableApplied, setting.keys()]).toEqual([total, total]);
  });

  it('goes on after a restart from what was durable', async () => {
    const setting = new Setting();
    setting.machine.deliver(entries(1, put('k', 'one')));
    await setting.store();
    setting.machine.deliver(entries(2, put('k', 'two')));
    const reopened = new Setting(setting.disk);
    expect([reopened.machine.applied, reopened.shown('k')]).toEqual([1, 'one']);
    reopened.machine.deliver(entries(2, put('k', 'two')));
    expect(reopened.shown('k')).toBe('two');
  });
});

/** A state of many pages, and a machine that holds it. */
async function large(): Promise<Setting> {
  const setting = new Setting();
  const value = 'x'.repeat(200_000);
  setting.machine.deliver(entries(1, ...Array.from({ length: 12 }, (_, n) => put(`k${n}`, `${n}${value}`))));
  await setting.rest();
  await setting.store();
  return setting;
}

function bytesOf(copy: StateCopy): Buffer {
  return Buffer.concat([...{ [Symbol.iterator]: () => copy.pieces() }]);
}

describe('a copy of the state', () => {
  it('is of what is durable, and the same every time, whatever is written meanwhile', async () => {
    const setting = await large();
    setting.machine.deliver(entries(13, put('k', 'not durable')));
    const copy = setting.machine.copy();
    expect(copy.index).toBe(12);
    const first = bytesOf(copy);
    await setting.store();
    expect(bytesOf(copy).equals(first)).toBe(true);
    for (const piece of { [Symbol.iterator]: () => copy.pieces() }) expect(piece.length).toBeLessThan(2 ** 20);
    copy.close();
  });

  it('becomes the state of another replica, however it is cut; until then the old one shows', async () => {
    const source = await large();
    const bytes = bytesOf(source.machine.copy());
    for (const size of [4_001, 65_536, bytes.length]) {
      const target = new Setting();
      target.machine.deliver(entries(1, put('old', 'v')));
      await target.store();
      const jumps: number[] = [];
      target.machine.onJumped((index) => jumps.push(index));
      target.machine.beginInstall();
      for (let at = 0; at < bytes.length; at += size) target.machine.stage(bytes.subarray(at, at + size));
      await target.rest();
      expect(target.shown('old')).toBe('v');
      const writes = await target.machine.finishInstall(12);
      expect(target.shown('old')).toBe('v');
      await target.storage.commit(writes);
      target.machine.installed(12);
      expect([jumps, target.machine.applied, target.machine.durableApplied]).toEqual([[12], 12, 12]);
      expect([target.shown('old'), target.keys()]).toEqual([undefined, 12]);
      target.machine.deliver(entries(13, put('k0', 'after')));
      await target.store();
      await target.rest();
      expect(target.storage.count('ordered')).toBe(0);
      const reopened = new Setting(target.disk);
      expect([reopened.machine.applied, reopened.shown('k0'), reopened.keys()]).toEqual([13, 'after', 12]);
    }
  });

  it('that is broken off by a crash leaves the old state, and nothing of itself', async () => {
    const source = await large();
    const bytes = bytesOf(source.machine.copy());
    const target = new Setting();
    target.machine.deliver(entries(1, put('old', 'v')));
    await target.store();
    target.machine.beginInstall();
    target.machine.stage(bytes);
    await target.machine.finishInstall(12);
    expect(target.storage.count('ordered-b')).toBeGreaterThan(0);
    const reopened = new Setting(target.disk);
    expect([reopened.machine.applied, reopened.shown('old')]).toEqual([1, 'v']);
    await reopened.rest();
    expect(reopened.storage.count('ordered-b')).toBe(0);
  });

  it('can be begun again, and what was staged before is gone', async () => {
    const source = await large();
    const bytes = bytesOf(source.machine.copy());
    const target = new Setting();
    target.machine.beginInstall();
    target.machine.stage(bytes.subarray(0, 900_000));
    target.machine.beginInstall();
    target.machine.stage(bytes);
    const finished = target.machine.finishInstall(12);
    await target.rest();
    await target.storage.commit(await finished);
    target.machine.installed(12);
    expect(target.keys()).toBe(12);
    expect(bytesOf(target.machine.copy()).equals(bytes)).toBe(true);
  });

  it.each([
    ['that ends too early', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1), 12],
    ['without its last page', (bytes: Buffer) => bytes.subarray(0, 4 + bytes.readUInt32BE(0)), 12],
    ['with a byte too many', (bytes: Buffer) => Buffer.concat([bytes, Buffer.of(0)]), 12],
    ['with a page too many', (bytes: Buffer) => Buffer.concat([bytes, bytes]), 12],
    ['with a changed bit', (bytes: Buffer) => Buffer.from(damage(bytes, 5_000)), 12],
    ['of impossible length', (bytes: Buffer) => Buffer.concat([Buffer.alloc(4, 0xff), bytes]), 12],
    ['of another index', (bytes: Buffer) => bytes, 11],
    ['of nothing', () => Buffer.alloc(0), 12],
  ])('%s is refused', async (_, change, index) => {
    const source = await large();
    const target = new Setting();
    target.machine.beginInstall();
    target.machine.stage(change(bytesOf(source.machine.copy())));
    await expect(target.machine.finishInstall(index)).rejects.toThrow(DecodeError);
    target.machine.discardInstall();
    await target.rest();
    expect([target.storage.count('ordered-b'), target.fatal]).toEqual([0, []]);
  });

  it('takes over from a transaction under way, whose writes count no more', async () => {
    const source = await large();
    const target = new Setting();
    target.machine.beginInstall();
    target.machine.stage(bytesOf(source.machine.copy()));
    const writes = await target.machine.finishInstall(12);
    target.machine.deliver(entries(1, put('old', 'v')));
    const stored = target.store();
    await target.storage.commit(writes);
    target.machine.installed(12);
    await stored;
    expect([target.machine.durableApplied, target.shown('old')]).toEqual([12, undefined]);
    await target.rest();
    expect(target.storage.count('ordered')).toBe(0);
  });
});

describe('a data directory that is an old copy', () => {
  it('loses the order and its state with the incarnation, in one transaction, and keeps the causal view', async () => {
    const setting = new Setting();
    const wiped = { kind: 'delete', table: 'log', key: utf8Encode('vote') } as const;
    await setting.storage.commit([{ ...wiped, kind: 'put', value: Uint8Array.of(1) }]);
    const incarnations: string[] = [];
    const driver: CausalDriver = driverOver(
      setting,
      setting.storage,
      () => [wiped],
      () => incarnations.push(driver.self),
    );
    setting.machine.deliver(entries(1, put('k', 'v')));
    await setting.rest();
    expect(driver.plane.durable.get(LOG_ORIGIN)).toBe(1);
    driver.receive({ replica: R2, origin: B }, digest(vector([A, 9])));
    await setting.rest();
    expect(incarnations).toEqual([driver.self]);
    expect(driver.self).not.toBe(A);
    expect([setting.machine.applied, setting.keys()]).toEqual([0, 0]);
    expect(setting.storage.get('log', wiped.key)).toBeUndefined();
    expect(setting.storage.get('ordered', PROGRESS_KEY)).toBeUndefined();
    expect(setting.storage.count('keyspace')).toBe(1);
    // The new incarnation is fed from the start, and delivers no group twice.
    setting.machine.deliver(entries(1, put('k', 'v'), put('k', 'w')));
    await setting.rest();
    expect([setting.machine.durableApplied, driver.plane.durable.get(LOG_ORIGIN)]).toEqual([2, 2]);
    expect(setting.fatal).toEqual([]);
  });
});

function driverOver(
  { time, machine, fatal }: Setting,
  storage: Storage,
  extraWipe: () => readonly { readonly kind: 'delete'; readonly table: 'log'; readonly key: Uint8Array }[],
  onReincarnated: () => void,
): CausalDriver {
  const onFatal = (error: unknown) => void fatal.push(error);
  return loneDriver({ machine, extraWipe, storage, time, onReincarnated, onFatal });
}

describe('what is forgotten', () => {
  it('counts where the agreement and all it speaks of are delivered', () => {
    const { machine } = new Setting();
    const stable = vector([A, 2]);
    machine.deliver(entries(1, undefined, entry({ kind: 'forget', stable, keys: [] })));
    const counts = (delivered: VersionVector) => machine.forgottenBy(delivered).equals(stable);
    expect(counts(vector([A, 5], [LOG_ORIGIN, 1]))).toBe(false);
    expect(counts(vector([A, 1], [LOG_ORIGIN, 2]))).toBe(false);
    expect(machine.forgottenBy(vector([A, 1], [LOG_ORIGIN, 2])).equals(VersionVector.EMPTY)).toBe(true);
    expect(counts(vector([A, 2], [LOG_ORIGIN, 2]))).toBe(true);
  });
});

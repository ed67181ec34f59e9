/** Whenever the power goes: what was acknowledged is there, in order and whole, and at most what was under way beside it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openLoggedStorage } from '../../../src/adapters/logged-storage.js';
import type { Storage, StorageWrite, Table } from '../../../src/ports/storage.js';
import { type Draw, WalDisk } from '../../support/wal-disk.js';

const TABLES = ['keyspace', 'log'] as const satisfies readonly Table[];
const KEYS = 12;

type Model = ReadonlyMap<string, string>;

const key = (number: number) => Uint8Array.of(1, number);
const nameOf = (table: Table, bytes: Uint8Array) => `${table}/${bytes[1]}`;

function anyWrite(draw: Draw, stamp: number): StorageWrite {
  const table = TABLES[draw(2)] as Table;
  const kind = draw(10);
  if (kind === 0) return { kind: 'delete-range', table, gte: key(draw(KEYS)), lt: key(draw(KEYS)) };
  if (kind <= 2) return { kind: 'delete', table, key: key(draw(KEYS)) };
  const value = new Uint8Array(draw(8) === 0 ? 200 : 4).fill(draw(256));
  new DataView(value.buffer).setUint32(0, stamp);
  return { kind: 'put', table, key: key(draw(KEYS)), value };
}

function applyTo(model: Model, writes: readonly StorageWrite[]): Model {
  const next = new Map(model);
  for (const write of writes) {
    if (write.kind === 'put') next.set(nameOf(write.table, write.key), Buffer.from(write.value).toString('hex'));
    else if (write.kind === 'delete') next.delete(nameOf(write.table, write.key));
    else for (let i = write.gte[1] ?? 0; i < (write.lt[1] ?? 0); i += 1) next.delete(nameOf(write.table, key(i)));
  }
  return next;
}

function shown(storage: Storage): Model {
  const found = new Map<string, string>();
  for (const table of TABLES) {
    const entries = [...storage.range(table, {})];
    for (const entry of entries) found.set(nameOf(table, entry.key), Buffer.from(entry.value).toString('hex'));
    expect(storage.count(table)).toBe(entries.length);
    const names = entries.map((entry) => entry.key[1]);
    expect([...storage.range(table, { reverse: true })].map((entry) => entry.key[1])).toEqual(names.reverse());
  }
  return found;
}

const asText = (model: Model) => JSON.stringify([...model].sort());

/** What every commit but the first few has made of the store, in the order in which they were called. */
class Ledger {
  readonly states: Model[] = [new Map()];
  acknowledged = 0;

  add(writes: readonly StorageWrite[]): number {
    this.states.push(applyTo(this.states.at(-1) as Model, writes));
    return this.states.length - 1;
  }

  /** The state must be one between the last acknowledged commit and the last one called; it is where life goes on. */
  recovered(found: Model): void {
    const allowed = this.states.slice(this.acknowledged).map(asText);
    expect(allowed).toContain(asText(found));
    this.states.splice(0, this.states.length, found);
    this.acknowledged = 0;
  }
}

/** One life of a storage: commits, singly and at once, for so many turns; then a closed storage or none at all. */
async function live(disk: WalDisk, draw: Draw, ledger: Ledger): Promise<void> {
  const storage = await openLoggedStorage({
    store: disk.openStore(),
    files: disk.logFiles(),
    limits: { segmentBytes: 1 + draw(3_000), partWrites: 1 + draw(6) },
  });
  ledger.recovered(shown(storage));
  let isOver = false;
  for (let turns = draw(40); turns > 0; turns -= 1) {
    for (let commits = draw(4); commits > 0; commits -= 1) {
      const writes = Array.from({ length: draw(6) }, () => anyWrite(draw, ledger.states.length));
      const number = ledger.add(writes);
      void storage.commit(writes).then(() => {
        // The dead tell nobody: what was durable when the power went may be learnt of a turn later.
        if (isOver) return;
        expect(number).toBe(ledger.acknowledged + 1);
        ledger.acknowledged = number;
      });
    }
    for (let wait = draw(4); wait > 0; wait -= 1) await new Promise(setImmediate);
    expect(asText(shown(storage))).toBe(asText(ledger.states[ledger.acknowledged] as Model));
  }
  if (draw(4) === 0) {
    await storage.close();
    expect(ledger.acknowledged).toBe(ledger.states.length - 1);
  }
  isOver = true;
  disk.losePower();
}

it('nothing acknowledged is lost and nothing is there in part, life after life', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), async (numbers) => {
      const draw: Draw = (below) => (below <= 1 ? 0 : (numbers.next().value ?? 0) % below);
      const disk = new WalDisk(draw);
      const ledger = new Ledger();
      for (let lives = 0; lives < 6; lives += 1) await live(disk, draw, ledger);
      const storage = await openLoggedStorage({ store: disk.openStore(), files: disk.logFiles() });
      ledger.recovered(shown(storage));
      await storage.close();
    }),
    { numRuns: 60 },
  );
});

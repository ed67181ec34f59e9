/** Records that the ordered view hands over to the causal one, beside the same deliveries without them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { type GroupBody, type GroupOp, type GroupStem, versionOf } from '../../../src/keyspace/group-body.js';
import { encodeRecord } from '../../../src/keyspace/key-record.js';
import { KeyspaceTurn } from '../../../src/replica/causal/keyspace-turn.js';
import { RememberedRows } from '../../../src/replica/remembered-rows.js';
import { hex } from '../../support/ordered-log.js';
import { A, B } from '../../support/plane-values.js';

const ORIGINS = [LOG_ORIGIN, LOG_ORIGIN, A, B];
/** One value is too long for its record to be remembered. */
const LENGTHS = [1, 1, 2_000];

const steps = fc.array(
  fc.record({
    origin: fc.nat(ORIGINS.length - 1),
    keys: fc.uniqueArray(fc.constantFrom('k', 'l'), { minLength: 1, maxLength: 2 }),
    deletes: fc.boolean(),
    length: fc.constantFrom(...LENGTHS),
    /** How much of each origin's past it leaves out. */
    lacks: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)),
    /** A try of one request, of which others may be under way. */
    retried: fc.boolean(),
    forgets: fc.boolean(),
    endsTurn: fc.boolean(),
  }),
  { minLength: 20, maxLength: 40 },
);

/** One causal view over its own disk. */
class View {
  readonly #storage = openMemoryStorage();
  readonly #recent: RememberedRows | undefined;
  #turn: KeyspaceTurn;
  liveKeys = 0;

  constructor(recent?: RememberedRows) {
    this.#recent = recent;
    this.#turn = this.#begin();
  }

  deliver(group: GroupStem, body: GroupBody): void {
    this.#turn.deliver(group, body);
  }

  forget(key: string, stable: VersionVector): void {
    this.#turn.forgetIfStable(key, stable);
  }

  async end(): Promise<void> {
    const { writes, liveKeysDelta } = this.#turn.finish();
    this.liveKeys += liveKeysDelta;
    await this.#storage.commit(writes);
    this.#turn = this.#begin();
  }

  get shown(): readonly unknown[] {
    const rows = (['keyspace', 'retries'] as const).flatMap((table) => [...this.#storage.range(table, {})]);
    return [this.liveKeys, ...rows.map(({ key, value }) => `${hex(key)} ${hex(value)}`)];
  }

  #begin(): KeyspaceTurn {
    return new KeyspaceTurn(this.#storage, undefined, this.#recent);
  }
}

describe('a causal view that is handed records', () => {
  it('ends as one that makes them all itself, whatever weaker writes come between', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const handed = new View(new RememberedRows());
        const plain = new View();
        let seen = VersionVector.EMPTY;
        for (const { origin: at, keys, deletes, length, lacks, retried, forgets, endsTurn } of all) {
          const origin = ORIGINS[at] ?? LOG_ORIGIN;
          const counter = seen.get(origin) + 1;
          const deps = VersionVector.of(
            [LOG_ORIGIN, A, B].map((other, i) => {
              const known = seen.get(other) - (other === origin ? 0 : (lacks[i] as number));
              return [other, Math.max(0, known)] as const;
            }),
          );
          const group = { dot: { origin, counter }, hlc: { ms: counter, logical: 0 }, deps };
          const seenOfLog = origin === LOG_ORIGIN ? counter : deps.get(LOG_ORIGIN);
          const ops = keys.map((key) => opOf(key, seenOfLog, deletes ? undefined : new Uint8Array(length)));
          const retry = retried && origin !== LOG_ORIGIN ? { key: 'request', fingerprint: 'f' } : undefined;
          const handOver = (op: GroupOp) => ({ ...op, record: encodeRecord([versionOf(op, op.seen, group)]) });
          handed.deliver(group, { retry, ops: origin === LOG_ORIGIN ? ops.map(handOver) : ops });
          plain.deliver(group, { retry, ops });
          seen = seen.with(group.dot);
          for (const view of forgets ? [handed, plain] : []) view.forget('k', seen);
          if (!endsTurn) continue;
          await handed.end();
          await plain.end();
          expect(handed.shown).toEqual(plain.shown);
        }
        await handed.end();
        await plain.end();
        expect(handed.shown).toEqual(plain.shown);
      }),
      { numRuns: 200 },
    );
  });
});

function opOf(key: string, seen: number, bytes: Uint8Array | undefined): GroupOp {
  return bytes === undefined
    ? { kind: 'delete', key, seen }
    : { kind: 'put', key, seen, contentType: 'text/plain', bytes };
}

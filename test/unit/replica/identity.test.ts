import { describe, expect, it } from 'vitest';
import { openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { ByteWriter } from '../../../src/base/bytes.js';
import type { CausewayError } from '../../../src/base/errors.js';
import { makeOrigin, parseClusterId, parseReplicaId } from '../../../src/base/ids.js';
import { IdentityGuard } from '../../../src/replica/membership/identity-guard.js';
import { identityWrite, openIdentity, readState } from '../../../src/replica/stored-state.js';
import type { GossipMessage } from '../../../src/replica/wire/gossip-codec.js';
import { seededRandom } from '../../support/seeded-random.js';

const CLUSTER = parseClusterId('c');
const r1 = parseReplicaId('r1');
const r2 = parseReplicaId('r2');

describe('a data directory', () => {
  const open = (storage: ReturnType<typeof openMemoryStorage>, cluster = CLUSTER, replica = r1, seed = 1) =>
    openIdentity(storage, cluster, replica, seededRandom(seed));
  const coded = (code: string) => expect.objectContaining({ code });

  it('that is empty gets an incarnation, which it keeps', async () => {
    const storage = openMemoryStorage();
    const origin = await open(storage);
    expect(origin).toMatch(/^r1~[0-9a-f]{8}$/);
    expect(await open(storage, CLUSTER, r1, 2)).toBe(origin);
    expect(await open(openMemoryStorage(), CLUSTER, r1, 2)).not.toBe(origin);
  });

  it('has a new incarnation once that was written over it', async () => {
    const storage = openMemoryStorage();
    await open(storage);
    await storage.commit([identityWrite(CLUSTER, makeOrigin(r1, 0xabcd))]);
    expect(await open(storage)).toBe('r1~0000abcd');
  });

  it('of another cluster or another replica is refused', async () => {
    const storage = openMemoryStorage();
    await open(storage);
    await expect(open(storage, parseClusterId('d'))).rejects.toThrow(coded('data-dir-foreign'));
    await expect(open(storage, CLUSTER, r2)).rejects.toThrow(coded('data-dir-foreign'));
  });

  it('of a newer format is refused, whatever else is in it', async () => {
    const storage = openMemoryStorage();
    const write = identityWrite(CLUSTER, makeOrigin(r1, 1));
    if (write.kind !== 'put') throw new Error('the identity is put');
    const value = new ByteWriter()
      .varuint(3)
      .raw(Uint8Array.of(9, 9, 9))
      .finish();
    await storage.commit([{ ...write, value }]);
    await expect(open(storage)).rejects.toThrow(coded('data-dir-newer-format'));
  });

  it('of an older format keeps its incarnation, and is of the present one before anything else is written', async () => {
    const present = identityWrite(CLUSTER, makeOrigin(r1, 1));
    if (present.kind !== 'put') throw new Error('the identity is put');
    const older = Uint8Array.from(present.value);
    older[0] = 1;
    const storage = openMemoryStorage();
    await storage.commit([{ ...present, value: older }]);
    expect(await open(storage)).toBe('r1~00000001');
    expect(storage.get('meta', present.key)).toEqual(present.value);
  });

  it('that is damaged is refused', async () => {
    const write = identityWrite(CLUSTER, makeOrigin(r1, 1));
    if (write.kind !== 'put') throw new Error('the identity is put');
    for (const value of [write.value.slice(0, -1), Uint8Array.of(...write.value, 0), new Uint8Array(0)]) {
      const storage = openMemoryStorage();
      await storage.commit([{ ...write, value }]);
      await expect(open(storage)).rejects.toThrow(coded('data-dir-corrupt'));
    }
    const storage = openMemoryStorage();
    const key = new TextEncoder().encode('state');
    await storage.commit([{ kind: 'put', table: 'meta', key, value: Uint8Array.of(200) }]);
    expect(() => readState(storage)).toThrow(coded('data-dir-corrupt'));
  });
});

describe('two processes with one id', () => {
  interface Process {
    readonly guard: IdentityGuard;
    readonly sent: GossipMessage[];
    readonly refusals: CausewayError[];
    readonly hear: (message: GossipMessage) => void;
    readonly hello: GossipMessage;
  }

  /** A process that another one, started at `otherMs` with the other boot number, talks to. */
  function process(startedMs: number, boot: number, otherBoot: number): Process {
    const origin = makeOrigin(r1, boot);
    const sent: GossipMessage[] = [];
    const refusals: CausewayError[] = [];
    const guard = new IdentityGuard({
      self: () => ({ cluster: CLUSTER, replica: r1, origin, boot }),
      startedMs,
      send: (_, message) => sent.push(message),
      onTaken: (error) => refusals.push(error),
    });
    const other = { cluster: CLUSTER, replica: r1, origin: makeOrigin(r1, otherBoot), boot: otherBoot };
    const hlc = { ms: 0, logical: 0 };
    const position = { term: 0, commit: 0 };
    const hello = { kind: 'hello', url: '', startedMs, keys: 0, buffered: 0, hlc, order: undefined, position } as const;
    return { guard, sent, refusals, hello, hear: (message) => guard.meet(other, message) };
  }

  it('the one that starts asks, is told that the id is taken, and gives up', () => {
    const [running, starting] = [process(1_000, 1, 2), process(2_000, 2, 1)];
    running.guard.established();
    starting.guard.probe();
    for (const message of starting.sent) running.hear(message);
    expect(running.sent).toEqual([{ kind: 'taken', startedMs: 1_000 }]);
    for (const message of running.sent) starting.hear(message);
    expect(starting.refusals.map(({ code }) => code)).toEqual(['replica-id-taken']);
    expect(running.refusals).toEqual([]);
  });

  it('the one that starts gives up even if its clock is behind', () => {
    const starting = process(1_000, 2, 1);
    starting.hear({ kind: 'taken', startedMs: 5_000 });
    expect(starting.refusals).toHaveLength(1);
  });

  it('does not defend the id before it is its own', () => {
    const starting = process(1_000, 1, 2);
    starting.hear({ kind: 'probe' });
    expect([starting.sent, starting.refusals]).toEqual([[], []]);
  });

  it('of two that meet later exactly the one goes that started later', () => {
    for (const [a, b] of [
      [process(1_000, 9, 1), process(2_000, 1, 9)],
      [process(1_000, 1, 9), process(1_000, 9, 1)],
    ] as const) {
      a.guard.established();
      b.guard.established();
      a.hear(b.hello);
      b.hear(a.hello);
      expect([a.refusals.length, b.refusals.length]).toEqual([0, 1]);
    }
  });
});

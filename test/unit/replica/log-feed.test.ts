/** Write groups of the log at a replica that makes them itself, and has to take from others those that it never will. */
import { describe, expect, it } from 'vitest';
import { openMemoryStorage } from '../../../src/adapters/memory-storage.js';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { LOG_ORIGIN } from '../../../src/base/ids.js';
import { VersionVector } from '../../../src/clocks/version-vector.js';
import { COORDINATION } from '../../../src/coordination/coordination.js';
import { encodeEntry } from '../../../src/keyspace/ordered/entry.js';
import type { Storage, StorageWrite } from '../../../src/ports/storage.js';
import type { CausalDriver } from '../../../src/replica/causal/causal-driver.js';
import { readOperations } from '../../../src/replica/causal/operation-log.js';
import { OrderedMachine } from '../../../src/replica/order/ordered-machine.js';
import type { WriteGroup } from '../../../src/replication/write-group.js';
import { loneDriver } from '../../support/lone-driver.js';
import { entryOf, putOp } from '../../support/ordered-log.js';
import { B, digest, group, R2, vector } from '../../support/plane-values.js';

/** State machine, causal view and disk of r1, among r1 and r2. */
class Replica {
  readonly time = createMemoryTime();
  readonly storage = openMemoryStorage();
  readonly fatal: unknown[] = [];
  /** Everything that was committed. */
  readonly written: StorageWrite[] = [];
  readonly machine: OrderedMachine;
  readonly driver: CausalDriver;

  constructor() {
    const { time } = this;
    const onFatal = (error: unknown) => void this.fatal.push(error);
    const storage = this.#watched();
    this.machine = new OrderedMachine({ storage, time, coordinator: COORDINATION, onFatal });
    this.driver = loneDriver({ machine: this.machine, storage, time, onFatal });
  }

  /** The next entries of the log: puts on these keys, which depend on `deps`. */
  async apply(keys: readonly string[], deps = VersionVector.EMPTY): Promise<void> {
    const from = this.machine.applied + 1;
    const entries = keys.map((key, i) => {
      const command = { kind: 'write', op: putOp(key, `${key}-${from + i}`), condition: undefined } as const;
      return { index: from + i, term: 1, bytes: encodeEntry(entryOf({ deps, command })) };
    });
    this.machine.deliver(entries);
    await this.rest();
  }

  /** Take over another replica's ordered state, and nothing else of it. */
  async takeStateOf({ machine }: Replica): Promise<void> {
    this.machine.beginInstall();
    const copy = machine.copy();
    for (const piece of { [Symbol.iterator]: () => copy.pieces() }) this.machine.stage(piece);
    copy.close();
    await this.storage.commit(await this.machine.finishInstall(copy.index));
    this.machine.installed(copy.index);
    await this.rest();
  }

  receive(groups: readonly WriteGroup[]): Promise<void> {
    const of = VersionVector.of(groups.map(({ dot }) => [dot.origin, dot.counter] as const));
    this.driver.receive({ replica: R2, origin: B }, digest(of));
    this.driver.receive({ replica: R2, origin: B }, { kind: 'groups', vector: of, wantReport: false, groups });
    return this.rest();
  }

  /** What it could let a peer have of the log. */
  operations(): WriteGroup[] {
    return readOperations(this.storage, [{ origin: LOG_ORIGIN, have: 0, need: 100 }]);
  }

  get delivered(): number {
    return this.driver.plane.durable.get(LOG_ORIGIN);
  }

  /** Let everything happen that needs no time. */
  async rest(): Promise<void> {
    for (let n = 0; n < 50; n += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      this.time.advance(0);
    }
    expect(this.fatal).toEqual([]);
  }

  #watched(): Storage {
    return new Proxy<Storage>(this.storage, {
      get: (target, name) => {
        if (name !== 'commit') return Reflect.get(target, name, target).bind(target);
        return (writes: readonly StorageWrite[]) => {
          this.written.push(...writes);
          return target.commit(writes);
        };
      },
    });
  }
}

const encoded = (groups: readonly WriteGroup[]): string[] =>
  groups.map((group) => Buffer.from(group.encoded).toString('hex'));

describe('groups of the log', () => {
  it('that only a peer can give, behind a state that was taken over, are kept as those made here are', async () => {
    const peer = new Replica();
    await peer.apply(['a', 'b', 'c']);
    const replica = new Replica();
    await replica.takeStateOf(peer);
    await replica.apply(['d']);
    // Its own machine will never make the first three, and what it makes waits for them.
    expect([replica.machine.applied, replica.delivered]).toEqual([4, 0]);
    const sent = peer.operations();
    expect(sent.length).toBe(3);
    await replica.receive(sent);
    expect(replica.delivered).toBe(4);
    expect(encoded(replica.operations()).slice(0, 3)).toEqual(encoded(sent));
    expect(replica.operations().map(({ dot }) => dot.counter)).toEqual([1, 2, 3, 4]);
  });

  it('that are made here are stored once each, with their entries, whether or not their causes are here', async () => {
    const replica = new Replica();
    await replica.apply(['a', 'b']);
    await replica.apply(['a', 'b'], vector([B, 1]));
    expect(replica.delivered).toBe(2);
    expect(replica.operations().map(({ dot }) => dot.counter)).toEqual([1, 2, 3, 4]);
    await replica.receive([group(B, 1)]);
    expect(replica.delivered).toBe(4);
    expect(replica.written.filter(({ table }) => table === 'operations').length).toBe(5);
  });
});

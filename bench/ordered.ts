/**
 * What a linearizable write costs a replica besides agreement: the state machine, and both views in one transaction. One
 * operation applies, stores and delivers `ENTRIES` entries: multiply by that for entries a second.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLmdbStorage } from '../src/adapters/lmdb-storage.js';
import { openMemoryStorage } from '../src/adapters/memory-storage.js';
import { createSystemRandom } from '../src/adapters/system-random.js';
import { createSystemTime } from '../src/adapters/system-time.js';
import { LOG_ORIGIN, parseClusterId, parseReplicaId } from '../src/base/ids.js';
import type { StateReader } from '../src/base/state-table.js';
import { VersionVector } from '../src/clocks/version-vector.js';
import { COORDINATION } from '../src/coordination/coordination.js';
import { applyEntry } from '../src/keyspace/ordered/apply.js';
import { encodeEntry } from '../src/keyspace/ordered/entry.js';
import { readStanding } from '../src/keyspace/ordered/progress.js';
import type { Storage } from '../src/ports/storage.js';
import { CausalDriver } from '../src/replica/causal/causal-driver.js';
import { OrderedMachine } from '../src/replica/order/ordered-machine.js';
import { StateLayers } from '../src/replica/order/state-layers.js';
import { originsOf } from './inputs.js';
import type { BenchCase, BenchSuite } from './suite.js';

const ENTRIES = 2_000;
const KEYS = 500;
const VALUE_BYTES = 100;
const [SELF] = originsOf(3);
const NOTHING: StateReader = { get: () => undefined, range: () => [] };

/** Puts of small values on keys in turn. */
function puts(): Uint8Array[] {
  return Array.from({ length: ENTRIES }, (_, n) =>
    encodeEntry({
      timeMs: 1,
      proposal: { origin: SELF as NonNullable<typeof SELF>, number: n },
      hlc: { ms: n + 1, logical: 0 },
      base: 0,
      retry: undefined,
      deps: VersionVector.EMPTY,
      known: undefined,
      adopted: [],
      fences: [],
      command: {
        kind: 'write',
        op: {
          kind: 'put',
          key: `user/${n % KEYS}/profile`,
          contentType: 'text/plain',
          bytes: new Uint8Array(VALUE_BYTES),
        },
        condition: undefined,
      },
    }),
  );
}

function machineAlone(): BenchCase {
  return {
    name: `apply ${ENTRIES} puts`,
    setUp: async () => {
      const entries = puts();
      return () => {
        const layers = new StateLayers(NOTHING);
        let standing = readStanding(layers);
        for (const [i, bytes] of entries.entries()) {
          const applied = applyEntry(layers, i + 1, bytes, COORDINATION, standing);
          if (applied.kind === 'corrupt') throw new Error(applied.reason);
          layers.absorb(applied.writes);
          standing = applied.standing;
        }
      };
    },
  };
}

/** Machine and driver of a replica that is alone; resolves when the entries are delivered and durable. */
function replicaOver(storage: Storage): () => Promise<void> {
  const entries = puts();
  const time = createSystemTime();
  let delivered = 0;
  let wake: () => void = () => {};
  const onFatal = (error: unknown) => {
    throw error;
  };
  const machine = new OrderedMachine({ storage, time, coordinator: COORDINATION, onFatal });
  const driver = new CausalDriver({
    cluster: parseClusterId('bench'),
    origin: SELF as NonNullable<typeof SELF>,
    members: [parseReplicaId('r1')],
    machine,
    storage,
    time,
    random: createSystemRandom(),
    trace: () => {},
    post: () => {},
    onProgress: () => {
      if (driver.plane.durable.get(LOG_ORIGIN) >= delivered) wake();
    },
    onReincarnated: () => {},
    onFatal,
  });
  return () =>
    new Promise((resolve) => {
      wake = resolve;
      const from = delivered + 1;
      delivered += entries.length;
      machine.deliver(entries.map((bytes, i) => ({ index: from + i, term: 1, bytes })));
    });
}

function lmdbCase(): BenchCase {
  let close = async (): Promise<void> => undefined;
  return {
    name: `lmdb: ${ENTRIES} puts through both views`,
    setUp: async () => {
      const directory = mkdtempSync(join(tmpdir(), 'causeway-bench.'));
      const storage = await openLmdbStorage({ directory });
      close = async () => {
        await storage.close();
        rmSync(directory, { recursive: true, force: true });
      };
      return replicaOver(storage);
    },
    tearDown: () => close(),
  };
}

export const ordered: BenchSuite = {
  name: 'ordered',
  cases: [
    machineAlone(),
    { name: `memory: ${ENTRIES} puts through both views`, setUp: () => replicaOver(openMemoryStorage()) },
    lmdbCase(),
  ],
};

/** The simulated ports keep the contracts that those of production keep. */
import { expect, it } from 'vitest';
import { CausewayError } from '../../src/base/errors.js';
import { type ClusterId, parseReplicaId, type ReplicaId } from '../../src/base/ids.js';
import type { StorageWrite } from '../../src/ports/storage.js';
import { SimRandom } from '../../src/sim/random.js';
import { SimDisk } from '../../src/sim/world/disk.js';
import { SimNetwork } from '../../src/sim/world/network.js';
import { ProcessClock } from '../../src/sim/world/process-clock.js';
import { SimStorage } from '../../src/sim/world/storage.js';
import { VirtualClock } from '../../src/sim/world/virtual-clock.js';
import type { Weather } from '../../src/sim/world/weather.js';
import { describeStorage } from '../contract/storage.js';
import { describeTransport, type TransportWorld } from '../contract/transport.js';

const CALM: Weather = { loss: 0, doubling: 0, delayMs: 0.1, jitterMs: 0.2, strayShare: 0, strayMs: 0 };

/** A clock that goes on as long as the test does. */
function runningClock(): { readonly clock: VirtualClock; readonly stop: () => void } {
  const clock = new VirtualClock();
  let isOver = false;
  const goOn = (): void => {
    if (!isOver) void clock.run(clock.nowMs + 1, () => isOver).then(() => setImmediate(goOn));
  };
  goOn();
  return {
    clock,
    stop: () => {
      isOver = true;
    },
  };
}

function openStorage(disk: SimDisk, clock: VirtualClock, fails = false): SimStorage {
  return new SimStorage({
    disk,
    after: (delayMs, task) => void clock.after(delayMs, task),
    fate: () => ({ afterMs: 0.5, fails }),
    survivors: (pending) => Math.floor(pending / 2),
  });
}

describeStorage('simulated', async () => {
  const disk = new SimDisk();
  const { clock, stop } = runningClock();
  const storage = openStorage(disk, clock);
  return {
    storage,
    reopen: async () => {
      await storage.close();
      return openStorage(disk, clock);
    },
    dispose: async () => stop(),
  };
});

/** A broker of its own for each cluster. */
function simulatedWorld(begin: 'up' | 'down'): TransportWorld {
  const { clock, stop } = runningClock();
  const networks = new Map<ClusterId, { readonly network: SimNetwork; readonly known: Set<ReplicaId> }>();
  let isUp = begin === 'up';
  const setUp = (next: boolean): Promise<void> => {
    if (next === isUp) return Promise.resolve();
    isUp = next;
    for (const { network, known } of networks.values()) {
      for (const id of known)
        if (isUp) network.reconnect(id);
        else network.disconnect(id);
    }
    return Promise.resolve();
  };
  return {
    connect(cluster, self) {
      const random = new SimRandom(7);
      const known = networks.get(cluster) ?? {
        network: new SimNetwork({ clock, random, weather: CALM, onSent: () => {} }),
        known: new Set<ReplicaId>(),
      };
      networks.set(cluster, known);
      if (!known.known.has(self) && !isUp) known.network.disconnect(self);
      known.known.add(self);
      const process = new ProcessClock(clock, { offsetMs: 0, driftPpm: 0 }, (error) => {
        throw error;
      });
      return Promise.resolve(known.network.connect(self, process));
    },
    kill: () => setUp(false),
    restart: () => setUp(true),
    close: () => Promise.resolve(stop()),
  };
}

describeTransport('simulated', (begin) => Promise.resolve(simulatedWorld(begin)));

const put = (key: string): StorageWrite => {
  return { kind: 'put', table: 'log', key: Buffer.from(key), value: Buffer.from(key) };
};

it('a simulated crash keeps the first of the transactions under way, whole, and no others', async () => {
  const clock = new VirtualClock();
  const disk = new SimDisk();
  const storage = openStorage(disk, clock);
  for (const name of ['a', 'b', 'c', 'd']) void storage.commit([put(`${name}1`), put(`${name}2`)]);
  storage.crash();
  const keys = [...disk.tables.log.range({})].map(({ key }) => Buffer.from(key).toString());
  expect(keys).toEqual(['a1', 'a2', 'b1', 'b2']);
  await expect(storage.commit([put('e')])).rejects.toThrow('crashed');
});

it('a simulated disk that fails rejects what was under way and everything after', async () => {
  const { clock, stop } = runningClock();
  const storage = openStorage(new SimDisk(), clock, true);
  const failures = await Promise.all([1, 2].map(() => storage.commit([put('a')]).catch((error: unknown) => error)));
  stop();
  for (const failure of failures) expect(failure).toMatchObject({ code: 'storage-failed' });
  expect(() => storage.get('log', Buffer.from('a'))).toThrow(CausewayError);
});

it('a paused process does late what it would have done, and a dead one never', async () => {
  const clock = new VirtualClock();
  const process = new ProcessClock(clock, { offsetMs: 0, driftPpm: 0 }, () => {});
  const done: string[] = [];
  process.after(10, () => done.push(`timer at ${Math.round(clock.nowMs)}`));
  process.pause();
  await clock.run(50, () => false);
  process.run(() => done.push('message'));
  expect(done).toEqual([]);
  process.resume();
  await clock.run(60, () => false);
  expect(done).toEqual(['timer at 50', 'message']);
  process.after(10, () => done.push('never'));
  process.kill();
  await clock.run(100, () => false);
  expect(done).toHaveLength(2);
});

it('a clock that drifts counts other milliseconds, and no timer is early by it', async () => {
  const clock = new VirtualClock();
  const fast = new ProcessClock(clock, { offsetMs: 0, driftPpm: 100_000 }, () => {});
  const startedMs = fast.monotonicMs();
  let tookMs = 0;
  fast.after(110, () => {
    tookMs = fast.monotonicMs() - startedMs;
  });
  await clock.run(100.1, () => false);
  expect(tookMs).toBeGreaterThanOrEqual(110);
  expect(clock.nowMs).toBe(100.1);
});

it('a cut link carries nothing one way, and what was under way is lost with it', async () => {
  const clock = new VirtualClock();
  const network = new SimNetwork({ clock, random: new SimRandom(1), weather: CALM, onSent: () => {} });
  const [a, b] = [parseReplicaId('r1'), parseReplicaId('r2')];
  const life = () => new ProcessClock(clock, { offsetMs: 0, driftPpm: 0 }, () => {});
  const [from, to] = [network.connect(a, life()), network.connect(b, life())];
  const received: string[] = [];
  to.onMessage((bytes) => received.push(`to ${Buffer.from(bytes)}`));
  from.onMessage((bytes) => received.push(`from ${Buffer.from(bytes)}`));
  from.send(b, Buffer.from('under way'));
  network.cut(a, b);
  from.send(b, Buffer.from('cut'));
  to.send(a, Buffer.from('back'));
  await clock.run(50, () => false);
  network.mend(a, b);
  from.send(b, Buffer.from('mended'));
  await clock.run(100, () => false);
  expect(received).toEqual(['from back', 'to mended']);
  expect(network.lost).toBe(2);
});

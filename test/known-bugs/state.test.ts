/** Bugs other systems had between the log and the state made of it, by their numbers in docs/TESTING.md. */
import { describe, expect, it } from 'vitest';
import { utf8Encode } from '../../src/base/bytes.js';
import { encodeCoordination } from '../../src/coordination/command.js';
import { readSequence } from '../../src/coordination/sequences.js';
import { encodeEntry } from '../../src/keyspace/ordered/entry.js';
import { readProgress } from '../../src/keyspace/ordered/progress.js';
import { activeTable, StoredTable } from '../../src/replica/order/state-tables.js';
import { OrderedCluster, type OrderedNode } from '../support/machine-cluster.js';
import { entryOf } from '../support/ordered-log.js';

/** An entry that has another effect when it is applied a second time. */
const next = () =>
  encodeEntry(
    entryOf({ command: { kind: 'coordinate', command: encodeCoordination({ kind: 'next', sequence: 's' }) } }),
  );

/** What the process finds on its disk when it starts: entries applied, and numbers handed out. */
function stored({ process }: OrderedNode): readonly [applied: number, handedOut: number] {
  if (process === undefined) throw new Error('the process is down');
  const state = new StoredTable(process.storage, activeTable(process.storage));
  return [readProgress(state).applied, readSequence(state, 's')];
}

/** The process dies; of the commits under way the first `survivors` are on the disk after all. */
function kill(node: OrderedNode, survivors: number): void {
  const { process } = node;
  if (process === undefined) throw new Error('the process is down');
  process.alive = false;
  process.storage.crash(survivors);
  node.process = undefined;
}

describe('known bug 05: the applied index and the state are stored apart', () => {
  it('whatever of the commits under way survives a crash, no entry is applied twice or left out', async () => {
    const seen = new Set<string>();
    for (let ms = 1; ms <= 60; ms += 1) {
      const sim = new OrderedCluster(ms, 1, 30);
      const node = sim.node(0);
      sim.open(node);
      for (let i = 0; i < 10; i += 1) sim.log.push(next());
      await sim.run(ms * 2);
      const under = node.process?.storage.pendingCommits ?? 0;
      kill(node, ms % (under + 1));
      sim.open(node);
      const [applied, handedOut] = stored(node);
      expect(handedOut).toBe(applied);
      seen.add(applied === 0 ? 'nothing' : applied === 10 ? 'everything' : 'a part');
      await sim.settle(5_000);
      expect(stored(node)).toEqual([10, 10]);
    }
    expect([...seen].sort()).toEqual(['a part', 'everything', 'nothing']);
  });
});

describe('known bug 24: a snapshot lacks the outcomes of requests or the members', () => {
  it('a replica that came by a copy of the state answers a retry as those do that applied the request', async () => {
    const sim = new OrderedCluster(24);
    for (const node of sim.nodes) sim.open(node);
    const [first, , late] = sim.nodes as [OrderedNode, OrderedNode, OrderedNode];
    const retry = { key: 'request', fingerprint: 'f' };
    const op = { kind: 'put', key: 'k', contentType: 'text/plain', bytes: utf8Encode('once') } as const;
    const request = () => encodeEntry(entryOf({ retry, command: { kind: 'write', op, condition: undefined } }));
    late.logCut = true;
    sim.log.push(request(), next());
    await sim.run(1_000);
    const installed = sim.install(late, first);
    await sim.run(200);
    await installed;
    expect(stored(late)).toEqual([2, 1]);
    late.logCut = false;
    const outcomes: unknown[] = [];
    late.process?.machine.onApplied(({ index, outcome, replayed }) => outcomes.push({ index, outcome, replayed }));
    sim.log.push(request());
    await sim.settle();
    const dot = { origin: 'log', counter: 1 };
    expect(outcomes).toMatchObject([{ index: 3, replayed: true, outcome: { kind: 'written', dot } }]);
    for (const node of sim.nodes) expect(sim.views(node)).toEqual(sim.views(first));
  });
});

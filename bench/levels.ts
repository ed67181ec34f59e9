/**
 * Reads and writes at every level on a running lab: three replica processes and their broker, asked by 1 to 256 clients with
 * a connection each. One timed operation is all clients doing `REQUESTS_EACH` requests one after the other. The clients
 * share the machine with the replicas, so the numbers tell levels, clients and changes apart, not what a server can do.
 */
import type { Lab } from '../src/lab/cluster.js';
import { CausewayConnection, type CausewayRequest } from './load/causeway-client.js';
import { untilEveryKeyIsRead } from './load/closed-loop.js';
import { leaderOf } from './load/lab-leader.js';
import { valueOfSize } from './load/operations.js';
import { builtLab } from './root.js';
import type { BenchCase, BenchSuite } from './suite.js';

const CLIENT_COUNTS = [1, 16, 64, 256] as const;
const REQUESTS_EACH = 4;
const KEYS = 1_000;
const VALUE_BYTES = 100;

export interface LevelsSize {
  readonly clientCounts: readonly number[];
  readonly requestsEach: number;
  readonly keys: number;
}

type Target = 'the leader' | 'a follower';

/** One lab for all cases of the suite: started for the first of them, stopped after the last. */
class SharedLab {
  readonly #keys: number;
  readonly #connections = new Map<string, CausewayConnection[]>();
  #starting: Promise<Lab> | undefined;
  #users = 0;

  constructor(keys: number) {
    this.#keys = keys;
  }

  async enter(): Promise<void> {
    this.#users += 1;
    this.#starting ??= this.#start();
    await this.#starting;
  }

  async leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    for (const connection of [...this.#connections.values()].flat()) connection.close();
    this.#connections.clear();
    const starting = this.#starting;
    this.#starting = undefined;
    await (await starting)?.stop();
  }

  /** The first `count` connections to that replica, used by all cases in turn; those that it has ended are opened anew. */
  async connections(target: Target, count: number): Promise<readonly CausewayConnection[]> {
    const lab = await this.#starting;
    if (lab === undefined) throw new Error('the lab does not run');
    return this.#open(lab, target, count);
  }

  async #open(lab: Lab, target: Target, count: number): Promise<readonly CausewayConnection[]> {
    const leader = await leaderOf(lab);
    const replica = lab.replicas[target === 'the leader' ? leader : (leader + 1) % lab.replicas.length];
    const { hostname: host, port } = new URL(replica?.url ?? '');
    const opened = (this.#connections.get(port) ?? []).filter((connection) => !connection.isOver);
    this.#connections.set(port, opened);
    while (opened.length < count) {
      opened.push(await CausewayConnection.open({ host, port: Number(port) }, valueOfSize(VALUE_BYTES)));
    }
    return opened.slice(0, count);
  }

  async #start(): Promise<Lab> {
    const { startLab } = await builtLab();
    const lab = await startLab();
    const [writer] = await this.#open(lab, 'the leader', 1);
    const [reader] = await this.#open(lab, 'a follower', 1);
    for (let key = 0; key < this.#keys; key += 1) await writer?.ask({ method: 'PUT', level: 'causal' }, key);
    const run = async (key: number): Promise<void> => reader?.ask({ method: 'GET', level: 'causal' }, key);
    await untilEveryKeyIsRead({ run, close: () => undefined }, this.#keys);
    return lab;
  }
}

function levelCase(lab: SharedLab, request: CausewayRequest, clients: number, target: Target, size: LevelsSize) {
  const { requestsEach, keys } = size;
  const { method, level } = request;
  const who = clients === 1 ? '1 client' : `${clients} clients`;
  let entered = false;
  const benchCase: BenchCase = {
    name: `${who} x ${requestsEach}: ${method} at ${level}, to ${target}`,
    setUp: async () => {
      entered = true;
      await lab.enter();
      let connections = await lab.connections(target, clients);
      let next = 0;
      const client = async (connection: CausewayConnection): Promise<void> => {
        for (let i = 0; i < requestsEach; i += 1) await connection.ask(request, next++ % keys);
      };
      return async () => {
        // While other cases ran, nobody was heard on them.
        if (connections.some((connection) => connection.isOver)) connections = await lab.connections(target, clients);
        // All are waited for even if one fails, so that no connection is still in use when the next operation begins.
        const ended = await Promise.allSettled(connections.map(client));
        for (const { reason } of ended.filter((one) => one.status === 'rejected')) throw reason;
        return ended.length;
      };
    },
    tearDown: async () => {
      if (entered) await lab.leave();
      entered = false;
    },
  };
  return benchCase;
}

/** The suite in another size, for tests. */
export function levelsSuite(size: LevelsSize): BenchSuite {
  const lab = new SharedLab(size.keys);
  const cases = (['eventual', 'causal', 'linearizable'] as const).flatMap((level) => {
    // What does not go through the log is the same at every replica.
    const targets: readonly Target[] = level === 'linearizable' ? ['the leader', 'a follower'] : ['the leader'];
    return (['GET', 'PUT'] as const).flatMap((method) => {
      return size.clientCounts.flatMap((clients) => {
        return targets.map((target) => levelCase(lab, { method, level }, clients, target, size));
      });
    });
  });
  return { name: 'levels', cases };
}

export const levels: BenchSuite = levelsSuite({
  clientCounts: CLIENT_COUNTS,
  requestsEach: REQUESTS_EACH,
  keys: KEYS,
});

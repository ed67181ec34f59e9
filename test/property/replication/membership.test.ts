/**
 * Random schedules in which members come and go while clients write and delete and replicas forget. Every replica takes
 * over each change of the members at a moment of its own, as replicas that apply a log do. At the end all of them
 * must have the state that the groups they have make by definition: a tombstone forgotten too early shows as a value
 * that came back, or as a sibling, at some of them.
 */
import { describe, expect, it } from 'vitest';
import type { Origin, ReplicaId } from '../../../src/base/ids.js';
import { parseReplicaId } from '../../../src/base/ids.js';
import type { Agreement } from '../../../src/replication/causal-plane.js';
import { PlaneCluster } from '../../support/plane-cluster.js';
import type { PlaneReplica } from '../../support/plane-replica.js';
import { expectSameEverywhere } from '../../support/plane-schedule.js';
import type { SeededRandom } from '../../support/seeded-random.js';
import { seededRandom } from '../../support/seeded-random.js';

const KEYS = ['a', 'b', 'c', 'd'];
const CONVERGE_MS = 20_000;
const FORGET_MS = 8_000;

class ChangingCluster {
  readonly cluster: PlaneCluster;
  readonly random: SeededRandom;
  /** What the order committed, oldest first. */
  readonly agreements: Agreement[] = [];
  /** How many of them each replica has taken over. */
  readonly #taken = new Map<PlaneReplica, number>();
  /** Removed, and not stopped yet. */
  readonly leaving = new Set<PlaneReplica>();
  #incarnations = 1;
  #writes = 0;
  changes = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.cluster = new PlaneCluster(3, seed);
    this.cluster.run(40);
    this.#commit(this.cluster.replicas.map(({ origin }) => origin));
  }

  get members(): readonly Origin[] {
    return this.agreements.at(-1)?.members ?? [];
  }

  step(): void {
    const { cluster, random } = this;
    const roll = random.float();
    if (roll < 0.45) this.#write();
    else if (roll < 0.75) cluster.run(random.pick([20, 60, 200, 900]), random.pick([0.3, 0.8, 1]));
    else if (roll < 0.78) cluster.faults = { loss: random.pick([0, 0.1, 0.4]), duplication: 0.1, maxDelayMs: 80 };
    else if (roll < 0.81) cluster.crash(random.pick(cluster.replicas));
    else if (roll < 0.84) cluster.partition((replica) => Number(replica === cluster.replicas[random.int(3)]));
    else if (roll < 0.87) cluster.heal();
    else if (roll < 0.89) this.add();
    else if (roll < 0.91) this.remove(random.pick(this.members));
    else if (roll < 0.93) this.#stopOne();
    else this.#takeOver(random.pick(cluster.replicas));
  }

  /** A replica starts, and the order makes it a member. */
  add(): void {
    const free = ['r1', 'r2', 'r3', 'r4', 'r5'].map(parseReplicaId).filter((id) => !this.#isInUse(id));
    const id = free[0];
    if (id === undefined) return;
    this.#incarnations += 1;
    const configured = [id, ...this.cluster.replicas.map((replica) => replica.id)];
    const replica = this.cluster.add(id, configured, this.#incarnations);
    this.#takeOver(replica);
    this.#commit([...this.members, replica.origin]);
  }

  /** Not while one of the others still gets what it lacks: it may have nobody else to get it from. */
  remove(origin: Origin): void {
    const rest = this.cluster.replicas.filter((one) => one.origin !== origin && this.members.includes(one.origin));
    if (rest.length < 2 || !rest.every(({ plane }) => plane.joined && !plane.installing)) return;
    const replica = this.cluster.replicas.find((one) => one.origin === origin);
    if (replica !== undefined) this.leaving.add(replica);
    this.#commit(this.members.filter((member) => member !== origin));
  }

  /** Who was removed stops, everybody knows the members, everything heals. */
  finish(): void {
    for (const replica of [...this.leaving]) this.#stop(replica);
    for (const replica of this.cluster.replicas) while (this.#takeOver(replica));
    this.cluster.heal();
    this.cluster.converge(CONVERGE_MS);
  }

  #commit(members: readonly Origin[]): void {
    const former = [...new Set(this.agreements.flatMap((agreement) => agreement.members))];
    this.changes += 1;
    this.agreements.push({
      members: [...members].sort(),
      founding: this.agreements.length === 0,
      former: former.filter((origin) => !members.includes(origin)),
    });
  }

  /** The next agreement counts at this replica. False if there is none. */
  #takeOver(replica: PlaneReplica): boolean {
    const taken = this.#taken.get(replica) ?? 0;
    const next = this.agreements[taken];
    // Who is left out does not go on.
    if (next === undefined || replica.agreement?.former.includes(replica.origin) === true) return false;
    replica.agree(next);
    this.#taken.set(replica, taken + 1);
    return true;
  }

  #stopOne(): void {
    const [replica] = this.leaving;
    if (replica !== undefined) this.#stop(replica);
  }

  #stop(replica: PlaneReplica): void {
    this.leaving.delete(replica);
    this.cluster.remove(replica);
  }

  #isInUse(id: ReplicaId): boolean {
    return this.cluster.replicas.some((replica) => replica.id === id);
  }

  #write(): void {
    const { cluster, random } = this;
    this.#writes += 1;
    const value = random.chance(0.5) ? undefined : `v${this.#writes}`;
    cluster.write(random.pick(cluster.replicas), [{ key: random.pick(KEYS), value }]);
  }
}

const SEEDS = Number(process.env['RUNS'] ?? 1) * 60;
const FIRST_SEED = Number(process.env['SEED'] ?? 1);

describe('while members come and go', () => {
  it(
    'nothing is forgotten too early, and all replicas end with the same state',
    () => {
      let changes = 0;
      let forgotten = 0;
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
        const run = new ChangingCluster(seed);
        for (let i = 0; i < 150; i += 1) run.step();
        run.finish();
        expectSameEverywhere(run.cluster);
        changes += run.changes;
        for (const { plane } of run.cluster.replicas) forgotten += plane.forgotten.size;
      }
      expect(changes).toBeGreaterThan(SEEDS * 2);
      expect(forgotten).toBeGreaterThan(0);
    },
    60_000 + SEEDS * 1_000,
  );

  it('everything is forgotten in the end, though a dead member stood in the way until it was removed', () => {
    const run = new ChangingCluster(7);
    const { cluster } = run;
    for (let i = 0; i < 50; i += 1) run.step();
    run.finish();
    run.add();
    run.finish();
    const [dead] = cluster.replicas as [PlaneReplica];
    cluster.remove(dead);
    cluster.write(cluster.replicas[0] as PlaneReplica, [{ key: 'late', value: undefined }]);
    cluster.run(FORGET_MS);
    const frozen = cluster.replicas.map(({ plane }) => plane.forgotten.equals(plane.durable));
    expect(frozen).toEqual(frozen.map(() => false));
    run.remove(dead.origin);
    run.finish();
    cluster.run(FORGET_MS);
    for (const { plane } of cluster.replicas) expect(plane.forgotten).toEqual(plane.durable);
  });

  it('a replica that was just added does not write before it knows what others may have forgotten', () => {
    const run = new ChangingCluster(3);
    run.finish();
    const { cluster } = run;
    cluster.write(cluster.replicas[0] as PlaneReplica, [{ key: 'a', value: 'old' }]);
    cluster.run(400);
    run.add();
    const added = cluster.replicas.at(-1) as PlaneReplica;
    cluster.run(400);
    expect(added.plane.joining).toBe(true);
    expect(added.plane.joined).toBe(false);
    run.finish();
    cluster.run(400);
    expect(added.plane.joined).toBe(true);
  });
});

/** Carries out changes of the membership, one after the other, as an operator would: asking until it is done. */
import { CausewayError } from '../../base/errors.js';
import { VersionVector } from '../../clocks/version-vector.js';
import type { MembershipChange, MembershipView } from '../../replica/ordered-handle.js';
import type { SimCluster } from '../world/cluster.js';
import { NoAnswer, type SimHost } from '../world/host.js';

const RETRY_MS = 250;
const TIMEOUT_MS = 2_000;

export class MembershipOffice {
  readonly #cluster: SimCluster;
  /** Machines whose replica belongs, or is to belong, to the cluster. */
  readonly #wanted: Set<SimHost>;
  #queue: Promise<void> = Promise.resolve();
  #pending = 0;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
    this.#wanted = new Set(cluster.hosts.slice(0, cluster.scenario.replicas));
  }

  /** No change is waited for. */
  get isIdle(): boolean {
    return this.#pending === 0;
  }

  /** The replica of this machine is to run. */
  isWanted(host: SimHost): boolean {
    return this.#wanted.has(host);
  }

  /** Asked for once, whatever comes of it. */
  transfer(to: SimHost): void {
    this.#enqueue(`transfer to ${to.id}`, async () => {
      await this.#ask({ kind: 'transfer', id: to.id });
    });
  }

  join(host: SimHost): void {
    if (this.#wanted.has(host)) return;
    this.#wanted.add(host);
    this.#enqueue(`join of ${host.id}`, () => this.#join(host));
  }

  /** Returns what brings it back. */
  leave(host: SimHost): () => void {
    this.#enqueue(`leave of ${host.id}`, async () => {
      await this.#until({ kind: 'remove', id: host.id }, (view) => !isMember(view, host));
      this.#wanted.delete(host);
      // Told or not: what it still has counts no more.
      host.crash();
      host.wipe();
    });
    return () => {
      this.#enqueue(`return of ${host.id}`, async () => {
        this.#wanted.add(host);
        await this.#join(host);
      });
    };
  }

  async #join(host: SimHost): Promise<void> {
    if (host.isDown) host.launch();
    await this.#until({ kind: 'add', id: host.id }, (view) => isMember(view, host));
    await this.#until({ kind: 'promote', id: host.id }, (view) => isMember(view, host, 'voter'));
  }

  #enqueue(what: string, change: () => Promise<void>): void {
    this.#pending += 1;
    this.#queue = this.#queue.then(async () => {
      this.#cluster.note(`operator begins: ${what}`);
      await change();
      this.#cluster.note(`operator ends: ${what}`);
      this.#pending -= 1;
    });
  }

  /** Ask whoever answers, until one that knows the present membership says that it holds. */
  async #until(change: MembershipChange, holds: (view: MembershipView) => boolean): Promise<void> {
    for (;;) {
      const view = await this.#ask(change);
      if (view !== undefined && !view.changing && holds(view)) break;
      await this.#cluster.clock.sleep(RETRY_MS);
    }
    this.#cluster.counts.memberships += 1;
  }

  /** What the replica that was asked says afterwards; undefined if nobody could be asked. */
  async #ask(change: MembershipChange): Promise<MembershipView | undefined> {
    for (const host of this.#cluster.hosts) {
      if (host.replica === undefined || host.id === change.id) continue;
      const asked = host.request(async ({ ordered }) => {
        return ordered?.changeMembership(change, { timeoutMs: TIMEOUT_MS, token: VersionVector.EMPTY });
      });
      const gaveUp = this.#cluster.clock.sleep(2 * TIMEOUT_MS).then(() => undefined);
      try {
        const view = await Promise.race([asked, gaveUp]);
        if (view !== undefined) return view;
      } catch (error) {
        if (!(error instanceof CausewayError) && !(error instanceof NoAnswer)) throw error;
        this.#cluster.note(`operator told by ${host.id}: ${error.message}`);
        const isDone = error instanceof CausewayError && error.code === 'membership-conflict';
        if (isDone) return host.replica?.ordered?.membership();
        if (error instanceof CausewayError && error.code === 'invalid-request')
          return host.replica?.ordered?.membership();
      }
    }
    return undefined;
  }
}

function isMember({ members }: MembershipView, host: SimHost, role?: 'voter'): boolean {
  const found = members.filter(({ id }) => id === host.id);
  return found.some((member) => role === undefined || member.role !== 'observer');
}

/** Brings about the faults of a run, each for its time, and ends them all when the time for faults is over. */
import { unreachable } from '../../base/assert.js';
import type { SimCluster } from '../world/cluster.js';
import type { SimHost } from '../world/host.js';
import { describeFault, type Fault } from './fault.js';
import type { MembershipOffice } from './membership-office.js';
import { type Backup, Restorer } from './restorer.js';

export class Nemesis {
  readonly #cluster: SimCluster;
  readonly #office: MembershipOffice;
  readonly #restorer: Restorer;
  /** What ends the faults under way. */
  readonly #ends = new Set<() => void>();
  /** Due while an operator sees to it that nothing goes wrong. */
  #held: Fault[] | undefined;
  #isOver = false;

  constructor(cluster: SimCluster, office: MembershipOffice) {
    this.#cluster = cluster;
    this.#office = office;
    this.#restorer = new Restorer(cluster, office);
  }

  schedule(): void {
    const { clock, scenario } = this.#cluster;
    for (const fault of scenario.faults) clock.after(fault.atMs, () => this.#begin(fault));
  }

  /** Everything is mended, and everybody is up who has not left. */
  healAll(): void {
    this.#isOver = true;
    this.#mendAll();
  }

  #mendAll(): void {
    for (const end of [...this.#ends]) end();
    for (const host of this.#cluster.hosts) {
      host.resume();
      host.diskFails = false;
      this.#revive(host);
    }
  }

  /** Whoever died meanwhile of an earlier fault is started again. */
  revive(): void {
    for (const host of this.#cluster.hosts) this.#revive(host);
  }

  #begin(fault: Fault): void {
    if (this.#isOver) return;
    if (this.#held !== undefined) {
      this.#held.push(fault);
      return;
    }
    const cluster = this.#cluster;
    cluster.note(`fault ${describeFault(fault)}`);
    cluster.counts.faults += 1;
    const undo = this.#bringAbout(fault);
    const end = () => {
      if (!this.#ends.delete(end)) return;
      cluster.note(`fault #${fault.number} ends`);
      undo();
    };
    this.#ends.add(end);
    cluster.clock.after(fault.forMs, end);
  }

  /** Returns what ends it. */
  #bringAbout(fault: Fault): () => void {
    const { network, scenario } = this.#cluster;
    switch (fault.kind) {
      case 'crash':
      case 'restart':
      case 'lost-disk':
      case 'old-copy':
      case 'pause':
      case 'isolate':
      case 'disconnect':
      case 'slow-disk':
      case 'failing-disk':
      case 'clock-jump':
        return this.#troubleAt(this.#cluster.host(fault.at), fault);
      case 'power-cut':
        return this.#powerCut();
      case 'partition':
        return this.#cut(linksBetween(fault.groups.map((group) => group.map((at) => this.#cluster.host(at)))));
      case 'one-way':
        return this.#cut([[this.#cluster.host(fault.from), this.#cluster.host(fault.to)]]);
      case 'broken-link':
        return this.#cut(linksBetween([[this.#cluster.host(fault.from)], [this.#cluster.host(fault.to)]]));
      case 'slow-link': {
        const [from, to] = [this.#cluster.host(fault.from).id, this.#cluster.host(fault.to).id];
        network.slow(from, to, fault.byMs);
        return () => network.slow(from, to, -fault.byMs);
      }
      case 'weather':
        network.setWeather(fault.weather);
        return () => network.setWeather(scenario.weather);
      case 'outage':
        return this.#outage();
      case 'transfer':
        this.#office.transfer(this.#cluster.host(fault.at));
        return () => {};
      case 'join':
        this.#office.join(this.#cluster.host(scenario.replicas));
        return () => {};
      case 'leave':
        return this.#office.leave(this.#cluster.host(fault.at));
      default:
        return unreachable(fault);
    }
  }

  #troubleAt(host: SimHost, fault: Extract<Fault, { readonly at: number }>): () => void {
    const { network, counts, logs } = this.#cluster;
    const revive = () => this.#revive(host);
    switch (fault.kind) {
      case 'restart':
        void host.stop();
        return revive;
      case 'lost-disk':
        host.crash();
        // Whoever founds the order and loses its disk before others have any of it takes the order along, for good.
        if (logs.maxCommit === 0) return revive;
        counts.lostDisks += 1;
        host.wipe();
        return revive;
      case 'old-copy': {
        const backup = this.#restorer.backup(host);
        return () => void this.#putBack(backup);
      }
      case 'pause':
        host.pause();
        return () => host.resume();
      case 'isolate':
        return this.#cut(linksBetween([[host], this.#cluster.hosts.filter((other) => other !== host)]));
      case 'disconnect':
        network.disconnect(host.id);
        return () => network.reconnect(host.id);
      case 'slow-disk':
        host.diskSlowdown *= fault.factor;
        return () => {
          host.diskSlowdown /= fault.factor;
        };
      case 'failing-disk':
        host.diskFails = true;
        return () => {
          host.diskFails = false;
          revive();
        };
      case 'clock-jump':
        host.clockError.offsetMs += fault.byMs;
        return () => {
          host.clockError.offsetMs -= fault.byMs;
        };
      default:
        counts.crashes += 1;
        host.crash();
        return revive;
    }
  }

  async #putBack(backup: Backup): Promise<void> {
    if (this.#isOver || this.#held !== undefined) return;
    this.#held = [];
    this.#mendAll();
    await this.#restorer.putBack(backup, () => this.#isOver);
    const held = this.#held;
    this.#held = undefined;
    for (const fault of held) this.#begin(fault);
  }

  #powerCut(): () => void {
    const struck = this.#cluster.hosts.filter((host) => !host.isDown);
    this.#cluster.counts.crashes += struck.length;
    for (const host of struck) host.crash();
    return () => {
      for (const host of struck) this.#revive(host);
    };
  }

  #outage(): () => void {
    const { network, hosts } = this.#cluster;
    for (const { id } of hosts) network.disconnect(id);
    return () => {
      for (const { id } of hosts) network.reconnect(id);
    };
  }

  #cut(links: readonly (readonly [SimHost, SimHost])[]): () => void {
    const { network } = this.#cluster;
    for (const [from, to] of links) network.cut(from.id, to.id);
    return () => {
      for (const [from, to] of links) network.mend(from.id, to.id);
    };
  }

  #revive(host: SimHost): void {
    if (host.isDown && this.#office.isWanted(host)) host.launch();
  }
}

/** Both directions between hosts of different groups. */
function linksBetween(groups: readonly (readonly SimHost[])[]): (readonly [SimHost, SimHost])[] {
  return groups.flatMap((group, i) =>
    groups.flatMap((others, j) => (i === j ? [] : group.flatMap((from) => others.map((to) => [from, to] as const)))),
  );
}

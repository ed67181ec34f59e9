/** Every acknowledged write: durable where it was promised at the moment of the promise, and not lost in the end. */

import { LOG_ORIGIN } from '../../base/ids.js';
import { type Dot, formatDot } from '../../clocks/dot.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import type { Durability } from '../../replica/request-types.js';
import type { SimCluster } from '../world/cluster.js';
import type { SimHost } from '../world/host.js';

interface Acknowledged {
  readonly dot: Dot;
  readonly durability: Durability;
}

export class Acknowledgements {
  readonly #cluster: SimCluster;
  readonly #all: Acknowledged[] = [];

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  /** The replica answers at this moment. */
  note(host: SimHost, acknowledged: Acknowledged): void {
    const { dot, durability } = acknowledged;
    this.#all.push(acknowledged);
    const name = `${formatDot(dot)} (${durability}), acknowledged by ${host.id},`;
    const { hosts, scenario } = this.#cluster;
    if (dot.origin === LOG_ORIGIN) {
      this.#noteEntry(dot.counter, name);
      return;
    }
    if (!this.#cluster.watch(host).vector.covers(dot)) {
      this.#cluster.fail('durable-before-acknowledged', `${name} is not on its disk`);
    }
    if (durability === 'local' || !this.#cluster.hasFirstMembers) return;
    const holders = hosts.filter((other) => this.#cluster.watch(other).vector.covers(dot)).length;
    const need = durability === 'all' ? scenario.replicas : Math.floor(scenario.replicas / 2) + 1;
    // A disk that was lost since held it when it said so.
    if (holders + this.#lost < need) {
      this.#cluster.fail('durable-before-acknowledged', `${name} is on ${holders} disks`);
    }
  }

  /** Disks that have not what they once had. */
  get #lost(): number {
    const { lostDisks, oldCopies } = this.#cluster.counts;
    return lostDisks + oldCopies;
  }

  #noteEntry(index: number, name: string): void {
    const { logs, hosts, scenario, hasFirstMembers } = this.#cluster;
    const voters = hosts.slice(0, scenario.replicas);
    const holders = logs.acknowledged(
      index,
      voters.map(({ disk }) => disk),
    );
    if (!hasFirstMembers || 2 * (holders + this.#lost) > voters.length) return;
    this.#cluster.fail('durable-before-acknowledged', `${name} is on ${holders} disks`);
  }

  /** All is quiet, and this is what every replica has. */
  checkKept(vector: VersionVector, isGone: (dot: Dot) => boolean): void {
    for (const { dot, durability } of this.#all) {
      if (vector.covers(dot) || (durability === 'local' && isGone(dot))) continue;
      this.#cluster.fail('acknowledged-is-kept', `${formatDot(dot)}, acknowledged as ${durability}, is lost`);
    }
  }
}

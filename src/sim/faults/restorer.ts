/**
 * Puts an old copy of a disk in the place of the disk, as an operator may: all is mended before, nothing else goes wrong until
 * the replica serves again, and its peers know writes of it that the copy has not. They find it out then; nobody promises
 * that they would otherwise.
 */
import { readState } from '../../replica/stored-state.js';
import type { SimCluster } from '../world/cluster.js';
import type { SimDisk } from '../world/disk.js';
import type { SimHost } from '../world/host.js';
import type { MembershipOffice } from './membership-office.js';

/** What the copy is of. */
export interface Backup {
  readonly host: SimHost;
  readonly disk: SimDisk;
  readonly incarnation: string | undefined;
}

/** All that is said of terms and votes has arrived when there has been calm for so long, and the copy is put back within. */
const CALM_MS = 1_500;
const PATIENCE_MS = 6_000;
const POLL_MS = 5;

export class Restorer {
  readonly #cluster: SimCluster;
  readonly #office: MembershipOffice;

  constructor(cluster: SimCluster, office: MembershipOffice) {
    this.#cluster = cluster;
    this.#office = office;
  }

  backup(host: SimHost): Backup {
    return { host, disk: host.disk.copy(), incarnation: host.replica?.status().incarnation };
  }

  /** All is mended. Resolves when the replica serves again, or when it has turned out that the copy is not to be used. */
  async putBack(backup: Backup, isOver: () => boolean): Promise<void> {
    const { clock, counts } = this.#cluster;
    const { host } = backup;
    await clock.sleep(CALM_MS);
    const untilMs = clock.nowMs + PATIENCE_MS;
    while (!this.#isFoundOut(backup)) {
      if (isOver() || clock.nowMs > untilMs) return;
      await clock.sleep(POLL_MS);
    }
    if (isOver()) return;
    counts.oldCopies += 1;
    this.#cluster.note(`${host.id} gets an old copy of its disk`);
    host.putBack(backup.disk);
    host.launch();
    while (!isOver() && host.replica === undefined) await clock.sleep(POLL_MS);
  }

  /** Everybody is up and follows a leader, and has all that this replica wrote, which is more than the copy has. */
  #isFoundOut({ host, disk, incarnation }: Backup): boolean {
    const { hosts } = this.#cluster;
    const wanted = hosts.filter((other) => this.#office.isWanted(other));
    const isCalm = this.#office.isIdle && wanted.every(({ replica }) => (replica?.status().leader ?? null) !== null);
    const status = host.replica?.status();
    if (!isCalm || !wanted.includes(host) || status === undefined || status.incarnation !== incarnation) return false;
    const written = (other: SimHost) => this.#cluster.watch(other).vector.get(status.incarnation);
    const isSpread = wanted.every((other) => written(other) === written(host));
    return isSpread && written(host) > readState(disk.reader).vector.get(status.incarnation);
  }
}

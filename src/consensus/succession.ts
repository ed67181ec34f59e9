/** Handing the leadership over: to whom, and how long a leader waits for it (dissertation, section 3.10). */
import type { MemberId } from './configuration.js';

export class Succession {
  #heir: { readonly id: MemberId; ageTicks: number; isTold: boolean } | undefined;

  /** Who is to lead next; proposals wait for it. */
  get heir(): MemberId | undefined {
    return this.#heir?.id;
  }

  begin(id: MemberId): void {
    this.#heir = { id, ageTicks: 0, isTold: false };
  }

  /** The heir may not have heard: it is told again. After `patienceTicks` the leader goes on itself. */
  tick(patienceTicks: number): void {
    if (this.#heir === undefined) return;
    this.#heir.ageTicks += 1;
    this.#heir.isTold = false;
    if (this.#heir.ageTicks > patienceTicks) this.#heir = undefined;
  }

  /** Whom to tell to campaign now: the heir once it has all of the log, once a tick. */
  takeReady(lastIndex: number, matchOf: (id: MemberId) => number): MemberId | undefined {
    const heir = this.#heir;
    if (heir === undefined || heir.isTold || matchOf(heir.id) < lastIndex) return undefined;
    heir.isTold = true;
    return heir.id;
  }
}

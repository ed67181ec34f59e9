/** Notices when what a member is, and whom it follows, is not what it was. */
import type { SoftState } from './raft-types.js';

export class SoftStateNews {
  #told: SoftState | undefined;

  /** The state now if it differs from the last one taken. */
  take(now: SoftState): SoftState | undefined {
    const told = this.#told;
    const isSame =
      told?.role === now.role && told.term === now.term && told.leader === now.leader && told.standing === now.standing;
    if (isSame) return undefined;
    this.#told = now;
    return now;
  }
}

/** Lets each forwarded batch in once per leadership, however often the network delivers it. */
import type { ForwardedProposals } from './messages.js';

/** Batches that arrive later than this many newer ones are refused unseen. */
const WINDOW = 4_096;

interface Seen {
  newest: number;
  readonly batches: Set<number>;
}

export class DuplicateGate {
  readonly #senders = new Map<string, Seen>();

  /** True the first time. */
  admit({ from, session, batch }: ForwardedProposals): boolean {
    const key = `${from} ${session}`;
    const seen = this.#senders.get(key) ?? { newest: 0, batches: new Set() };
    this.#senders.set(key, seen);
    if (batch <= seen.newest - WINDOW || seen.batches.has(batch)) return false;
    seen.batches.add(batch);
    seen.newest = Math.max(seen.newest, batch);
    if (seen.batches.size > 2 * WINDOW) this.#forget(seen);
    return true;
  }

  #forget({ newest, batches }: Seen): void {
    for (const batch of batches) if (batch <= newest - WINDOW) batches.delete(batch);
  }
}

/** Groups whose causes are all there, first in, first out, waiting for the next storage transaction. */
import type { VersionVector } from '../clocks/version-vector.js';
import type { WriteGroup } from './write-group.js';

export class ReadyQueue {
  #groups: WriteGroup[] = [];
  #head = 0;
  #bytes = 0;

  get length(): number {
    return this.#groups.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(group: WriteGroup): void {
    this.#groups.push(group);
    this.#bytes += group.encoded.length;
  }

  /** The next groups: at least one if there is any, then as many as the bounds allow. */
  take(maxGroups: number, maxBytes: number): WriteGroup[] {
    let bytes = 0;
    let end = this.#head;
    for (; end < this.#groups.length && end - this.#head < maxGroups; end += 1) {
      const size = (this.#groups[end] as WriteGroup).encoded.length;
      if (end > this.#head && bytes + size > maxBytes) break;
      bytes += size;
    }
    const taken = this.#groups.slice(this.#head, end);
    this.#bytes -= bytes;
    this.#head = end;
    if (this.#head * 2 >= this.#groups.length) {
      this.#groups = this.#groups.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Take out, and return, everything that `vector` covers; the rest keeps its order. */
  removeCovered(vector: VersionVector): WriteGroup[] {
    const all = this.#groups.slice(this.#head);
    const covered = all.filter((group) => vector.covers(group.dot));
    this.#groups = all.filter((group) => !vector.covers(group.dot));
    this.#head = 0;
    for (const group of covered) this.#bytes -= group.encoded.length;
    return covered;
  }
}

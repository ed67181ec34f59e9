/**
 * Items and the moments they fall due. Deadlines are moved far more often than they come: each change leaves the old entry
 * in the heap, to be passed over, and when most entries are such the heap is built anew. Knows no clock.
 */
import { MinHeap } from '../../base/min-heap.js';

interface Slot<T> {
  readonly item: T;
  readonly dueMs: number;
}

/** Below this the heap is not worth building anew. */
const SLACK = 64;

export class DeadlineQueue<T> {
  readonly #dueMs = new Map<T, number>();
  readonly #heap = new MinHeap<Slot<T>>((a, b) => a.dueMs < b.dueMs);

  get size(): number {
    return this.#dueMs.size;
  }

  /** Entries of the heap, those passed over included. */
  get footprint(): number {
    return this.#heap.size;
  }

  /** Replaces the deadline that `item` had. */
  set(item: T, dueMs: number): void {
    this.#dueMs.set(item, dueMs);
    this.#heap.push({ item, dueMs });
    this.#tidy();
  }

  delete(item: T): void {
    this.#dueMs.delete(item);
    this.#tidy();
  }

  nextDueMs(): number | undefined {
    for (let top = this.#heap.peek(); top !== undefined; top = this.#heap.peek()) {
      if (this.#dueMs.get(top.item) === top.dueMs) return top.dueMs;
      this.#heap.pop();
    }
    return undefined;
  }

  /** Takes out the item due first, if it is due at `nowMs`. */
  take(nowMs: number): T | undefined {
    const dueMs = this.nextDueMs();
    if (dueMs === undefined || dueMs > nowMs) return undefined;
    const slot = this.#heap.pop();
    if (slot !== undefined) this.#dueMs.delete(slot.item);
    return slot?.item;
  }

  clear(): void {
    this.#dueMs.clear();
    this.#heap.clear();
  }

  #tidy(): void {
    if (this.#heap.size <= 2 * this.#dueMs.size + SLACK) return;
    this.#heap.clear();
    for (const [item, dueMs] of this.#dueMs) this.#heap.push({ item, dueMs });
  }
}

/** A binary min-heap: the least of many values, kept as they come and go. Equals come out in no stated order. */

export class MinHeap<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #heap: T[] = [];

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#heap.length;
  }

  peek(): T | undefined {
    return this.#heap[0];
  }

  push(value: T): void {
    const heap = this.#heap;
    let at = heap.push(value) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt] as T;
      if (!this.#isBefore(value, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = value;
  }

  pop(): T | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop() as T;
    if (heap.length > 0) this.#sink(last);
    return top;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  /** Put `value` at the root and let it down to where no child is before it. */
  #sink(value: T): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const least = right < heap.length && this.#isBefore(heap[right] as T, heap[left] as T) ? right : left;
      if (!this.#isBefore(heap[least] as T, value)) break;
      heap[at] = heap[least] as T;
      at = least;
    }
    heap[at] = value;
  }
}

/** How much of the log is on disk: writes are numbered, become durable in order, and may be overtaken by a truncation. */

export class Durability {
  #index: number;
  /** Under way, oldest first; each with how far the log will be durable by it. */
  readonly #writes: { readonly number: number; durableTo: number }[] = [];

  constructor(index: number) {
    this.#index = index;
  }

  /** The last entry that is on disk and that no truncation, pending or done, has touched since. */
  get index(): number {
    return this.#index;
  }

  issued(number: number, durableTo: number): void {
    this.#writes.push({ number, durableTo });
  }

  /** All writes up to this number are durable. */
  stored(number: number): void {
    while ((this.#writes[0]?.number ?? Number.POSITIVE_INFINITY) <= number) {
      this.#index = Math.max(this.#index, this.#writes.shift()?.durableTo ?? 0);
    }
  }

  /** What is on disk, or on its way there, behind `last` is the log's no more. */
  limit(last: number): void {
    this.#index = Math.min(this.#index, last);
    for (const write of this.#writes) write.durableTo = Math.min(write.durableTo, last);
  }
}

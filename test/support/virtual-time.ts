/** Lets virtual time pass together with the promises that resolve on the way. */
import type { MemoryTime } from '../../src/adapters/memory-time.js';
import type { Time } from '../../src/ports/time.js';

export async function until(time: MemoryTime, endMs: number): Promise<void> {
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const nextMs = time.nextDueMs();
    if (nextMs === undefined || nextMs > endMs) break;
    time.advance(Math.max(0, nextMs - time.monotonicMs()));
  }
  time.advance(Math.max(0, endMs - time.monotonicMs()));
  await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Time as one process has it. While it is paused nothing of it runs; when it goes on, timers that came due run first, late,
 * and what arrived meanwhile after them. Once dead it does nothing any more.
 */
export class ProcessTime implements Time {
  readonly #time: MemoryTime;
  #backlog: (() => void)[] | undefined;
  #isAlive = true;

  constructor(time: MemoryTime) {
    this.#time = time;
  }

  get isPaused(): boolean {
    return this.#backlog !== undefined;
  }

  wallMs(): number {
    throw new Error('nothing here may read the wall clock');
  }

  monotonicMs(): number {
    return this.#time.monotonicMs();
  }

  after(delayMs: number, task: () => void): () => void {
    let isCancelled = false;
    const cancel = this.#time.after(delayMs, () => {
      this.run(() => {
        if (!isCancelled) task();
      });
    });
    return () => {
      isCancelled = true;
      cancel();
    };
  }

  soon(task: () => void): void {
    this.#time.soon(() => this.run(task));
  }

  /** Something that reaches the process: now, or when it goes on. */
  run(task: () => void): void {
    if (!this.#isAlive) return;
    if (this.#backlog === undefined) task();
    else this.#backlog.push(task);
  }

  pause(): void {
    this.#backlog ??= [];
  }

  resume(): void {
    const backlog = this.#backlog ?? [];
    this.#backlog = undefined;
    for (const task of backlog) this.run(task);
  }

  kill(): void {
    this.#isAlive = false;
    this.#backlog = undefined;
  }
}

/** Lets virtual time pass together with the promises that resolve on the way. */
import type { MemoryTime } from '../../src/adapters/memory-time.js';
import type { Time } from '../../src/ports/time.js';

/** So many steps without an end are no progress. */
const STEPS_MAX = 2_000_000;

/** Let it be `endMs`, and whatever is due until then be done, with the promises that resolve on the way. */
export async function until(time: MemoryTime, endMs: number): Promise<void> {
  await passUntil(time, endMs);
  await turn();
}

/** Let `ms` pass, with the promises that resolve on the way. */
export function pass(time: MemoryTime, ms: number): Promise<void> {
  return passUntil(time, time.monotonicMs() + ms);
}

/** Let time pass until `promise` settles. */
export async function during<T>(time: MemoryTime, promise: Promise<T>): Promise<T> {
  let settled = false;
  const mark = () => {
    settled = true;
  };
  promise.then(mark, mark);
  for (let steps = 0; !settled; steps += 1) {
    if (steps > STEPS_MAX) throw new Error('virtual time passes and nothing settles');
    await turn();
    const nextMs = time.nextDueMs();
    if (!settled && nextMs !== undefined) time.advance(Math.max(0, nextMs - time.monotonicMs()));
  }
  return promise;
}

/** The clock of a process whose tasks end with it. */
export function lifeTime(time: Time, isAlive: () => boolean): Time {
  const whileAlive = (task: () => void) => () => {
    if (isAlive()) task();
  };
  return {
    wallMs: () => time.wallMs(),
    monotonicMs: () => time.monotonicMs(),
    after: (delayMs, task) => time.after(delayMs, whileAlive(task)),
    soon: (task) => time.soon(whileAlive(task)),
  };
}

async function passUntil(time: MemoryTime, endMs: number): Promise<void> {
  for (;;) {
    await turn();
    const nextMs = time.nextDueMs();
    if (nextMs === undefined || nextMs > endMs) break;
    time.advance(Math.max(0, nextMs - time.monotonicMs()));
  }
  time.advance(Math.max(0, endMs - time.monotonicMs()));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
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

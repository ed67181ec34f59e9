/** The time port: two clocks and timers. Replicas never read time any other way, so a simulator can own it. */

export interface Time {
  /** Milliseconds since 1970 by the wall clock, which may jump either way. */
  wallMs(): number;
  /** Milliseconds from an arbitrary start, never decreasing; with a fraction. */
  monotonicMs(): number;
  /** Run `task` once, after at least `delayMs`. The returned function cancels it and may be called at any time. */
  after(delayMs: number, task: () => void): () => void;
  /** Run `task` when the current turn of the event loop has handled what it has at hand. */
  soon(task: () => void): void;
}

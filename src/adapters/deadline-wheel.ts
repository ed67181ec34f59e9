/**
 * Timers for what nearly always ends before its time: the deadlines of requests. Setting and cancelling one costs a few
 * links of a list, and all of them share one timer of Node, which is set again only when it fires or something nearer comes.
 * They run up to `STEP_MS` late, never early. Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", 1987,
 * scheme 6.
 */

/** What a deadline may be late by. */
const STEP_MS = 10;
/** One turn of the wheel is the default time of a request; what is due later stays where it is until its turn comes. */
const SLOTS = 512;

/** A link of the list of a slot; of an empty one, the slot itself. */
interface Link {
  next: Link;
  previous: Link;
}

interface Deadline extends Link {
  /** The step, of `STEP_MS` each, at whose beginning it is due. */
  readonly due: number;
  task: (() => void) | undefined;
}

export class DeadlineWheel {
  readonly #slots = Array.from({ length: SLOTS }, emptySlot);
  #size = 0;
  /** Everything due up to here has run. */
  #done = stepsNow();
  #armedFor = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** As `Time.after`. Keeps the process alive until it has run or is cancelled. */
  after(delayMs: number, task: () => void): () => void {
    if (this.#size === 0) this.#begin();
    this.#size += 1;
    const due = Math.floor((performance.now() + delayMs) / STEP_MS) + 1;
    const slot = this.#slotOf(due);
    const deadline: Deadline = { next: slot, previous: slot.previous, due, task };
    slot.previous.next = deadline;
    slot.previous = deadline;
    if (due < this.#armedFor) this.#arm(Math.min(due, this.#done + SLOTS));
    return () => {
      if (deadline.task !== undefined) this.#remove(deadline);
    };
  }

  /** Nothing was due until now, however long that was. */
  #begin(): void {
    this.#done = stepsNow();
    this.#timer?.ref();
  }

  #slotOf(step: number): Link {
    return this.#slots[step % SLOTS] as Link;
  }

  #remove(deadline: Deadline): void {
    deadline.task = undefined;
    deadline.previous.next = deadline.next;
    deadline.next.previous = deadline.previous;
    this.#size -= 1;
    if (this.#size === 0) this.#timer?.unref();
  }

  /** @param step at most one turn of the wheel away */
  #arm(step: number): void {
    clearTimeout(this.#timer);
    this.#armedFor = step;
    const delayMs = Math.max(1, Math.ceil(step * STEP_MS - performance.now()));
    this.#timer = setTimeout(() => this.#run(), delayMs);
  }

  /** Run what is due; what a task throws leaves the others to the next run. */
  #run(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    this.#timer = undefined;
    const now = stepsNow();
    // After a pause of the process one turn of the wheel meets everything.
    this.#done = Math.max(this.#done, now - SLOTS);
    try {
      for (; this.#done < now; this.#done += 1) this.#runSlot(this.#done + 1);
    } finally {
      const next = this.#nextStep();
      if (next < this.#armedFor) this.#arm(next);
    }
  }

  /** What a task sets is due later, and comes behind all that was there. */
  #runSlot(step: number): void {
    const slot = this.#slotOf(step);
    for (let link = slot.next; link !== slot; link = link.next) {
      const deadline = link as Deadline;
      const { task } = deadline;
      if (deadline.due > step || task === undefined) continue;
      this.#remove(deadline);
      task();
    }
  }

  /** The nearest step at which something is due, within one turn of the wheel. */
  #nextStep(): number {
    if (this.#size === 0) return Number.POSITIVE_INFINITY;
    const last = this.#done + SLOTS;
    for (let step = this.#done + 1; step < last; step += 1) {
      const slot = this.#slotOf(step);
      for (let link = slot.next; link !== slot; link = link.next) if ((link as Deadline).due <= step) return step;
    }
    return last;
  }
}

function emptySlot(): Link {
  const slot: { next: Link | undefined; previous: Link | undefined } = { next: undefined, previous: undefined };
  slot.next = slot as Link;
  slot.previous = slot as Link;
  return slot as Link;
}

/** Steps that are over. */
function stepsNow(): number {
  return Math.floor(performance.now() / STEP_MS);
}

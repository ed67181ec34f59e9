/** What is said about durable groups: our own are announced, and those of peers are reported if somebody waits for it. */
import { assert } from '../base/assert.js';
import type { Origin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { VersionVector } from '../clocks/version-vector.js';
import type { GroupsMessage } from './messages.js';
import type { WriteGroup } from './write-group.js';

/** Room for the vector and the framing of a message. */
const FRAME_BYTES = 4096;
/** Length prefix of one group. */
const PREFIX_BYTES = 4;
const BUDGET_BYTES = LIMITS.messageMaxBytes - FRAME_BYTES;

/**
 * Own groups on their way from issue to announcement. Those that somebody waits for leave at once, and so does the first
 * after a pause; a stream of others is gathered, since a message costs every member far more than one more group in it.
 */
export class Announcement {
  /** Counters of own groups for which a client waits on more than local durability. */
  readonly #awaited = new Set<number>();
  /** Durable, in order, and not announced. */
  #held: WriteGroup[] = [];
  #isDue = false;
  #announcedMs = Number.NEGATIVE_INFINITY;

  awaitReport(counter: number): void {
    this.#awaited.add(counter);
  }

  /** The groups, which are ours and follow the last ones, are durable. */
  hold(groups: readonly WriteGroup[]): void {
    for (const group of groups) {
      this.#held.push(group);
      if (this.#awaited.has(group.dot.counter)) this.#isDue = true;
    }
  }

  get isEmpty(): boolean {
    return this.#held.length === 0;
  }

  /** Somebody may hear of what is held in another way: it is to be announced before. */
  hasten(): void {
    this.#isDue = this.#held.length > 0;
  }

  isDue(nowMs: number): boolean {
    return this.#isDue || (this.#held.length > 0 && nowMs - this.#announcedMs >= LIMITS.gatherMs);
  }

  /** Messages for all that is held, which is inside `durable`: as few as the size of a message allows. */
  take(durable: VersionVector, nowMs: number): GroupsMessage[] {
    const groups = this.#held;
    this.#held = [];
    this.#isDue = false;
    this.#announcedMs = nowMs;
    const messages: GroupsMessage[] = [];
    let start = 0;
    while (start < groups.length) {
      const end = endOfMessage(groups, start);
      messages.push(this.#message(groups.slice(start, end), durable));
      start = end;
    }
    return messages;
  }

  #message(groups: readonly WriteGroup[], vector: VersionVector): GroupsMessage {
    let wantReport = false;
    for (const { dot } of groups) {
      const { origin, counter } = dot;
      const durable = vector.get(origin);
      assert(counter <= durable, 'published before durable', { origin, counter, durable });
      if (this.#awaited.delete(counter)) wantReport = true;
    }
    return { kind: 'groups', vector, wantReport, groups };
  }
}

/** Index after the last group that fits one message with those from `start`; always at least one. */
function endOfMessage(groups: readonly WriteGroup[], start: number): number {
  let bytes = 0;
  for (let i = start; i < groups.length; i += 1) {
    bytes += (groups[i] as WriteGroup).encoded.length + PREFIX_BYTES;
    if (bytes > BUDGET_BYTES && i > start) return i;
  }
  return groups.length;
}

/** Groups of peers whose writers want to hear when they are durable here. */
export class ReportDuty {
  /** By origin: the lowest and the highest counter asked for. Bounded, at the price of a report too many now and then. */
  readonly #wanted = new Map<Origin, { lowest: number; highest: number }>();
  #known: VersionVector | undefined;

  want(groups: readonly WriteGroup[]): void {
    for (const { dot } of groups) {
      const wanted = this.#wanted.get(dot.origin);
      if (wanted === undefined) this.#wanted.set(dot.origin, { lowest: dot.counter, highest: dot.counter });
      else {
        wanted.lowest = Math.min(wanted.lowest, dot.counter);
        wanted.highest = Math.max(wanted.highest, dot.counter);
      }
    }
  }

  /** Somebody wants to hear of whatever comes on top of `durable`. */
  wantMore(durable: VersionVector): void {
    this.#known = durable;
  }

  /** Whether `durable` has reached something asked for since the last call. */
  isDue(durable: VersionVector): boolean {
    let due = this.#known !== undefined && this.#known !== durable;
    if (due) this.#known = undefined;
    for (const [origin, wanted] of this.#wanted) {
      const reached = durable.get(origin);
      if (reached < wanted.lowest) continue;
      due = true;
      if (reached >= wanted.highest) this.#wanted.delete(origin);
      else wanted.lowest = reached + 1;
    }
    return due;
  }
}

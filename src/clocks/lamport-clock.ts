/**
 * Lamport's logical clock: the smallest thing that orders events in agreement with happens-before, and totally once
 * equal times are told apart by origin. It cannot tell "before" from "concurrent" (that is the version vector's work)
 * and knows nothing of wall time (that is the hybrid clock's).
 *
 * Source: L. Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System" (1978), rules IR1 and IR2 and
 * the total order of the section "Ordering the Events Totally".
 */
import { assert } from '../base/assert.js';
import type { Origin } from '../base/ids.js';

/** The time of an event at `origin`; events are numbered from 1, so 0 is a clock that has seen none. */
export interface LamportStamp {
  readonly time: number;
  readonly origin: Origin;
}

/** The clock of `origin` before its first event. */
export function startLamport(origin: Origin): LamportStamp {
  return { time: 0, origin };
}

/** Rule IR1: the stamp of the next event here, above every stamp issued or witnessed. */
export function tickLamport(last: LamportStamp): LamportStamp {
  assert(last.time < Number.MAX_SAFE_INTEGER, 'Lamport clock exhausted', { time: last.time });
  return { time: last.time + 1, origin: last.origin };
}

/** Rule IR2: after receiving `remote`, the next tick here is above it. The receipt itself is stamped only by a tick. */
export function witnessLamport(last: LamportStamp, remote: LamportStamp): LamportStamp {
  return remote.time <= last.time ? last : { time: remote.time, origin: last.origin };
}

/** Total order in agreement with happens-before. Negative, zero or positive; zero only for the same event. */
export function compareLamport(a: LamportStamp, b: LamportStamp): number {
  if (a.time !== b.time) return a.time - b.time;
  if (a.origin === b.origin) return 0;
  return a.origin < b.origin ? -1 : 1;
}

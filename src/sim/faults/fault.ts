/** What goes wrong in a run, and when: drawn before the run begins, so that a run can be repeated with fewer of them. */
import type { Weather } from '../world/weather.js';

/** `at`: number of a replica, from 0. Everything ends by itself after `forMs`. */
export type Trouble =
  /** The process dies and is started again. */
  | { readonly kind: 'crash'; readonly at: number; readonly forMs: number }
  /** All processes die at the same moment. */
  | { readonly kind: 'power-cut'; readonly forMs: number }
  /** The process is told to end, and is started again. */
  | { readonly kind: 'restart'; readonly at: number; readonly forMs: number }
  /** The process dies, and its disk is empty when it is started again. */
  | { readonly kind: 'lost-disk'; readonly at: number; readonly forMs: number }
  /** The disk is copied; `forMs` later an operator sees to it that all is calm, and puts the copy in its place. */
  | { readonly kind: 'old-copy'; readonly at: number; readonly forMs: number }
  | { readonly kind: 'pause'; readonly at: number; readonly forMs: number }
  /** The replica hears nobody and nobody hears it. */
  | { readonly kind: 'isolate'; readonly at: number; readonly forMs: number }
  /** Replicas of different groups do not hear each other. */
  | { readonly kind: 'partition'; readonly groups: readonly (readonly number[])[]; readonly forMs: number }
  /** One direction of one link carries nothing. */
  | { readonly kind: 'one-way'; readonly from: number; readonly to: number; readonly forMs: number }
  /** Both directions of one link carry nothing: the others hear both. */
  | { readonly kind: 'broken-link'; readonly from: number; readonly to: number; readonly forMs: number }
  | {
      readonly kind: 'slow-link';
      readonly from: number;
      readonly to: number;
      readonly byMs: number;
      readonly forMs: number;
    }
  | { readonly kind: 'weather'; readonly weather: Weather; readonly forMs: number }
  /** The connection to the broker is lost. */
  | { readonly kind: 'disconnect'; readonly at: number; readonly forMs: number }
  /** The broker is down. */
  | { readonly kind: 'outage'; readonly forMs: number }
  | { readonly kind: 'slow-disk'; readonly at: number; readonly factor: number; readonly forMs: number }
  /** The next flush fails; the process ends by that, and is started again. */
  | { readonly kind: 'failing-disk'; readonly at: number; readonly forMs: number }
  /** The wall clock jumps, and jumps back. */
  | { readonly kind: 'clock-jump'; readonly at: number; readonly byMs: number; readonly forMs: number }
  /** Somebody else is to lead. */
  | { readonly kind: 'transfer'; readonly at: number; readonly forMs: number }
  /** A spare machine starts a replica, which becomes an observer and then a voter. */
  | { readonly kind: 'join'; readonly at: number; readonly forMs: number }
  /** A member is removed; later its machine comes back with an empty disk and joins again. */
  | { readonly kind: 'leave'; readonly at: number; readonly forMs: number };

export type Fault = Trouble & {
  /** Which of the run's faults this is. */
  readonly number: number;
  readonly atMs: number;
};

/** One line for a person. */
export function describeFault({ number, atMs, kind, ...rest }: Fault): string {
  const facts = Object.entries(rest).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `#${number} at ${(atMs / 1000).toFixed(2)} s: ${kind} ${facts.join(', ')}`;
}

/** What a comparison does: the load, and the phases it goes through. All of it is in the result, so that a run can be repeated. */
import type { Level } from '../../check/history/record.js';
import type { WanName } from '../wan/presets.js';

export const LEVELS: readonly Level[] = ['eventual', 'causal', 'linearizable'];

/** What one arrival does, by weight. */
export interface Mix {
  readonly read: number;
  readonly write: number;
  /** Reads a key, then writes it: conditionally where the level has conditions. */
  readonly update: number;
  /** Takes a name of which several clients want the same at once, if nobody has it. */
  readonly claim: number;
}

export const MIXES = {
  mixed: { read: 60, write: 25, update: 10, claim: 5 },
  'read-heavy': { read: 92, write: 5, update: 2, claim: 1 },
  'write-heavy': { read: 30, write: 60, update: 7, claim: 3 },
  'read-modify-write': { read: 20, write: 0, update: 75, claim: 5 },
} as const satisfies Readonly<Record<string, Mix>>;

export type MixName = keyof typeof MIXES;
export const MIX_NAMES = Object.keys(MIXES) as readonly MixName[];

export const DISTRIBUTIONS = ['zipf', 'uniform'] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

export interface LoadPlan {
  /** Arrivals a second at each replica, for each level. They come by chance, whether earlier ones were answered or not. */
  readonly ratePerSecond: number;
  readonly mix: MixName;
  /** Of each level: no key is touched at two levels, so that each level answers for itself. */
  readonly keys: number;
  readonly distribution: Distribution;
  /** Of each value, in characters. */
  readonly valueSize: number;
  /** Somebody asks, somebody elsewhere answers, and a third one listens: at each level. */
  readonly conversationsPerSecond: number;
  /** That a request carries, in ms. */
  readonly timeoutMs: number;
}

/** What is wrong with the network in a phase. */
export type Trouble =
  | { readonly kind: 'none' }
  /** Messages from one follower to another take this much longer: what they caused may overtake them. */
  | { readonly kind: 'slow-link'; readonly extraMs: number }
  /** A minority is cut off: with the leader in it, or of followers only. */
  | { readonly kind: 'partition'; readonly minority: 'followers' | 'leader' }
  /** A follower is not heard by anybody, but hears them. */
  | { readonly kind: 'one-way' };

export interface PhasePlan {
  readonly name: string;
  readonly trouble: Trouble;
  readonly durationMs: number;
}

export interface Plan {
  readonly wan: WanName;
  readonly replicas: number;
  readonly seed: number;
  readonly load: LoadPlan;
  readonly phases: readonly PhasePlan[];
}

const SLOW_MS = 1_500;

/** Each trouble is followed by a time without one, in which it heals. */
export function fullPhases(eachMs: number): readonly PhasePlan[] {
  return [
    calm('healthy', eachMs),
    { name: 'slow link', trouble: { kind: 'slow-link', extraMs: SLOW_MS }, durationMs: eachMs },
    { name: 'partition', trouble: { kind: 'partition', minority: 'followers' }, durationMs: eachMs },
    calm('healed', eachMs),
    { name: 'leader cut off', trouble: { kind: 'partition', minority: 'leader' }, durationMs: eachMs },
    calm('healed again', eachMs),
    { name: 'one way', trouble: { kind: 'one-way' }, durationMs: eachMs },
    calm('at the end', eachMs),
  ];
}

export function quickPhases(eachMs: number): readonly PhasePlan[] {
  return fullPhases(eachMs).slice(0, 4);
}

function calm(name: string, durationMs: number): PhasePlan {
  return { name, trouble: { kind: 'none' }, durationMs };
}

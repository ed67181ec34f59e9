/** The ranges one fetch asks for: bounded in number and in groups, and never what another fetch already asks for. */
import type { Origin } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { MissingRange, VersionVector } from '../clocks/version-vector.js';
import type { CounterGap } from './counter-runs.js';

export class FetchRanges {
  readonly #ranges: MissingRange[] = [];
  #room: number = LIMITS.fetchMaxGroups;

  get ranges(): readonly MissingRange[] {
    return this.#ranges;
  }

  get isFull(): boolean {
    return this.#room === 0 || this.#ranges.length >= LIMITS.vectorMaxEntries;
  }

  /** Ask for as much of `gaps`, up to `through`, as there is room for. */
  add(origin: Origin, gaps: readonly CounterGap[], through: number): void {
    for (const { have, need } of gaps) {
      const end = Math.min(need, through, have + this.#room);
      if (end <= have || this.isFull) return;
      this.#ranges.push({ origin, have, need: end });
      this.#room -= end - have;
    }
  }
}

/** The parts of `gaps` that none of `taken`, sorted, touches. */
export function subtractGaps(gaps: readonly CounterGap[], taken: readonly CounterGap[]): CounterGap[] {
  const free: CounterGap[] = [];
  for (const gap of gaps) {
    let have = gap.have;
    for (const range of taken) {
      if (range.need <= have || range.have >= gap.need) continue;
      if (range.have > have) free.push({ have, need: range.have });
      have = Math.max(have, range.need);
    }
    if (have < gap.need) free.push({ have, need: gap.need });
  }
  return free;
}

/** The parts of what a peer asked for that are `durable` here; undefined if it asked for what nobody can ask for. */
export function servableRanges(asked: readonly MissingRange[], durable: VersionVector): MissingRange[] | undefined {
  const isSound = asked.length <= LIMITS.vectorMaxEntries && asked.every(({ have, need }) => have >= 0 && need > have);
  if (!isSound) return undefined;
  return asked
    .map(({ origin, have, need }) => ({ origin, have, need: Math.min(need, durable.get(origin)) }))
    .filter(({ have, need }) => have < need);
}

/** Writes down what clients did and were told, in the form in which the checkers read it. */
import { utf8Decode } from '../../base/bytes.js';
import type { HistoryRecord, Value } from '../../check/history/record.js';
import { formatDot } from '../../clocks/dot.js';
import type { Version } from '../../keyspace/version.js';
import type { KeyState } from '../../replica/request-types.js';
import type { VirtualClock } from '../world/virtual-clock.js';

export class Recorder {
  readonly records: HistoryRecord[] = [];
  readonly #clock: VirtualClock;
  #lastNs = 0;
  #processes = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** Nanoseconds; no two moments are the same. */
  now(): number {
    this.#lastNs = Math.max(this.#lastNs + 1, Math.round(this.#clock.nowMs * 1e6));
    return this.#lastNs;
  }

  newProcess(): number {
    this.#processes += 1;
    return this.#processes;
  }
}

/** What a key shows, the winner of its versions. */
export function shownValue(versions: readonly Version[]): Value {
  const [winner] = versions;
  return winner?.kind === 'value' ? utf8Decode(winner.bytes) : null;
}

/** All that a key has. */
export function allValues(versions: readonly Version[]): readonly Value[] {
  return versions.flatMap((version) => (version.kind === 'value' ? [utf8Decode(version.bytes)] : []));
}

/** Each key with the names and values of its versions, for the transcript. */
export function describeShown({ states }: { readonly states: readonly KeyState[] }): string {
  return states
    .map(({ key, versions }) => {
      const texts = versions.map((version) => `${shownValue([version])} (${formatDot(version.dot)})`);
      return `${key}=${texts.join('|') || 'nothing'}`;
    })
    .join(', ');
}

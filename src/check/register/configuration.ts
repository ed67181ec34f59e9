/**
 * A configuration: how far one possible order of the operations has come. The search holds all that are worth keeping after
 * every event (Lowe, "Testing for linearizability", 2017, section 6).
 */

/** What is left to do for a call that has begun and not returned. */
export const REQUIRED = 0;
/** It may still take effect, but need not: a write that came after its invocation has overwritten it in passing. */
export const OPTIONAL = 1;
/** It has taken effect, or has vanished, or nobody holds the slot. */
export const DONE = 2;

export interface Configuration {
  /** What each key holds. */
  readonly state: number[];
  /** What is left to do, by slot of the call. */
  readonly marks: number[];
  /** Members that have taken effect, by slot of the family. */
  readonly used: number[];
}

export function copyOf({ state, marks, used }: Configuration): Configuration {
  return { state: [...state], marks: [...marks], used: [...used] };
}

export function nameOf({ state, marks, used }: Configuration): string {
  return `${state.join(',')};${marks.join('')};${used.join(',')}`;
}

/** Beyond this many of one state they are kept without being compared. */
const COMPARED_MAX = 64;

/** Keeps what is not dominated: one that can do all another can makes the other superfluous. */
export class ConfigurationSet {
  readonly #byState = new Map<string, Configuration[]>();
  readonly #names = new Set<string>();

  add(configuration: Configuration): void {
    const name = nameOf(configuration);
    if (this.#names.has(name)) return;
    this.#names.add(name);
    const state = configuration.state.join(',');
    const others = this.#byState.get(state) ?? [];
    if (others.length > COMPARED_MAX) {
      others.push(configuration);
      return;
    }
    if (others.some((other) => dominates(other, configuration))) return;
    this.#byState.set(state, [...others.filter((other) => !dominates(configuration, other)), configuration]);
  }

  list(): Configuration[] {
    return [...this.#byState.values()].flat();
  }
}

/** Of two that hold the same: less is used, and what differs is still optional. */
function dominates(a: Configuration, b: Configuration): boolean {
  return (
    a.marks.every((mark, slot) => mark === OPTIONAL || mark === b.marks[slot]) &&
    a.used.every((count, slot) => count <= (b.used[slot] as number))
  );
}

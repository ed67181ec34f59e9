/** The members of one line of a history file, each asked for by its kind. What is not as it must be is named. */
import { CausewayError } from '../../base/errors.js';
import type { Value } from './record.js';

/** Where a line stands. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export function refuseLine({ file, line }: Place, why: string): never {
  throw new CausewayError('invalid-history', `${file}:${line}: ${why}`);
}

export class Fields {
  readonly #members: Readonly<Record<string, unknown>>;
  readonly #place: Place;

  /** @throws CausewayError `invalid-history` if `parsed` is not an object. */
  constructor(parsed: unknown, place: Place, what: string) {
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      refuseLine(place, `${what} is not a JSON object`);
    }
    this.#members = parsed as Readonly<Record<string, unknown>>;
    this.#place = place;
  }

  refuse(why: string): never {
    return refuseLine(this.#place, why);
  }

  has(name: string): boolean {
    return this.#member(name) !== undefined;
  }

  text(name: string): string {
    const member = this.#member(name);
    return typeof member === 'string' ? member : this.refuse(`"${name}" is not a text`);
  }

  textIf<N extends string>(name: N): { readonly [K in N]?: string } {
    return this.has(name) ? this.#one(name, this.text(name)) : {};
  }

  oneOf<T extends string>(name: string, choices: readonly T[]): T {
    const member = this.#member(name);
    const found = choices.find((choice) => choice === member);
    return found ?? this.refuse(`"${name}" is none of ${choices.join(', ')}`);
  }

  number(name: string): number {
    const member = this.#member(name);
    return typeof member === 'number' ? member : this.refuse(`"${name}" is not a number`);
  }

  whole(name: string): number {
    const number = this.number(name);
    return Number.isSafeInteger(number) && number >= 0 ? number : this.refuse(`"${name}" is not a whole number`);
  }

  flag(name: string): boolean {
    const member = this.#member(name);
    return typeof member === 'boolean' ? member : this.refuse(`"${name}" is neither true nor false`);
  }

  /** What is left out counts as `null`. */
  value(name: string): Value {
    return (this.#member(name) ?? null) as Value;
  }

  valuesIf<N extends string>(name: N): { readonly [K in N]?: readonly Value[] } {
    return this.has(name) ? this.#one(name, this.list(name) as readonly Value[]) : {};
  }

  /** Left out, it is empty. */
  list(name: string): readonly unknown[] {
    const member = this.#member(name) ?? [];
    return Array.isArray(member) ? member : this.refuse(`"${name}" is not a list`);
  }

  /** The members of a list, or of what `name` holds. */
  inside(parsed: unknown, name: string): Fields {
    return new Fields(parsed, this.#place, `what "${name}" holds`);
  }

  /** `null` says as much as nothing at all. */
  #member(name: string): unknown {
    return (Object.hasOwn(this.#members, name) ? this.#members[name] : undefined) ?? undefined;
  }

  #one<N extends string, T>(name: N, member: T): { readonly [K in N]: T } {
    return { [name]: member } as { readonly [K in N]: T };
  }
}

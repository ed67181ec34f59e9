/**
 * The parts that the schemas of the HTTP API are made of, and the types they stand for. Plain JSON Schema literals
 * rather than a builder, because the builder costs every process a fifth of a second to load.
 */
import type { XStatic } from 'typebox/schema';

/** The values a schema accepts, as a type. */
export type Shape<S> = Frozen<XStatic<S>>;

type Frozen<T> = T extends readonly (infer E)[]
  ? readonly Frozen<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** Members that all have the same schema. */
export function alike<const N extends string, const S>(names: readonly N[], schema: S): { readonly [K in N]: S } {
  return Object.fromEntries(names.map((name) => [name, schema])) as { readonly [K in N]: S };
}

export const text = { type: 'string' } as const;
export const flag = { type: 'boolean' } as const;
export const count = { type: 'integer', minimum: 0 } as const;
export const textOrNull = { anyOf: [{ type: 'string' }, { type: 'null' }] } as const;
export const numberOrNull = { anyOf: [{ type: 'number' }, { type: 'null' }] } as const;
/** Highest counter by origin. */
export const vector = { type: 'object', additionalProperties: { type: 'integer', minimum: 1 } } as const;

/** Checking JSON from outside against a schema, with a sentence that says what is wrong and where. */
import { Compile, type Validator, type XSchema } from 'typebox/schema';
import type { Shape } from './shape.js';

export type Checked<T> =
  | { readonly kind: 'valid'; readonly value: T }
  | { readonly kind: 'invalid'; readonly reason: string };

/** A function that tells values of the schema from others. The schema is compiled when it is first needed. */
export function validatorOf<const S extends XSchema>(schema: S): (value: unknown) => Checked<Shape<S>> {
  let compiled: Validator | undefined;
  return (value) => {
    compiled ??= Compile(schema as XSchema);
    if (compiled.Check(value)) return { kind: 'valid', value: value as Shape<S> };
    return { kind: 'invalid', reason: reasonOf(compiled, value) };
  };
}

function reasonOf(compiled: Validator, value: unknown): string {
  const [, errors] = compiled.Errors(value);
  // A member too many is reported twice; the second report names it.
  const error = errors.find(({ keyword }) => keyword !== 'boolean') ?? errors[0];
  if (error === undefined) return 'it has not the expected form';
  const where = error.instancePath === '' ? 'it' : error.instancePath.slice(1).replaceAll('/', '.');
  switch (error.keyword) {
    case 'required':
      return `${where} lacks ${error.params.requiredProperties.join(', ')}`;
    case 'additionalProperties':
      return `${where} has the unknown member ${error.params.additionalProperties.join(', ')}`;
    case 'enum':
      return `${where} must be one of ${error.params.allowedValues.join(', ')}`;
    default:
      return `${where} ${error.message}`;
  }
}

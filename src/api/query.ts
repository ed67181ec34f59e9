/**
 * The query of a request target, strict: a parameter that the route does not know is refused, because a misspelt one
 * that is ignored answers another question than was asked.
 */
import { DecodeError } from '../base/bytes.js';
import { percentDecode } from './percent.js';
import { quoted, refuse } from './refuse.js';

export class Query {
  static readonly EMPTY = new Query(new Map());

  readonly #values: ReadonlyMap<string, readonly string[]>;

  private constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** `text` without its question mark, undefined if there was none. `+` is a space. @throws CausewayError `invalid-request` */
  static parse(text: string | undefined, allowed: readonly string[]): Query {
    if (text === undefined || text === '') return Query.EMPTY;
    const values = new Map<string, string[]>();
    for (const part of text.split('&')) {
      if (part === '') continue;
      const at = part.indexOf('=');
      const name = decode(at < 0 ? part : part.slice(0, at));
      if (!allowed.includes(name)) return refuse(unknownParameter(name, allowed));
      const value = at < 0 ? '' : decode(part.slice(at + 1));
      const known = values.get(name);
      if (known === undefined) values.set(name, [value]);
      else known.push(value);
    }
    return new Query(values);
  }

  /** The value of a parameter that may be given once. @throws CausewayError `invalid-request` */
  one(name: string): string | undefined {
    const values = this.#values.get(name);
    if (values !== undefined && values.length > 1) return refuse(`The parameter "${name}" is given more than once.`);
    return values?.[0];
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
}

function decode(text: string): string {
  try {
    return percentDecode(text.replaceAll('+', ' '));
  } catch (error) {
    if (error instanceof DecodeError) return refuse(`The query is not percent-encoded UTF-8: ${error.message}.`);
    throw error;
  }
}

function unknownParameter(name: string, allowed: readonly string[]): string {
  if (allowed.length === 0) return `The parameter ${quoted(name)} is unknown; this route has none.`;
  return `The parameter ${quoted(name)} is unknown; this route has ${allowed.join(', ')}.`;
}

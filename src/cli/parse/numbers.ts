/** Numbers on the command line. */
import { CausewayError } from '../../base/errors.js';

/** A probability as `0.1` or `10%`. @throws CausewayError `invalid-config` outside of 0 to 1. */
export function parseProbability(text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(%)?$/.exec(text.trim());
  const value = match === null ? Number.NaN : Number(match[1]) / (match[2] === undefined ? 1 : 100);
  if (value >= 0 && value <= 1) return value;
  throw new CausewayError('invalid-config', `"${text}" is not a probability: write it as 0.1 or 10%`);
}

/** A parser of whole numbers between `min` and `max`. It throws CausewayError `invalid-config`. */
export function parseWhole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new CausewayError('invalid-config', `"${text}" is not a whole number between ${min} and ${max}`);
  };
}

/**
 * Makes `toEqual` see inside version vectors, whose parts are private: without this any two are equal to it. Imported
 * for its effect by the tests that compare vectors, or values that contain them.
 */
import { expect } from 'vitest';
import { VersionVector } from '../../src/clocks/version-vector.js';

function areVectorsEqual(a: unknown, b: unknown): boolean | undefined {
  const isA = a instanceof VersionVector;
  const isB = b instanceof VersionVector;
  if (!isA && !isB) return undefined;
  return isA && isB && a.equals(b);
}

expect.addEqualityTesters([areVectorsEqual]);

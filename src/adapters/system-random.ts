/** The randomness port over the operating system's cryptographic source, read in batches because a call costs much more than its bytes. */
import { randomFillSync } from 'node:crypto';
import type { Random } from '../ports/random.js';

const BATCH_WORDS = 256;

export function createSystemRandom(): Random {
  const batch = new Uint32Array(BATCH_WORDS);
  let next = BATCH_WORDS;

  function u32(): number {
    if (next === BATCH_WORDS) {
      randomFillSync(batch);
      next = 0;
    }
    const word = batch[next] ?? 0;
    // What was handed out is not kept, so a core dump shows no number that is in use.
    batch[next] = 0;
    next += 1;
    return word;
  }

  return {
    u32,
    /** 53 random bits: every double in [0, 1) that is a multiple of 2^-53 is equally likely. */
    float: () => ((u32() >>> 5) * 2 ** 26 + (u32() >>> 6)) / 2 ** 53,
  };
}

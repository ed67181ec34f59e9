/**
 * Bytes that are not what they claim to be, thrown at a decoder in great number. It must refuse each of them, or read from
 * it what encodes to exactly these bytes; and neither may take long or take more memory than the input warrants.
 */
import { getHeapStatistics } from 'node:v8';
import { Script } from 'node:vm';
import fc from 'fast-check';
import { DecodeError } from '../../src/base/bytes.js';
import { runSeed, type SeededRandom, seededRandom } from '../support/seeded-random.js';

export interface Target {
  /** Inputs that it must accept, from which the others are made. */
  readonly samples: readonly Uint8Array[];
  /** Read, and encode again; undefined if it was refused. Throws nothing but `DecodeError`, which is a refusal too. */
  readonly read: (bytes: Uint8Array) => Uint8Array | undefined;
  /** Make the checksums of damaged bytes fit, so that what is behind them is reached. */
  readonly seal?: (bytes: Uint8Array) => Uint8Array;
}

export const SEED = runSeed();

const ROUNDS = 1_500;
/** A batch of inputs takes milliseconds; one that never ends must end the test. */
const HANG_MS = 15_000;
const MEMORY_BASE_BYTES = 2 * 1024 * 1024;
const MEMORY_PER_BYTE = 200;
/** Counts and lengths that nobody has: as varints, and as fixed numbers. */
const INSETS: readonly (readonly number[])[] = [
  [0x00],
  [0xff, 0x7f],
  [0xff, 0xff, 0x03],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
];

/** Values of an arbitrary, encoded: the same ones for the same seed. */
export function samplesOf<T>(values: fc.Arbitrary<T>, encode: (value: T) => Uint8Array, count = 16): Uint8Array[] {
  return fc.sample(values, { numRuns: count, seed: SEED }).map(encode);
}

/** @throws with the seed and the input if the target does what it must not */
export function attack(
  target: Target,
  rounds = ROUNDS,
  hangMs = HANG_MS,
): { readonly refused: number; readonly read: number } {
  const random = seededRandom(SEED);
  const counts = { refused: 0, read: 0 };
  const run = (input: Uint8Array): void => {
    const bytes = input.slice();
    const encoded = measured(target, bytes);
    counts[encoded === undefined ? 'refused' : 'read'] += 1;
    if (!Buffer.from(bytes).equals(input)) throw new Error('the input was changed');
    if (encoded !== undefined && !Buffer.from(encoded).equals(input)) throw new Error('it encodes to something else');
  };
  let current: Uint8Array = new Uint8Array(0);
  const all = (): void => {
    for (current of target.samples) {
      run(current);
      if (counts.refused > 0) throw new Error('a sound input was refused');
    }
    for (let i = 0; i < rounds; i += 1) {
      const damaged = damage(random, target.samples);
      current = target.seal !== undefined && random.chance(0.8) ? target.seal(damaged) : damaged;
      run(current);
    }
  };
  try {
    unlessItHangs(all, hangMs);
  } catch (error) {
    const input = Buffer.from(current).toString('hex');
    throw new Error(`SEED=${SEED}, input ${input.slice(0, 4_000)}: ${String(error)}`, { cause: error });
  }
  return counts;
}

function measured(target: Target, bytes: Uint8Array): Uint8Array | undefined {
  const before = memoryBytes();
  const encoded = readOrRefuse(target, bytes);
  const taken = memoryBytes() - before;
  if (taken > MEMORY_BASE_BYTES + MEMORY_PER_BYTE * bytes.length) throw new Error(`it took ${taken} bytes of memory`);
  return encoded;
}

function readOrRefuse({ read }: Target, bytes: Uint8Array): Uint8Array | undefined {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** What is in use, garbage that was not collected included. */
function memoryBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}

/** The engine itself stops a loop that has no end. */
function unlessItHangs(task: () => void, timeout: number): void {
  const holder = globalThis as { underAttack?: () => void };
  holder.underAttack = task;
  new Script('globalThis.underAttack()').runInThisContext({ timeout });
}

/** One to four injuries to one of the samples; sometimes nothing but noise. */
export function damage(random: SeededRandom, samples: readonly Uint8Array[]): Uint8Array {
  if (random.chance(0.05)) return noise(random, random.int(300));
  let bytes = random.pick(samples);
  for (let injuries = 1 + random.int(4); injuries > 0; injuries -= 1) bytes = injure(random, bytes, samples);
  return bytes;
}

function injure(random: SeededRandom, bytes: Uint8Array, samples: readonly Uint8Array[]): Uint8Array {
  const at = random.int(bytes.length + 1);
  const until = Math.min(bytes.length, at + 1 + random.int(8));
  const [head, middle, tail] = [bytes.subarray(0, at), bytes.subarray(at, until), bytes.subarray(until)];
  const other = random.pick(samples);
  switch (random.int(8)) {
    case 0:
      return joined(
        head,
        middle.map((byte) => byte ^ (1 << random.int(8))),
        tail,
      );
    case 1:
      return joined(head, tail);
    case 2:
      return joined(head, middle, middle, tail);
    case 3:
      return head.slice();
    case 4:
      return joined(head, noise(random, 1 + random.int(6)), middle, tail);
    case 5:
      return joined(head, Uint8Array.from(random.pick(INSETS)), random.chance(0.5) ? middle : tail, tail);
    case 6:
      return joined(head, other.subarray(random.int(other.length + 1)));
    default:
      return joined(head, Uint8Array.from(random.pick(INSETS)), tail);
  }
}

function noise(random: SeededRandom, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.int(256));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

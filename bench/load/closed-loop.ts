/** Clients that each have one request under way: how many operations get through, and how long each takes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadClient, Refused } from './operations.js';

const PREPARATION_TIMEOUT_MS = 20_000;
const POLL_MS = 10;

export interface LoopOptions {
  readonly clients: readonly LoadClient[];
  /** Operations that complete before this are not counted. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** Keys are drawn uniformly from this many. */
  readonly keys: number;
  /** Decides the sequence of keys of every client. */
  readonly seed: number;
  /** In milliseconds; the machine's monotonic clock unless a test has one of its own. */
  readonly now?: () => number;
}

export interface LoopResult {
  /** Of operations that were acknowledged while it was measured, in microseconds, in rising order. */
  readonly latenciesUs: Float64Array;
  readonly refused: number;
  /** The first refusal, as the server put it. */
  readonly refusal: string | undefined;
  readonly measuredMs: number;
}

/** Runs the loop to its end. @throws Error if a connection breaks: a load with fewer clients is another load. */
export async function runClosedLoop(options: LoopOptions): Promise<LoopResult> {
  const { clients, warmUpMs, measureMs, keys, seed, now = () => performance.now() } = options;
  const samples = new Samples();
  const fromMs = now() + warmUpMs;
  const untilMs = fromMs + measureMs;
  let refused = 0;
  let refusal: string | undefined;
  const loop = async (client: LoadClient, number: number): Promise<void> => {
    const nextKey = keySequence(seed + number, keys);
    for (let startedMs = now(); startedMs < untilMs; ) {
      let acknowledged = true;
      try {
        await client.run(nextKey());
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        acknowledged = false;
        refusal ??= error.message;
      }
      const endedMs = now();
      if (endedMs >= fromMs && endedMs < untilMs) {
        if (acknowledged) samples.add((endedMs - startedMs) * 1_000);
        else refused += 1;
      }
      startedMs = endedMs;
    }
  };
  await Promise.all(clients.map(loop));
  return { latenciesUs: samples.sorted(), refused, refusal, measuredMs: measureMs };
}

/** Every key once, shared out among the clients, so that reads find something. @throws Error if one is refused for long. */
export async function writeEveryKey(clients: readonly LoadClient[], keys: number): Promise<void> {
  let next = 0;
  const share = async (client: LoadClient): Promise<void> => {
    for (let key = next++; key < keys; key = next++) await untilDone(() => client.run(key));
  };
  await Promise.all(clients.map(share));
}

/** Copies may be a moment behind: asks until every key is there. @throws Error if one is not for long. */
export async function untilEveryKeyIsRead(reader: LoadClient, keys: number): Promise<void> {
  for (let key = 0; key < keys; key += 1) await untilDone(() => reader.run(key));
}

/** For what is not measured: a server that has just started may refuse for a moment. */
async function untilDone(operation: () => Promise<void>): Promise<void> {
  const deadlineMs = performance.now() + PREPARATION_TIMEOUT_MS;
  for (;;) {
    try {
      return await operation();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
      await sleep(POLL_MS);
    }
  }
}

/** A growing list of numbers that is cheap to add to: it must not show in what it measures. */
class Samples {
  #values = new Float64Array(65_536);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  sorted(): Float64Array {
    return this.#values.slice(0, this.#count).sort();
  }
}

/** xorshift32 (Marsaglia 2003): the same keys in every run, for every system. */
function keySequence(seed: number, keys: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % keys;
  };
}

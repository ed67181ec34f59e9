/** What is measured: operations named by what they promise, so that only like is compared with like. */

export const OPERATIONS = [
  /** Ordered among all operations of a key, durable on a majority before it is acknowledged. */
  'linearizable write',
  /** Observes every write that was acknowledged before it began. */
  'linearizable read',
  /** Durable on a majority before it is acknowledged, but not ordered by one. */
  'replicated write',
  /** Durable on the server that was asked before it is acknowledged. */
  'local write',
  /** Answered by the server that was asked from what it has, within the promises of a session. */
  'local read',
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** What a refused operation is: counted, never timed, and the client goes on. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** One client with a connection of its own. Keys are numbers; how a system spells them is its client's business. */
export interface LoadClient {
  /** @throws Refused if the server says no; any other error means that the connection is gone. */
  run(key: number): Promise<void>;
  close(): void;
}

/** The name of a key, the same length for all keys and systems. */
export function keyName(key: number): string {
  return `bench/${String(key).padStart(6, '0')}`;
}

/** @throws Error if a read did not bring the value that was written: it would have been too cheap. */
export function checkValue(bytes: Uint8Array | undefined, expected: Uint8Array): void {
  if (bytes?.length !== expected.length) {
    throw new Error(`a read brought ${bytes?.length ?? 'no'} bytes instead of ${expected.length}`);
  }
}

/** Letters that are not all the same, and the same in every run. */
export function valueOfSize(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => 97 + ((i * 7) % 26));
}

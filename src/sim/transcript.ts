/**
 * What happened in a run, in order. Always as a digest, by which two runs are compared; on request as text, of which every
 * byte is the same whenever and wherever the same seed runs.
 */

import { utf8Encode } from '../base/bytes.js';
import { crc32 } from '../base/checksum.js';
import type { ReplicaId } from '../base/ids.js';

/** Where a message carries its own checksum: enough to tell it from others. */
const CHECKSUM_BYTES = 16;

export class Transcript {
  readonly #nowMs: () => number;
  readonly #lines: string[] | undefined;
  #a = 0x9e3779b9;
  #b = 0x7f4a7c15;

  constructor(nowMs: () => number, keepsText: boolean) {
    this.#nowMs = nowMs;
    this.#lines = keepsText ? [] : undefined;
  }

  note(line: string): void {
    this.#mixTime();
    this.#mix(crc32(utf8Encode(line)));
    this.#lines?.push(`${this.#nowMs().toFixed(3)} ${line}\n`);
  }

  message(from: ReplicaId, to: ReplicaId, bytes: Uint8Array, copies: number): void {
    this.#mixTime();
    this.#mix(crc32(bytes.subarray(0, CHECKSUM_BYTES), bytes.length * 4 + copies));
    if (this.#lines === undefined) return;
    const fate = copies === 0 ? 'lost' : copies === 1 ? 'sent' : 'doubled';
    this.#lines.push(`${this.#nowMs().toFixed(3)} ${from}>${to} ${fate} ${bytes.length} ${hex(crc32(bytes))}\n`);
  }

  /** 16 hexadecimal digits. */
  get digest(): string {
    return hex(this.#a) + hex(this.#b);
  }

  /** All of it, if it was kept. */
  get text(): string {
    return (this.#lines ?? []).join('');
  }

  #mixTime(): void {
    const nowUs = Math.round(this.#nowMs() * 1000);
    this.#mix(nowUs % 2 ** 32);
  }

  #mix(word: number): void {
    this.#a = (Math.imul(this.#a ^ word, 0x85ebca6b) + 0x165667b1) >>> 0;
    this.#a = (this.#a ^ (this.#a >>> 15)) >>> 0;
    this.#b = (Math.imul(this.#b + this.#a, 0xc2b2ae35) ^ (this.#b >>> 13)) >>> 0;
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

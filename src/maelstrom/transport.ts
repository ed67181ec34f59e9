/**
 * The transport port over Maelstrom's network: what a replica sends travels as text, in messages of a type of our own. The
 * network loses, delays and reorders them like any other, and a message to oneself is not sent at all.
 */
import { base64UrlDecode, base64UrlEncode } from '../base/base64url.js';
import { DecodeError } from '../base/bytes.js';
import type { ReplicaId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Transport, TransportStatus } from '../ports/transport.js';
import type { JsonObject } from './json.js';

/** Type of the messages between replicas. */
export const PEER_MESSAGE = 'causeway';

const PAYLOAD_MAX_BYTES = LIMITS.messageMaxBytes + 64 * 1024;

export interface MaelstromTransportOptions {
  readonly self: ReplicaId;
  /** All nodes, this one included. */
  readonly nodes: readonly ReplicaId[];
  readonly send: (dest: ReplicaId, body: JsonObject) => void;
}

export class MaelstromTransport implements Transport {
  readonly #options: MaelstromTransportOptions;
  #handler: (bytes: Uint8Array) => void = () => {};
  #closed = false;

  constructor(options: MaelstromTransportOptions) {
    this.#options = options;
  }

  send(to: ReplicaId, bytes: Uint8Array): void {
    this.#sendTo(
      this.#options.nodes.filter((node) => node === to),
      bytes,
    );
  }

  broadcast(bytes: Uint8Array): void {
    this.#sendTo(this.#options.nodes, bytes);
  }

  onMessage(handler: (bytes: Uint8Array) => void): void {
    this.#handler = handler;
  }

  /** It never changes: whether the network carries anything cannot be seen from here. */
  onStatus(): void {}

  status(): TransportStatus {
    return { connected: !this.#closed, description: 'maelstrom' };
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#handler = () => {};
    return Promise.resolve();
  }

  /** A message of another node. Returns whether it was one. */
  receive(from: string, body: JsonObject): boolean {
    const { bytes } = body;
    const isPeer = this.#options.nodes.some((node) => node === from && node !== this.#options.self);
    if (!isPeer || typeof bytes !== 'string') return false;
    let payload: Uint8Array;
    try {
      payload = base64UrlDecode(bytes);
    } catch (error) {
      if (error instanceof DecodeError) return false;
      throw error;
    }
    this.#handler(payload);
    return true;
  }

  #sendTo(nodes: readonly ReplicaId[], bytes: Uint8Array): void {
    if (this.#closed || bytes.length > PAYLOAD_MAX_BYTES) return;
    const others = nodes.filter((node) => node !== this.#options.self);
    if (others.length === 0) return;
    const body = { type: PEER_MESSAGE, bytes: base64UrlEncode(bytes) };
    for (const node of others) this.#options.send(node, body);
  }
}

/**
 * The transport port: unordered, lossy, at-most-once datagrams between the members of one cluster. Nothing is promised
 * but that a delivered message is one that was sent; loss, duplication, reordering and delay are the cores' business.
 */
import type { ReplicaId } from '../base/ids.js';

export interface TransportStatus {
  readonly connected: boolean;
  /** What carries the messages: `nats-server 2.9.10`, `embedded`, `memory`. */
  readonly description: string;
}

/**
 * Duties of an adapter: `send` and `broadcast` never block, never throw while open, and drop silently when
 * disconnected; a broadcast is not delivered to its sender; handlers run one at a time, and `bytes` are theirs to keep.
 * Reconnecting for ever is the adapter's task. Payloads are at most `LIMITS.messageMaxBytes` + 64 KiB; a larger one is
 * dropped like any other loss. What one sends to one's own id does not arrive.
 * Duties of a caller: bytes handed over are not changed afterwards.
 */
export interface Transport {
  send(to: ReplicaId, bytes: Uint8Array): void;
  broadcast(bytes: Uint8Array): void;
  /** Install the one receiver, in place of the one before. Messages that arrive before are dropped. */
  onMessage(handler: (bytes: Uint8Array) => void): void;
  /** Called on every change of `status().connected`. */
  onStatus(handler: (status: TransportStatus) => void): void;
  status(): TransportStatus;
  /** Sends what is buffered, then disconnects. */
  close(): Promise<void>;
}

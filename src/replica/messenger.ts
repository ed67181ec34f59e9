/**
 * Between the transport and whoever speaks through it: envelopes out, envelopes in, each message to its plane. What
 * cannot be read is refused and counted, and said once a second at most.
 */

import { assert } from '../base/assert.js';
import { DecodeError } from '../base/bytes.js';
import { type ReplicaId, replicaOf } from '../base/ids.js';
import type { MemberId } from '../consensus/configuration.js';
import type { CommitNews, Message as RaftMessage } from '../consensus/messages.js';
import type { Random } from '../ports/random.js';
import type { Time } from '../ports/time.js';
import type { Trace } from '../ports/trace.js';
import type { Transport } from '../ports/transport.js';
import type { PlaneMessage } from '../replication/messages.js';
import { Outgoing } from './outgoing.js';
import { type AuditMessage, auditKindOf, decodeAudit, encodeAudit, isAuditKind } from './wire/audit-codec.js';
import { partsOf } from './wire/bundle.js';
import { decodeEnvelope, type EnvelopeRefusal, type Sender } from './wire/envelope.js';
import { FRAGMENT_KIND, fragmentPayloads, needsFragments, Reassembly } from './wire/fragments.js';
import { decodeGossip, encodeGossip, type GossipMessage, gossipKindOf, isGossipKind } from './wire/gossip-codec.js';
import { decodeOrder, encodeOrder, isOrderKind, type OrderMessage, orderKindOf } from './wire/order-codec.js';
import { decodePlaneMessage, encodePlaneMessage, isPlaneKind, planeKindOf } from './wire/plane-codec.js';
import { decodeRaft, encodeRaft, isRaftKind, raftKindOf } from './wire/raft-codec.js';

export type RefusalReason = EnvelopeRefusal | 'stranger' | 'unknown-kind';

export interface MessengerOptions {
  /** Read at each message: the incarnation may change. */
  readonly self: () => Sender;
  /** The sender may speak on the planes; gossip is heard of everybody in the cluster. */
  readonly isMember: (sender: Sender) => boolean;
  readonly transport: Transport;
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  readonly onPlane: (from: Sender, message: PlaneMessage) => void;
  readonly onAudit: (from: Sender, message: AuditMessage) => void;
  /** Absent at a replica without a total order. The sender's incarnation is the message's `from`. */
  readonly onRaft?: (from: Sender, message: RaftMessage) => void;
  /** Gossip of any sender, one with our own id included. */
  readonly onGossip: (from: Sender, message: GossipMessage) => void;
  /** Absent in a replica without a total order, which refuses such messages. */
  readonly onOrder?: (from: Sender, message: OrderMessage) => void;
  /** What a message led to leaves nothing to go on from; absent where that is thrown instead. */
  readonly onFatal?: (error: unknown) => void;
}

export class Messenger {
  readonly #options: MessengerOptions;
  readonly #outgoing: Outgoing;
  readonly #reassembly = new Reassembly();
  readonly #refused = new Map<RefusalReason, number>();
  #lastReportMs = Number.NEGATIVE_INFINITY;

  constructor(options: MessengerOptions) {
    const { self, transport, time } = options;
    this.#options = options;
    this.#outgoing = new Outgoing(self, transport, time);
  }

  /** Begin to receive. */
  open(): void {
    this.#options.transport.onMessage((bytes) => this.#receive(bytes));
  }

  sendPlane(to: ReplicaId | 'all', message: PlaneMessage): void {
    this.#send(to, planeKindOf(message), encodePlaneMessage(message));
  }

  sendGossip(to: ReplicaId | 'all', message: GossipMessage): void {
    this.#send(to, gossipKindOf(message), encodeGossip(message));
  }

  sendAudit(to: ReplicaId, message: AuditMessage): void {
    this.#send(to, auditKindOf(message), encodeAudit(message));
  }

  sendOrder(to: ReplicaId | 'all', message: OrderMessage): void {
    this.#send(to, orderKindOf(message), encodeOrder(message));
  }

  /** What the total order says at the end of its turn leaves at once, and all that waits with it. */
  sendRaft(messages: readonly RaftMessage[]): void {
    if (messages.length === 0) return;
    for (const message of messages) {
      const to = replicaOfMember(message.to);
      if (message.kind === 'append') this.#outgoing.unmention(to);
      this.#send(to, raftKindOf(message), encodeRaft(message));
    }
    this.#outgoing.flush();
  }

  /** What the total order says and nobody waits for leaves with something else to the same member, or a little later. */
  mentionRaft(news: readonly CommitNews[]): void {
    for (const message of news) {
      const part = { kind: raftKindOf(message), payload: encodeRaft(message) };
      this.#outgoing.mention(replicaOfMember(message.to), part);
    }
  }

  /** What was said and has not left yet leaves now. Messages leave at the end of the turn by themselves. */
  close(): void {
    this.#outgoing.close();
  }

  /** Messages refused so far, by reason. */
  get refused(): ReadonlyMap<RefusalReason, number> {
    return this.#refused;
  }

  #send(to: ReplicaId | 'all', kind: number, payload: Uint8Array): void {
    if (!needsFragments(payload)) {
      this.#outgoing.add(to, { kind, payload });
      return;
    }
    for (const part of fragmentPayloads(kind, payload, this.#options.random.u32())) {
      this.#outgoing.add(to, { kind: FRAGMENT_KIND, payload: part });
    }
  }

  #receive(bytes: Uint8Array): void {
    const self = this.#options.self();
    const result = decodeEnvelope(self.cluster, bytes);
    if (result.kind === 'refused') {
      this.#refuse(result.why);
      return;
    }
    const { sender } = result.envelope;
    if (sender.replica === self.replica && sender.boot === self.boot) return;
    // A part that cannot be read does not spoil the others.
    this.#orRefuse(() => {
      for (const { kind, payload } of partsOf(result.envelope)) {
        this.#orRefuse(() => this.#dispatch(sender, kind, payload));
      }
    });
  }

  #orRefuse(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (error instanceof DecodeError) this.#refuse('malformed');
      else this.#die(error);
    }
  }

  #dispatch(sender: Sender, kind: number, payload: Uint8Array): void {
    const own = sender.replica === this.#options.self().replica;
    if (isGossipKind(kind)) this.#options.onGossip(sender, decodeGossip(kind, payload));
    else if (own) return;
    else if (isRaftKind(kind) && this.#options.onRaft !== undefined) {
      this.#options.onRaft(sender, decodeRaft(sender.origin, kind, payload));
    } else if (kind === FRAGMENT_KIND) {
      const whole = this.#reassembly.add(`${sender.origin}/${sender.boot}`, payload);
      if (whole !== undefined) this.#dispatch(sender, whole.kind, whole.payload);
    } else this.#dispatchOfMember(sender, kind, payload);
  }

  #dispatchOfMember(sender: Sender, kind: number, payload: Uint8Array): void {
    const { isMember, onPlane, onAudit, onOrder } = this.#options;
    const isKnown = isPlaneKind(kind) || isAuditKind(kind) || (isOrderKind(kind) && onOrder !== undefined);
    if (!isKnown) this.#refuse('unknown-kind');
    else if (!isMember(sender)) this.#refuse('stranger');
    else if (isPlaneKind(kind)) onPlane(sender, decodePlaneMessage(kind, payload));
    else if (isAuditKind(kind)) onAudit(sender, decodeAudit(kind, payload));
    else onOrder?.(sender, decodeOrder(kind, payload));
  }

  /** What a message led to, a damaged record or a broken invariant, is not the transport's to hear of. */
  #die(error: unknown): void {
    const { onFatal } = this.#options;
    if (onFatal === undefined) throw error;
    onFatal(error);
  }

  #refuse(reason: RefusalReason): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1);
    const now = this.#options.time.monotonicMs();
    if (now - this.#lastReportMs < 1_000) return;
    this.#lastReportMs = now;
    this.#options.trace({
      name: 'transport.message-refused',
      level: 'warn',
      facts: { reason, refused: Object.fromEntries(this.#refused) },
    });
  }
}

function replicaOfMember(member: MemberId): ReplicaId {
  const replica = replicaOf(member);
  assert(replica !== undefined, 'a member that is no replica', { member });
  return replica;
}

/**
 * The one place every byte between replicas passes when faults are enabled: a transport that loses, delays and doubles
 * messages as the fault table says. Cuts hold in both directions at either side; the faults of a link are applied by
 * its sender, or by its receiver if the sender was not told. A message is what passes here in one piece: all that one turn
 * of its sender said to one destination, whose parts share its fate as they would in one packet.
 */
import type { ReplicaId } from '../../base/ids.js';
import type { Random } from '../../ports/random.js';
import type { Time } from '../../ports/time.js';
import type { Transport, TransportStatus } from '../../ports/transport.js';
import { isShaped, markShaped, peekSender } from '../wire/envelope.js';
import type { LinkFault } from './fault-control.js';
import type { FaultTable } from './fault-table.js';

/** Messages held back by delays at one time; beyond it a link loses what it cannot hold. */
const HELD_MAX = 100_000;

export class FaultFilter implements Transport {
  readonly #self: ReplicaId;
  /** Everybody that a broadcast is for; asked at each. */
  readonly #audience: () => readonly ReplicaId[];
  readonly #inner: Transport;
  readonly #table: FaultTable;
  readonly #time: Time;
  readonly #random: Random;
  #held = 0;
  #closed = false;

  constructor(
    self: ReplicaId,
    audience: () => readonly ReplicaId[],
    inner: Transport,
    table: FaultTable,
    time: Time,
    random: Random,
  ) {
    this.#self = self;
    this.#audience = audience;
    this.#inner = inner;
    this.#table = table;
    this.#time = time;
    this.#random = random;
  }

  send(to: ReplicaId, bytes: Uint8Array): void {
    if (!this.#table.quiet && this.#table.cut(this.#self, to)) return;
    const fault = this.#table.quiet ? undefined : this.#table.link(this.#self, to);
    if (fault === undefined) {
      this.#inner.send(to, bytes);
      return;
    }
    const shaped = markShaped(bytes);
    this.#shape(fault, () => this.#inner.send(to, shaped));
  }

  broadcast(bytes: Uint8Array): void {
    if (this.#table.quiet) this.#inner.broadcast(bytes);
    else for (const replica of this.#audience()) if (replica !== this.#self) this.send(replica, bytes);
  }

  onMessage(handler: (bytes: Uint8Array) => void): void {
    this.#inner.onMessage((bytes) => {
      const from = this.#table.quiet ? undefined : peekSender(bytes);
      const faulty = from !== undefined && from !== this.#self;
      if (faulty && this.#table.cut(from, this.#self)) return;
      const fault = faulty && !isShaped(bytes) ? this.#table.link(from, this.#self) : undefined;
      if (fault === undefined) handler(bytes);
      else this.#shape(fault, () => handler(bytes));
    });
  }

  onStatus(handler: (status: TransportStatus) => void): void {
    this.#inner.onStatus(handler);
  }

  status(): TransportStatus {
    return this.#inner.status();
  }

  /** What is held back is lost: neither side of this filter is there any more when its time comes. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#inner.close();
  }

  #shape(fault: LinkFault, pass: () => void): void {
    if (this.#random.float() < fault.drop) return;
    this.#hold(fault, pass);
    if (this.#random.float() < fault.duplicate) this.#hold(fault, pass);
  }

  /** A message that was in flight when a cut began arrives after it: packets on the wire do so too. */
  #hold(fault: LinkFault, pass: () => void): void {
    const delayMs = fault.delayMs + this.#random.float() * fault.jitterMs;
    if (delayMs <= 0) {
      pass();
      return;
    }
    if (this.#held >= HELD_MAX) return;
    this.#held += 1;
    this.#time.after(delayMs, () => {
      this.#held -= 1;
      if (!this.#closed) pass();
    });
  }
}

/** The time port with the clock fault's skew added to its wall clock. */
export function skewedTime(time: Time, table: FaultTable): Time {
  return {
    wallMs: () => time.wallMs() + table.skewMs(),
    monotonicMs: () => time.monotonicMs(),
    after: (delayMs, task) => time.after(delayMs, task),
    soon: (task) => time.soon(task),
  };
}

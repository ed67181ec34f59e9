/**
 * Gathers what one turn of the event loop has to say, so that it leaves together: one message for each destination, and
 * one write to the socket for all of them. A write wakes the server and every receiver, which costs more than most messages
 * do by themselves.
 *
 * What is for all leaves before what is for one replica, which may name it: a vector comes after the groups it counts. That saves
 * questions; nothing may rely on any order, for the transport promises none.
 */
import { assert } from '../base/assert.js';
import type { ReplicaId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Time } from '../ports/time.js';
import type { Transport } from '../ports/transport.js';
import { bundle, bundledBytes, type Part } from './wire/bundle.js';
import { encodeEnvelope, type Sender } from './wire/envelope.js';

type Destination = ReplicaId | 'all';

/** The parts of one message. */
interface Load {
  readonly parts: Part[];
  sizeBytes: number;
}

export class Outgoing {
  readonly #self: () => Sender;
  readonly #transport: Transport;
  readonly #time: Time;
  /** Whom all that waits is said by: the incarnation may change within a turn. */
  #sender: Sender | undefined;
  readonly #loads = new Map<Destination, Load>();
  #scheduled = false;

  /** @param self read at each message */
  constructor(self: () => Sender, transport: Transport, time: Time) {
    this.#self = self;
    this.#transport = transport;
    this.#time = time;
  }

  /** Leaves at the end of the turn, or with `flush`. */
  add(to: Destination, part: Part): void {
    const self = this.#self();
    if (this.#sender !== undefined && self.origin !== this.#sender.origin) this.flush();
    this.#sender = self;
    const load = this.#loads.get(to);
    const sizeBytes = bundledBytes(part);
    if (load === undefined) this.#loads.set(to, { parts: [part], sizeBytes });
    else if (load.sizeBytes + sizeBytes > LIMITS.messageMaxBytes) {
      this.#leave(to, load);
      this.#loads.set(to, { parts: [part], sizeBytes });
    } else {
      load.parts.push(part);
      load.sizeBytes += sizeBytes;
    }
    this.#schedule();
  }

  /** All that waits leaves now. */
  flush(): void {
    const toAll = this.#loads.get('all');
    if (toAll !== undefined) this.#leave('all', toAll);
    for (const [to, load] of this.#loads) if (to !== 'all') this.#leave(to, load);
    this.#loads.clear();
    this.#sender = undefined;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#time.soon(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #leave(to: Destination, { parts }: Load): void {
    assert(this.#sender !== undefined, 'somebody said what leaves', { to, parts: parts.length });
    const [first] = parts;
    const { kind, payload } = first !== undefined && parts.length === 1 ? first : bundle(parts);
    const bytes = encodeEnvelope(this.#sender, kind, payload);
    if (to === 'all') this.#transport.broadcast(bytes);
    else this.#transport.send(to, bytes);
  }
}

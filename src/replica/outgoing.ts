/**
 * Gathers what one turn of the event loop has to say, so that it leaves together: one message for each destination, and
 * one write to the socket for all of them. A write wakes the server and every receiver, which costs more than most messages
 * do by themselves.
 *
 * What is for all leaves before what is for one replica, which may name it: a vector comes after the groups it counts. That saves
 * questions; nothing may rely on any order, for the transport promises none.
 */
import { assert } from '../base/assert.js';
import type { Origin, ReplicaId } from '../base/ids.js';
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
  /** What leaves with something else, by destination, and whom it is said by. */
  readonly #mentions = new Map<ReplicaId, Part>();
  #mentioner: Origin | undefined;
  #cancelMentions: (() => void) | undefined;

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

  /** Leaves with what is said next to this replica, or after `LIMITS.gatherMs`; the newest takes the place of those before. */
  mention(to: ReplicaId, part: Part): void {
    const { origin } = this.#self();
    if (origin !== this.#mentioner) this.#mentions.clear();
    this.#mentioner = origin;
    this.#mentions.set(to, part);
    this.#cancelMentions ??= this.#time.after(LIMITS.gatherMs, () => this.#mentionNow());
  }

  /** What is being said to this replica says what was to be mentioned. */
  unmention(to: ReplicaId): void {
    if (!this.#mentions.delete(to) || this.#mentions.size > 0) return;
    this.#cancelMentions?.();
    this.#cancelMentions = undefined;
  }

  /** All that was said leaves now. */
  flush(): void {
    const toAll = this.#loads.get('all');
    if (toAll !== undefined) this.#leave('all', toAll);
    for (const [to, load] of this.#loads) if (to !== 'all') this.#leave(to, load);
    this.#loads.clear();
    this.#sender = undefined;
  }

  /** All that was said leaves now, and nothing is mentioned any more. */
  close(): void {
    for (const to of this.#mentions.keys()) this.unmention(to);
    this.flush();
  }

  #mentionNow(): void {
    this.#cancelMentions = undefined;
    const mentions = [...this.#mentions];
    this.#mentions.clear();
    if (this.#self().origin !== this.#mentioner) return;
    for (const [to, part] of mentions) this.add(to, part);
    this.flush();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Twice soon is after everything that was to be done soon when the first thing was said, which may say more.
    this.#time.soon(() =>
      this.#time.soon(() => {
        this.#scheduled = false;
        this.flush();
      }),
    );
  }

  #leave(to: Destination, { parts }: Load): void {
    assert(this.#sender !== undefined, 'somebody said what leaves', { to, parts: parts.length });
    const mention = to === 'all' ? undefined : this.#mentions.get(to);
    if (to !== 'all' && mention !== undefined) {
      this.unmention(to);
      if (this.#sender.origin === this.#mentioner) parts.push(mention);
    }
    const [first] = parts;
    const { kind, payload } = first !== undefined && parts.length === 1 ? first : bundle(parts);
    const bytes = encodeEnvelope(this.#sender, kind, payload);
    if (to === 'all') this.#transport.broadcast(bytes);
    else this.#transport.send(to, bytes);
  }
}

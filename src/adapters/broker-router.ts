/**
 * The embedded broker's post office: who subscribed to what, and where a publication goes. Knows no sockets; a
 * receiver is whatever takes deliveries.
 */
import type { Publication } from './nats-protocol.js';
import { SubjectTable } from './subject-table.js';

export interface Receiver {
  /** Whether it wants what it published itself. */
  readonly wantsEcho: boolean;
  /** Whether it wants to be told when nobody listens to its request. */
  readonly wantsNoResponders: boolean;
  deliver(subscription: Subscription, publication: Publication): void;
}

export interface Subscription {
  readonly receiver: Receiver;
  readonly sid: string;
  readonly pattern: string;
  delivered: number;
  /** Ends after this many deliveries; 0 is never. */
  max: number;
}

const NO_RESPONDERS = Buffer.from('NATS/1.0 503\r\n\r\n', 'latin1');

export class Router {
  readonly #table = new SubjectTable<Subscription>();
  readonly #subscriptions = new Map<Receiver, Map<string, Subscription>>();
  /** Turns the members of queue groups. */
  #turn = 0;

  /** A second subscription under the same `sid` changes nothing. */
  subscribe(receiver: Receiver, sid: string, pattern: string, queue: string | undefined): void {
    const own = this.#subscriptions.get(receiver) ?? new Map<string, Subscription>();
    this.#subscriptions.set(receiver, own);
    if (own.has(sid)) return;
    const subscription: Subscription = { receiver, sid, pattern, delivered: 0, max: 0 };
    own.set(sid, subscription);
    this.#table.add(pattern, queue, subscription);
  }

  /** @param max deliveries, counted from the start, after which it ends; 0 ends it now. */
  unsubscribe(receiver: Receiver, sid: string, max: number): void {
    const subscription = this.#subscriptions.get(receiver)?.get(sid);
    if (subscription === undefined) return;
    subscription.max = max;
    if (subscription.delivered >= max) this.#end(subscription);
  }

  countOf(receiver: Receiver): number {
    return this.#subscriptions.get(receiver)?.size ?? 0;
  }

  /** Forget a receiver that is gone. */
  remove(receiver: Receiver): void {
    for (const subscription of [...(this.#subscriptions.get(receiver)?.values() ?? [])]) this.#end(subscription);
    this.#subscriptions.delete(receiver);
  }

  publish(from: Receiver, publication: Publication): void {
    const { plain, groups } = this.#table.match(publication.subject);
    const mayReceive = ({ receiver }: Subscription): boolean => receiver !== from || from.wantsEcho;
    let reached = 0;
    for (const subscription of plain) {
      if (!mayReceive(subscription)) continue;
      this.#deliver(subscription, publication);
      reached += 1;
    }
    for (const group of groups) {
      const chosen = this.#choose(group, mayReceive);
      if (chosen === undefined) continue;
      this.#deliver(chosen, publication);
      reached += 1;
    }
    if (reached === 0 && publication.reply !== undefined && from.wantsNoResponders) {
      this.#reportNoResponders(from, publication.reply);
    }
  }

  #choose(group: readonly Subscription[], mayReceive: (one: Subscription) => boolean): Subscription | undefined {
    this.#turn = (this.#turn + 1) >>> 0;
    for (let step = 0; step < group.length; step += 1) {
      const candidate = group[(this.#turn + step) % group.length];
      if (candidate !== undefined && mayReceive(candidate)) return candidate;
    }
    return undefined;
  }

  #deliver(subscription: Subscription, publication: Publication): void {
    subscription.delivered += 1;
    subscription.receiver.deliver(subscription, publication);
    if (subscription.max > 0 && subscription.delivered >= subscription.max) this.#end(subscription);
  }

  /** Nobody listens: the requester is told at once through its own subscription to the reply subject. */
  #reportNoResponders(from: Receiver, reply: string): void {
    const { plain } = this.#table.match(reply);
    const own = plain.find(({ receiver }) => receiver === from);
    if (own === undefined) return;
    const headerBytes = NO_RESPONDERS.length;
    const payload = NO_RESPONDERS;
    this.#deliver(own, { kind: 'publish', subject: reply, reply: undefined, headerBytes, payload });
  }

  #end(subscription: Subscription): void {
    this.#subscriptions.get(subscription.receiver)?.delete(subscription.sid);
    this.#table.remove(subscription.pattern, subscription);
  }
}

/**
 * Maelstrom's part of a test: the network between the nodes, which delays, loses and cuts what it is told to, and the
 * clients, who are never cut off. It reads what nodes write as strictly as Maelstrom does.
 */
import type { JsonObject } from '../../src/maelstrom/json.js';
import type { Time } from '../../src/ports/time.js';
import type { SeededRandom } from './seeded-random.js';

/** What became of a request. Nobody knows whether it was carried out after anything but `ok` and a definite error. */
export type Reply =
  | { readonly kind: 'ok'; readonly body: JsonObject }
  | { readonly kind: 'error'; readonly code: number; readonly isDefinite: boolean; readonly text: string }
  | { readonly kind: 'timeout' };

/** The codes of Maelstrom's `resources/errors.edn` that say that nothing has happened. */
const DEFINITE = new Set([1, 10, 11, 12, 14, 20, 21, 22, 30]);

export class MaelstromNetwork {
  /** Share of the messages between nodes that are lost, and how long the others take at most. */
  loss = 0;
  delayMs = 1;
  /** Messages between nodes, and those of them that did not arrive. */
  readonly counts = { sent: 0, lost: 0 };
  readonly #time: Time;
  readonly #random: SeededRandom;
  readonly #nodes = new Map<string, (line: string) => void>();
  readonly #waiting = new Map<string, (body: JsonObject) => void>();
  #groups: readonly (readonly string[])[] | undefined;
  #clients = 0;

  constructor(time: Time, random: SeededRandom) {
    this.#time = time;
    this.#random = random;
  }

  /** From now on lines for the node come to `receive`, in place of the one before. */
  attach(node: string, receive: (line: string) => void): void {
    this.#nodes.set(node, receive);
  }

  detach(node: string): void {
    this.#nodes.delete(node);
  }

  /** Only nodes of the same group hear each other. */
  partition(...groups: readonly (readonly string[])[]): void {
    this.#groups = groups;
  }

  heal(): void {
    this.#groups = undefined;
  }

  /** A line that `node` has written. @throws Error if Maelstrom would not take it */
  written(node: string, line: string): void {
    const { src, dest, body } = JSON.parse(line) as { src: unknown; dest: unknown; body: JsonObject };
    if (src !== node || typeof dest !== 'string' || typeof body?.['type'] !== 'string') {
      throw new Error(`${node} wrote ${line}`);
    }
    const answered = this.#waiting.get(dest);
    if (dest.startsWith('c')) {
      this.#time.after(this.#random.float() * this.delayMs, () => answered?.(body));
      return;
    }
    this.counts.sent += 1;
    if (this.#isCut(node, dest) || this.#random.chance(this.loss)) this.counts.lost += 1;
    else this.#deliver(dest, line);
  }

  /** A request of a client that makes no other. */
  rpc(node: string, request: JsonObject, timeoutMs = 1_000): Promise<Reply> {
    this.#clients += 1;
    const client = `c${this.#clients}`;
    return new Promise((resolve) => {
      const settle = (reply: Reply) => {
        this.#waiting.delete(client);
        cancelTimer();
        resolve(reply);
      };
      const cancelTimer = this.#time.after(timeoutMs, () => settle({ kind: 'timeout' }));
      this.#waiting.set(client, (body) => settle(replyOf(request, body)));
      this.#deliver(node, JSON.stringify({ src: client, dest: node, body: { ...request, msg_id: 1 } }));
    });
  }

  #deliver(node: string, line: string): void {
    this.#time.after(this.#random.float() * this.delayMs, () => this.#nodes.get(node)?.(line));
  }

  #isCut(from: string, to: string): boolean {
    if (this.#groups === undefined) return false;
    return !this.#groups.some((group) => group.includes(from) && group.includes(to));
  }
}

function replyOf(request: JsonObject, body: JsonObject): Reply {
  const { type, in_reply_to: inReplyTo, code, text } = body;
  if (inReplyTo !== 1) throw new Error(`an answer to nothing: ${JSON.stringify(body)}`);
  if (type === `${String(request['type'])}_ok`) return { kind: 'ok', body };
  if (type !== 'error' || typeof code !== 'number') throw new Error(`no answer: ${JSON.stringify(body)}`);
  return { kind: 'error', code, isDefinite: DEFINITE.has(code), text: String(text) };
}

/**
 * A node of a Maelstrom test: a replica as production runs it, whose messages and requests come in one stream of lines.
 * Whatever a line holds, the node goes on; what cannot be answered is logged.
 */
import { CausewayError } from '../base/errors.js';
import { isReplicaId, parseClusterId, type ReplicaId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Random } from '../ports/random.js';
import type { Storage } from '../ports/storage.js';
import type { Time } from '../ports/time.js';
import type { Trace } from '../ports/trace.js';
import type { Replica } from '../replica/handle.js';
import { openReplica } from '../replica/open-replica.js';
import type { JsonObject } from './json.js';
import { errorBody, formatMessage, type Message, parseLine } from './message.js';
import { ProtocolError, protocolErrorOf } from './protocol-error.js';
import { MaelstromTransport, PEER_MESSAGE } from './transport.js';
import type { WorkloadName } from './workload-names.js';
import { Workloads } from './workloads.js';

export interface MaelstromNodeOptions {
  /** Called with whole lines. */
  readonly write: (line: string) => void;
  /** The storage of the node with this id. */
  readonly openStorage: (id: ReplicaId) => Promise<Storage>;
  readonly workload: WorkloadName | undefined;
  readonly time: Time;
  readonly random: Random;
  readonly trace: Trace;
  /** The process must end: storage failed, a data directory cannot be used, an invariant is broken. */
  readonly onFatal: (error: unknown) => void;
}

/** What a node is from its `init` on. */
interface Life {
  readonly id: ReplicaId;
  readonly nodes: readonly ReplicaId[];
  readonly transport: MaelstromTransport;
  readonly opened: Promise<Opened>;
}

interface Opened {
  readonly replica: Replica;
  readonly workloads: Workloads;
}

const CLUSTER = parseClusterId('maelstrom');

export class MaelstromNode {
  readonly #options: MaelstromNodeOptions;
  readonly #underWay = new Set<Promise<void>>();
  #life: Life | undefined;

  constructor(options: MaelstromNodeOptions) {
    this.#options = options;
  }

  /** One line of input, without its end. */
  receive(line: string): void {
    const parsed = parseLine(line);
    if (parsed.kind === 'malformed') {
      const { reason, sender } = parsed;
      this.#note('maelstrom.malformed', { reason });
      if (sender !== undefined) this.#refuse(sender, new ProtocolError('malformed-request', reason));
      return;
    }
    const { message } = parsed;
    if (message.type === PEER_MESSAGE) {
      const isTaken = this.#life?.transport.receive(message.src, message.body) === true;
      if (!isTaken) this.#note('maelstrom.peer-message-dropped', { from: message.src });
    } else if (message.isReply) {
      this.#note('maelstrom.reply-dropped', { from: message.src, type: message.type });
    } else if (this.#underWay.size >= LIMITS.requestsInFlightMax) {
      this.#refuse(message, new ProtocolError('temporarily-unavailable', `${this.#underWay.size} requests wait`));
    } else {
      const work = this.#serve(message).finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    }
  }

  /** Answers what was asked, for a limited time, and releases everything. */
  async close(): Promise<void> {
    let cancelTimer: () => void = () => {};
    const deadline = new Promise<void>((resolve) => {
      cancelTimer = this.#options.time.after(LIMITS.drainMaxMs, resolve);
    });
    await Promise.race([Promise.all(this.#underWay), deadline]);
    cancelTimer();
    // What could not be opened was reported when it failed.
    const opened = await this.#life?.opened.catch(() => undefined);
    await opened?.replica.drain();
    await opened?.replica.close();
  }

  async #serve(message: Message): Promise<void> {
    try {
      this.#reply(message, await this.#answer(message));
    } catch (error) {
      if (error instanceof ProtocolError) this.#refuse(message, error);
      else if (error instanceof CausewayError) this.#refuse(message, protocolErrorOf(error));
      else {
        this.#refuse(message, new ProtocolError('crash', 'the node is at fault; its log says how'));
        this.#options.onFatal(error);
      }
    }
  }

  async #answer({ dest, type, body }: Message): Promise<JsonObject> {
    const id = this.#life?.id ?? dest;
    if (dest !== id) throw new ProtocolError('malformed-request', `this node is ${id}`);
    if (type === 'init') return this.#init(body);
    if (this.#life === undefined) throw new ProtocolError('temporarily-unavailable', 'the node awaits its init');
    const { workloads } = await this.#life.opened;
    return workloads.answer(type, body);
  }

  async #init(body: JsonObject): Promise<JsonObject> {
    const { id, nodes } = membersOf(body);
    if (this.#life === undefined) this.#life = this.#begin(id, nodes);
    else if (id !== this.#life.id || nodes.join() !== this.#life.nodes.join()) {
      throw new ProtocolError('malformed-request', `this node is ${this.#life.id} of ${this.#life.nodes.join()}`);
    }
    await this.#life.opened;
    return {};
  }

  #begin(id: ReplicaId, nodes: readonly ReplicaId[]): Life {
    const send = (dest: ReplicaId, body: JsonObject) => this.#options.write(formatMessage(id, dest, body));
    const transport = new MaelstromTransport({ self: id, nodes, send });
    const opened = this.#open(id, nodes, transport);
    const { time, onFatal } = this.#options;
    // Whoever asked is told first: the process may end at once.
    opened.catch((error: unknown) => time.soon(() => onFatal(error)));
    return { id, nodes, transport, opened };
  }

  async #open(id: ReplicaId, nodes: readonly ReplicaId[], transport: MaelstromTransport): Promise<Opened> {
    const { openStorage, workload, time, random, trace, onFatal } = this.#options;
    const storage = await openStorage(id);
    const urlOf = (node: ReplicaId) => `maelstrom:${node}`;
    const replica = await openReplica({
      id,
      cluster: CLUSTER,
      url: urlOf(id),
      members: nodes.map((node) => ({ id: node, url: urlOf(node) })),
      storage,
      transport,
      time,
      random,
      trace,
      enableFaults: false,
      onFatal,
    });
    return { replica, workloads: new Workloads(replica, time, workload) };
  }

  #refuse(asked: Asked, error: ProtocolError): void {
    this.#note('maelstrom.refused', { to: asked.src, error: error.error, text: error.message });
    if (asked.msgId !== undefined) this.#write(asked, errorBody(error, asked.msgId));
  }

  #reply(asked: Message, fields: JsonObject): void {
    const { type, msgId } = asked;
    if (msgId !== undefined) this.#write(asked, { type: `${type}_ok`, in_reply_to: msgId, ...fields });
  }

  #write({ src, dest }: Asked, body: JsonObject): void {
    this.#options.write(formatMessage(this.#life?.id ?? dest, src, body));
  }

  #note(name: string, facts: Readonly<Record<string, unknown>>): void {
    this.#options.trace({ name, level: 'debug', facts });
  }
}

type Asked = Pick<Message, 'src' | 'dest' | 'msgId'>;

function membersOf({ node_id: id, node_ids: ids }: JsonObject): {
  readonly id: ReplicaId;
  readonly nodes: readonly ReplicaId[];
} {
  const refuse = (text: string) => new ProtocolError('malformed-request', text);
  if (typeof id !== 'string' || !Array.isArray(ids)) throw refuse('init needs node_id and node_ids');
  const nodes: ReplicaId[] = [];
  for (const node of ids) {
    if (typeof node !== 'string' || !isReplicaId(node)) throw refuse(`${JSON.stringify(node)} is no id of a node`);
    nodes.push(node);
  }
  if (new Set(nodes).size !== nodes.length) throw refuse('node_ids names a node twice');
  if (nodes.length > LIMITS.membersMax) throw refuse(`a cluster has at most ${LIMITS.membersMax} nodes`);
  const self = nodes.find((node) => node === id);
  if (self === undefined) throw refuse('node_ids does not name this node');
  return { id: self, nodes };
}

/** One client of the embedded broker: its bytes in, its deliveries out, its pings, and every reason to hang up on it. */
import type { Socket } from 'node:net';
import { unreachable } from '../base/assert.js';
import { BatchedWriter } from './batched-writer.js';
import type { Receiver, Router, Subscription } from './broker-router.js';
import {
  type ClientCommand,
  ClientParser,
  type ConnectFlags,
  FLAGS_BEFORE_CONNECT,
  ProtocolViolation,
  type Publication,
} from './nats-protocol.js';
import { isPublishable, isSubscribable } from './subject-table.js';

export interface ConnectionOptions {
  readonly socket: Socket;
  readonly router: Router;
  readonly payloadMaxBytes: number;
  /** A client that lets more than this wait for it is hung up on. */
  readonly backlogMaxBytes: number;
  /** Ask for `flush` before the turn ends. */
  readonly requestFlush: (connection: BrokerConnection) => void;
  readonly onClose: (connection: BrokerConnection) => void;
}

const SUBSCRIPTIONS_MAX = 10_000;
const PINGS_OUT_MAX = 2;
const FAREWELL_MAX_MS = 250;

export class BrokerConnection implements Receiver {
  readonly #options: ConnectionOptions;
  readonly #writer: BatchedWriter;
  readonly #parser: ClientParser;
  #flags: ConnectFlags = FLAGS_BEFORE_CONNECT;
  #isOpen = true;
  #wasHeard = false;
  #pingsOut = 0;

  constructor(options: ConnectionOptions, info: Readonly<Record<string, unknown>>) {
    const { socket } = options;
    this.#options = options;
    this.#writer = new BatchedWriter(socket);
    this.#parser = new ClientParser(options.payloadMaxBytes);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => this.#close());
    socket.on('close', () => this.#close());
    this.#write(`INFO ${JSON.stringify(info)}\r\n`);
  }

  get wantsEcho(): boolean {
    return this.#flags.echo;
  }

  get wantsNoResponders(): boolean {
    return this.#flags.noResponders && this.#flags.headers;
  }

  deliver({ sid }: Subscription, { subject, reply, headerBytes, payload }: Publication): void {
    if (!this.#isOpen) return;
    if (this.#writer.backlogBytes > this.#options.backlogMaxBytes) {
      this.#hangUp('Slow Consumer');
      return;
    }
    const to = reply === undefined ? `${subject} ${sid}` : `${subject} ${sid} ${reply}`;
    if (headerBytes > 0 && this.#flags.headers) {
      this.#write(`HMSG ${to} ${headerBytes} ${payload.length}\r\n`, payload);
    } else {
      const body = headerBytes > 0 ? payload.subarray(headerBytes) : payload;
      this.#write(`MSG ${to} ${body.length}\r\n`, body);
    }
  }

  /** Called at an interval: a client that was silent since the last call is asked whether it is there. */
  checkAlive(): void {
    if (this.#wasHeard) {
      this.#wasHeard = false;
      this.#pingsOut = 0;
    } else if (this.#pingsOut >= PINGS_OUT_MAX) {
      this.#hangUp('Stale Connection');
    } else {
      this.#pingsOut += 1;
      this.#write('PING\r\n');
    }
  }

  flush(): void {
    this.#writer.flush();
  }

  /** Hand over what is written, then hang up. */
  end(): void {
    this.#writer.flush();
    this.#close();
  }

  #read(chunk: Buffer): void {
    this.#wasHeard = true;
    try {
      this.#parser.feed(chunk, (command) => this.#obey(command));
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      this.#hangUp(error.message);
    }
  }

  #obey(command: ClientCommand): void {
    if (!this.#isOpen) return;
    const refusal = this.#refusalOf(command);
    if (refusal !== undefined) {
      this.#complain(refusal);
      return;
    }
    this.#perform(command);
    const isAnswered = command.kind === 'ping' || command.kind === 'pong';
    if (this.#flags.verbose && !isAnswered) this.#write('+OK\r\n');
  }

  /** Why a well-formed command cannot be obeyed; the connection goes on. */
  #refusalOf(command: ClientCommand): string | undefined {
    if (command.kind === 'publish' && this.#flags.pedantic && !isPublishable(command.subject)) {
      return 'Invalid Publish Subject';
    }
    if (command.kind !== 'subscribe') return undefined;
    if (!isSubscribable(command.subject)) return 'Invalid Subject';
    return this.#options.router.countOf(this) < SUBSCRIPTIONS_MAX ? undefined : 'Maximum Subscriptions Exceeded';
  }

  #perform(command: ClientCommand): void {
    const { router } = this.#options;
    switch (command.kind) {
      case 'publish':
        router.publish(this, command);
        break;
      case 'subscribe':
        router.subscribe(this, command.sid, command.subject, command.queue);
        break;
      case 'unsubscribe':
        router.unsubscribe(this, command.sid, command.max);
        break;
      case 'connect':
        this.#flags = command.flags;
        break;
      case 'ping':
        this.#write('PONG\r\n');
        break;
      case 'pong':
        break;
      default:
        unreachable(command);
    }
  }

  #write(line: string, payload?: Buffer): void {
    if (!this.#isOpen) return;
    this.#writer.latin1(line);
    if (payload !== undefined) {
      this.#writer.bytes(payload);
      this.#writer.latin1('\r\n');
    }
    this.#options.requestFlush(this);
  }

  #complain(reason: string): void {
    this.#write(`-ERR '${reason}'\r\n`);
  }

  #hangUp(reason: string): void {
    this.#complain(reason);
    this.end();
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { socket, router, onClose } = this.#options;
    router.remove(this);
    onClose(this);
    if (socket.destroyed) return;
    // A peer that takes what was written gets it, one that does not is cut off.
    const cutOff = setTimeout(() => socket.destroy(), FAREWELL_MAX_MS);
    socket.once('close', () => clearTimeout(cutOff));
    socket.destroySoon();
  }
}

/** A real HTTP server on loopback whose answers a test writes down in advance, and which remembers what it was asked. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What to do with one request; a function has the response in its own hands. */
export type Step = Reply | ((response: ServerResponse, request: ReceivedRequest) => void);

export class ScriptedReplica {
  readonly requests: ReceivedRequest[] = [];
  connections = 0;
  /** Requests whose connection ended before their answer did. */
  abandoned = 0;
  readonly url: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  #steps: Step[];

  private constructor(server: Server, sockets: Set<Socket>, steps: readonly Step[]) {
    this.#server = server;
    this.#sockets = sockets;
    this.#steps = [...steps];
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Answers requests with `steps` in turn; the last one is repeated. */
  static async start(...steps: readonly Step[]): Promise<ScriptedReplica> {
    const server = createServer();
    const sockets = new Set<Socket>();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const replica = new ScriptedReplica(server, sockets, steps);
    server.on('connection', (socket) => {
      replica.connections += 1;
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const { method = '', url = '', headers } = request;
        replica.#answer({ method, path: url, headers, body }, response);
      });
    });
    return replica;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: ReceivedRequest, response: ServerResponse): void {
    this.requests.push(request);
    response.on('close', () => {
      if (!response.writableFinished) this.abandoned += 1;
    });
    const step = this.#steps.length > 1 ? this.#steps.shift() : this.#steps[0];
    if (step === undefined) throw new Error('the script is empty');
    if (typeof step === 'function') {
      step(response, request);
      return;
    }
    response.writeHead(step.status ?? 200, step.headers);
    response.end(step.body);
  }
}

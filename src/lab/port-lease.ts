/**
 * HTTP ports that no other lab on this machine will take. A lab holds the UDP port of the same number as its lease: the
 * system grants it to one process only and takes it back however that process ends, even while a replica that owns the
 * TCP port is down between a kill and a restart.
 */
import { createSocket, type Socket } from 'node:dgram';
import { createServer } from 'node:net';
import { CausewayError } from '../base/errors.js';

export interface PortLease {
  readonly ports: readonly number[];
  release(): void;
}

const HOST = '127.0.0.1';
const PORT_MAX = 65_535;

/** The first `count` free ports from `base` upwards. @throws CausewayError `port-in-use` if there are not so many. */
export async function leasePorts(count: number, base: number): Promise<PortLease> {
  const held: { readonly port: number; readonly socket: Socket }[] = [];
  for (let port = base; port <= PORT_MAX && held.length < count; port += 1) {
    const socket = await holdUdp(port);
    if (socket === undefined) continue;
    if (await isTcpFree(port)) held.push({ port, socket });
    else socket.close();
  }
  const release = (): void => {
    for (const { socket } of held.splice(0)) socket.close();
  };
  if (held.length === count) return { ports: held.map(({ port }) => port), release };
  release();
  throw new CausewayError('port-in-use', `there are no ${count} free ports from ${base} upwards`);
}

function holdUdp(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: 'udp4', reuseAddr: false });
    socket.once('error', () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind({ port, address: HOST, exclusive: true }, () => {
      socket.unref();
      resolve(socket);
    });
  });
}

/** Whether a server could listen there now. */
export async function isTcpFree(port: number, host = HOST): Promise<boolean> {
  return (await tryListen(port, host)).kind === 'free';
}

export type ListenAttempt =
  /** The port that was asked for, or for 0 one that the system chose. */
  { readonly kind: 'free'; readonly port: number } | { readonly kind: 'refused'; readonly code: string };

/** Listens for a moment, to see whether and where that works. */
export function tryListen(port: number, host: string): Promise<ListenAttempt> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve({ kind: 'refused', code: error.code ?? 'error' }));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = address !== null && typeof address === 'object' ? address.port : port;
      server.close(() => resolve({ kind: 'free', port: bound }));
    });
  });
}

/**
 * One look at a NATS server: connect, read the line in which it introduces itself, hang up. Unlike a whole client it
 * can be cancelled at any moment and leaves nothing behind, so a server that is down, or accepts and then says
 * nothing, costs no more than a timer.
 */
import { connect } from 'node:net';

export interface NatsServerInfo {
  readonly version: string;
  readonly server_name?: string;
}

export interface ProbeOptions {
  readonly hostname: string;
  readonly port: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Far above what the largest cluster sends in its first line. */
const INFO_MAX_BYTES = 256 * 1024;

/** @throws Error that says why the server cannot be used now. */
export function probeNats({ hostname, port, timeoutMs, signal }: ProbeOptions): Promise<NatsServerInfo> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port });
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
      settle();
    };
    const fail = (reason: string): void => finish(() => reject(new Error(reason)));
    const onAbort = (): void => fail('cancelled');
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);

    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    let received = Buffer.alloc(0);
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on('close', () => fail('hung up without a word'));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\n');
      if (end < 0 && received.length < INFO_MAX_BYTES) return;
      const info = parseInfo(received.toString('utf8', 0, Math.max(0, end)));
      if (info === undefined) fail('does not speak the NATS protocol');
      else finish(() => resolve(info));
    });
  });
}

function parseInfo(line: string): NatsServerInfo | undefined {
  if (!/^INFO\s/i.test(line)) return undefined;
  try {
    const info: unknown = JSON.parse(line.slice('INFO '.length));
    return isInfo(info) ? info : undefined;
  } catch {
    return undefined;
  }
}

function isInfo(info: unknown): info is NatsServerInfo {
  return typeof info === 'object' && info !== null && 'version' in info && typeof info.version === 'string';
}

/** `causeway nats install`: a nats-server in the cache, unless one is found already. */
import { resolveNatsServer } from '../../adapters/nats-server.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { CommandFailure } from '../failure.js';
import type { Terminal } from '../terminal.js';

export interface NatsInstallOptions {
  readonly output?: 'table' | 'json';
}

export async function natsInstall(terminal: Terminal, options: NatsInstallOptions): Promise<ExitCode> {
  const found = await resolveNatsServer(terminal.env, { announce: (line) => terminal.err(`${line}\n`) });
  if (found.kind === 'none') {
    throw new CommandFailure(
      `no nats-server can be had here: ${found.tried.join('; ')}`,
      'Labs use the embedded broker instead; or set NATS_SERVER_BIN to a program you have, or NATS_URL to a server.',
    );
  }
  const done = found.source === 'download' ? 'installed' : 'already there, nothing to do';
  if (options.output === 'json')
    terminal.out(`${JSON.stringify({ ...found, installed: found.source === 'download' })}\n`);
  else terminal.out(`nats-server ${found.version} at ${found.path}: ${done}\n`);
  return EXIT.ok;
}

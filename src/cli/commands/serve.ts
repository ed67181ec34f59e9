/** `causeway serve`: one replica for as long as the process lives, and the ways in which that ends. */
import { once } from 'node:events';
import { CausewayError } from '../../base/errors.js';
import { onParentGone, tellParent } from '../../lab/parent-channel.js';
import type { Trace, TraceLevel } from '../../ports/trace.js';
import type { RunningReplica } from '../compose-replica.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { describeFailure } from '../failure.js';
import { endOnErrors } from '../fatal.js';
import { type ServeFlags, serveConfig } from '../serve-config.js';
import { stopSignal } from '../stop-signal.js';
import type { Terminal } from '../terminal.js';
import { type LogFormat, logTo } from '../trace-log.js';

export interface ServeOptions extends ServeFlags {
  readonly log: LogFormat;
  readonly logLevel: TraceLevel;
  readonly exitWithParent?: boolean;
}

/** Without its parent a replica has nobody left who would wait for it. */
const ORPHAN_MAX_MS = 800;

export async function serve(terminal: Terminal, options: ServeOptions): Promise<ExitCode> {
  const stop = stopSignal();
  const trace = logTo(terminal.err, options.log, options.logLevel);
  const die = endOnErrors(terminal, trace, 'replica.crashed');
  if (options.exitWithParent) onParentGone(endAsOrphan);
  const running = await start(terminal, options, trace, die);
  terminal.out(`ready ${options.id} ${running.url}\n`);
  tellParent({ kind: 'ready', url: running.url });
  if (!stop.aborted) await once(stop, 'abort');
  trace({ name: 'replica.stopping', level: 'info' });
  await running.close();
  trace({ name: 'replica.stopped', level: 'info' });
  // A peer that never hangs up, or the channel to the lab, must not keep the process.
  process.exit(EXIT.ok);
}

async function start(
  terminal: Terminal,
  options: ServeOptions,
  trace: Trace,
  die: (error: unknown) => never,
): Promise<RunningReplica> {
  try {
    // Flags first: what is wrong with them should not depend on what else runs on this machine.
    serveConfig(options, terminal.env);
    const { claimAddress, composeReplica } = await import('../compose-replica.js');
    const http = await claimAddress(options.http);
    return await composeReplica(serveConfig({ ...options, http }, terminal.env), trace, die);
  } catch (error) {
    const code = error instanceof CausewayError ? error.code : undefined;
    tellParent({ kind: 'failed', code, sentence: describeFailure(error)?.sentence ?? String(error) });
    if (process.connected) process.disconnect();
    throw error;
  }
}

/** Ends in order if that can be done at once; acknowledged writes are on disk in any case. */
function endAsOrphan(): void {
  setTimeout(() => process.exit(EXIT.failed), ORPHAN_MAX_MS);
  process.kill(process.pid, 'SIGTERM');
}

/** Runs commands against a replica whose answers are written down, for the tests of one file. */
import { afterEach } from 'vitest';
import { runCli } from '../../../src/cli/program.js';
import { ScriptedReplica, type Step } from '../client/scripted-replica.js';
import { type RecordingTerminal, recordingTerminal } from './recording-terminal.js';

export interface Ran {
  readonly exit: number;
  readonly terminal: RecordingTerminal;
  readonly replica: ScriptedReplica;
}

export interface RunOptions {
  readonly input?: Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

let running: ScriptedReplica[] = [];

afterEach(async () => {
  await Promise.all(running.map((replica) => replica.stop()));
  running = [];
});

/** Starts a replica that answers with `answers` in turn, and runs the command towards it. `args` may hold a `--`. */
export async function runAgainst(
  answers: readonly Step[],
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const replica = await ScriptedReplica.start(...answers);
  running.push(replica);
  const terminal = recordingTerminal(options);
  const at = args.indexOf('--');
  const cut = at < 0 ? args.length : at;
  const exit = await runCli([...args.slice(0, cut), '--url', replica.url, ...args.slice(cut)], terminal);
  return { exit, terminal, replica };
}

export function answer(body: object, status = 200): Step {
  return { status, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
}

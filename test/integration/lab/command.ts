/** The `causeway` command as a process, the way people and scripts use it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export interface Finished {
  readonly exit: number | null;
  readonly output: string;
  readonly errors: string;
}

export interface CommandOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A program, with its arguments, that runs the command: a tracer. */
  readonly under?: readonly string[];
}

/** Started and still running, or ended. */
export interface RunningCommand {
  readonly child: ChildProcess;
  output(): string;
  errors(): string;
  readonly finished: Promise<Finished>;
}

const started: RunningCommand[] = [];

/** A test that failed or ran out of time may have left a command. It ends with the file, after all that the file itself ends. */
afterAll(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await Promise.all(started.map(({ finished }) => finished));
});

export function start(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const { CAUSEWAY_URL: _, CAUSEWAY_TOKEN: __, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1', ...options.env };
  const [program = process.execPath, ...before] = [...(options.under ?? []), process.execPath, CLI];
  const child = spawn(program, [...before, ...args], {
    env,
    stdio: 'pipe',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.on('error', () => undefined);
  if (options.input !== undefined) child.stdin.end(options.input);
  const output = (): string => Buffer.concat(out).toString('utf8');
  const errors = (): string => Buffer.concat(err).toString('utf8');
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (exit) => resolve({ exit, output: output(), errors: errors() }));
  });
  const command = { child, output, errors, finished };
  started.push(command);
  return command;
}

export function run(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return start(args, { input: '', ...options }).finished;
}

export interface LabUrls {
  readonly replicas: readonly { readonly id: string; readonly url: string; readonly pid: number }[];
  readonly nats: string;
}

export interface RunningLab extends RunningCommand {
  readonly urls: LabUrls;
}

/** Waits for the file that a lab writes when it is ready. */
export async function startLabCommand(args: readonly string[], urlsFile: string): Promise<RunningLab> {
  const lab = start(['lab', '--urls-file', urlsFile, ...args]);
  let ended = false;
  void lab.finished.then(() => {
    ended = true;
  });
  await until('the lab is ready or has ended', () => existsSync(urlsFile) || ended);
  if (ended) throw new Error(`the lab ended: ${lab.errors()}`);
  return { ...lab, urls: JSON.parse(readFileSync(urlsFile, 'utf8')) };
}

/** @throws Error if it is not so within a generous time. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
}

/** A folder for one test; the returned function removes it. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'causeway-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs another program to its end, with a limit on its time, and gives its output back as text. */
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Environment } from './cache-directory.js';

export interface ProgramResult {
  readonly ok: boolean;
  readonly stdout: string;
  /** The last line of what it said on stderr, or why it could not be run. */
  readonly complaint: string;
}

export interface ProgramOptions {
  readonly timeoutMs: number;
  readonly cwd?: string;
  readonly env?: Environment;
}

const OUTPUT_MAX_BYTES = 8 * 1024 * 1024;

/** Never rejects: a program that is missing or exceeds its time is a result like any other failure. */
export function runProgram(path: string, args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  const { timeoutMs, cwd, env } = options;
  const settings = {
    timeout: Math.max(1, Math.ceil(timeoutMs)),
    killSignal: 'SIGKILL' as const,
    maxBuffer: OUTPUT_MAX_BYTES,
    encoding: 'utf8' as const,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
  };
  return new Promise((resolve) => {
    execFile(path, args, settings, (error, stdout, stderr) => {
      const lastLine = stderr.trim().split('\n').at(-1) ?? '';
      if (error === null) resolve({ ok: true, stdout, complaint: lastLine });
      else if (error.killed === true) resolve({ ok: false, stdout, complaint: `took more than ${timeoutMs} ms` });
      else resolve({ ok: false, stdout, complaint: lastLine === '' ? error.message : lastLine });
    });
  });
}

/** The first of `directories` that holds an executable file called `name`, as a full path. */
export function findProgram(name: string, directories: readonly string[]): string | undefined {
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

export function pathDirectories(env: Environment): readonly string[] {
  const { PATH: path = '' } = env;
  return path.split(delimiter).filter((directory) => directory !== '');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

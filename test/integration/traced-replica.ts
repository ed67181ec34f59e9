/** One replica alone, as a process under the tracer or without it; what it leaves behind is removed after each test. */
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type HttpAnswer, sendCall } from '../../src/lab/http-call.js';
import { type RunningCommand, start, temporaryFolder, until } from './lab/command.js';

export interface ServedReplica {
  readonly command: RunningCommand;
  readonly url: string;
}

export class TracedReplica {
  #folder = '';
  #running: RunningCommand | undefined;

  constructor() {
    let folder: ReturnType<typeof temporaryFolder>;
    beforeEach(() => {
      folder = temporaryFolder();
      this.#folder = folder.path;
    });
    afterEach(async () => {
      this.#running?.child.kill('SIGKILL');
      await this.#running?.finished;
      folder.remove();
    });
  }

  get data(): string {
    return join(this.#folder, 'data');
  }

  /** Start it on the data of the test; `under` is the tracer with its options, or nothing. */
  async serve(under: readonly string[]): Promise<ServedReplica> {
    const alone = ['--nats', 'nats://127.0.0.1:1', '--exit-with-parent'];
    const flags = ['--id', 'r1', '--http', ':0', '--data', this.data, ...alone];
    // Calls are counted by thread: one thread does all the flushing.
    const command = start(['serve', ...flags], { under, env: { UV_THREADPOOL_SIZE: '1' } });
    this.#running = command;
    await until('it is ready', () => /^ready /m.test(command.output()));
    return { command, url: /^ready r1 (\S+)$/m.exec(command.output())?.[1] ?? '' };
  }
}

/** The value of a key is its name. */
export function callKey(origin: string, method: 'PUT' | 'GET', key: string, level?: string): Promise<HttpAnswer> {
  const body = method === 'PUT' ? { body: Buffer.from(key) } : {};
  const headers: Record<string, string> = level === undefined ? {} : { 'Consistency-Level': level };
  return sendCall({ method, origin, path: `/v1/kv/${key}`, headers, ...body }, { timeoutMs: 10_000 });
}

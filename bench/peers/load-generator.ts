/** The measurement's side of its load generator. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadAnswer, LoadOrder, LoadReport } from './load-protocol.js';

const PROGRAM = fileURLToPath(new URL('./load-main.js', import.meta.url));

export class LoadGenerator {
  readonly #child: ChildProcess;

  /** A fresh process: nothing that was compiled for another system's answers slows this one down. */
  constructor() {
    this.#child = fork(PROGRAM, [], { execArgv: [] });
    process.once('exit', this.#kill);
  }

  /** @throws Error with the generator's reason. */
  async fill(order: LoadOrder & { kind: 'fill' }): Promise<void> {
    await this.#ask(order);
  }

  /** @throws Error with the generator's reason. */
  async run(order: LoadOrder & { kind: 'run' }): Promise<LoadReport> {
    const answer = await this.#ask(order);
    if (answer.kind !== 'measured') throw new Error(`the load generator answered ${answer.kind}`);
    return answer.report;
  }

  stop(): void {
    process.off('exit', this.#kill);
    this.#kill();
  }

  readonly #kill = (): void => {
    this.#child.kill('SIGKILL');
  };

  #ask(order: LoadOrder): Promise<LoadAnswer> {
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error('the load generator ended'));
      this.#child.once('exit', onExit);
      this.#child.once('message', (answer: LoadAnswer) => {
        this.#child.off('exit', onExit);
        if (answer.kind === 'failed') reject(new Error(answer.reason));
        else resolve(answer);
      });
      this.#child.send(order);
    });
  }
}

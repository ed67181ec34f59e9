/** Nodes of Maelstrom as processes of the `causeway` command, on one network that the test plays. */
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createSystemTime } from '../../../src/adapters/system-time.js';
import type { MaelstromNodes } from '../../support/maelstrom-cluster.js';
import { MaelstromNetwork } from '../../support/maelstrom-network.js';
import { type SeededRandom, seededRandom } from '../../support/seeded-random.js';
import { type RunningCommand, start } from '../lab/command.js';

export class ProcessNodes implements MaelstromNodes {
  readonly ids: readonly string[] = ['n1', 'n2', 'n3'];
  readonly time = createSystemTime();
  readonly random: SeededRandom;
  readonly network: MaelstromNetwork;
  readonly #args: readonly string[];
  readonly #running = new Map<string, RunningCommand>();
  /** What nodes wrote that Maelstrom would not take. */
  #offence: unknown;

  constructor(seed: number, folder: string) {
    this.random = seededRandom(seed);
    this.network = new MaelstromNetwork(this.time, this.random);
    this.#args = ['maelstrom', '--data', join(folder, 'nodes'), '--log-level', 'warn'];
  }

  readonly start = async (id: string): Promise<void> => {
    const running = start(this.#args);
    const { stdin, stdout } = running.child;
    if (stdin === null || stdout === null) throw new Error('no pipes');
    createInterface({ input: stdout }).on('line', (line) => {
      try {
        this.network.written(id, line);
      } catch (error) {
        this.#offence ??= error;
      }
    });
    this.#running.set(id, running);
    this.network.attach(id, (line) => stdin.write(`${line}\n`));
    const reply = await this.network.rpc(id, { type: 'init', node_id: id, node_ids: this.ids }, 30_000);
    if (reply.kind !== 'ok') throw new Error(`${id} did not start: ${JSON.stringify(reply)} ${running.errors()}`);
  };

  readonly kill = async (id: string): Promise<void> => {
    const { child } = this.#take(id);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };

  /** End the input of all, who must then end by themselves. Returns their exit codes. */
  async stop(): Promise<(number | null)[]> {
    const ended = [...this.#running.keys()].map(async (id) => {
      const running = this.#take(id);
      running.child.stdin?.end();
      return (await running.finished).exit;
    });
    const codes = await Promise.all(ended);
    if (this.#offence !== undefined) throw this.#offence;
    return codes;
  }

  /** Whatever is left of them. */
  destroy(): void {
    for (const { child } of this.#running.values()) child.kill('SIGKILL');
  }

  #take(id: string): RunningCommand {
    const running = this.#running.get(id);
    if (running === undefined) throw new Error(`${id} does not run`);
    this.#running.delete(id);
    this.network.detach(id);
    return running;
  }
}

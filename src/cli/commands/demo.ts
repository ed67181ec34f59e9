/** `causeway demo`: the stories, told on a lab of three. */
import { describeBroker } from '../../lab/broker-choice.js';
import { type Lab, startLab } from '../../lab/cluster.js';
import { causalityStory } from '../../lab/demo/causality-story.js';
import { levelStory } from '../../lab/demo/level-story.js';
import { orderStory } from '../../lab/demo/order-story.js';
import { followerStory, healStory, partitionStory } from '../../lab/demo/partition-story.js';
import type { ReplicaName, Stage } from '../../lab/demo/story.js';
import { type Narrator, type Score, tellStories } from '../../lab/demo/tell.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { stopSignal } from '../stop-signal.js';
import type { Terminal } from '../terminal.js';

export interface DemoOptions {
  readonly transport?: 'nats-server' | 'embedded';
}

const REPLICAS: readonly ReplicaName[] = ['r1', 'r2', 'r3'];
const STORIES = [levelStory, causalityStory, orderStory, partitionStory, healStory, followerStory];
const INTERRUPTED = 130;

export async function demo(terminal: Terminal, options: DemoOptions): Promise<ExitCode> {
  const startedMs = performance.now();
  const stop = stopSignal();
  const lab = await startLab({
    replicas: REPLICAS.length,
    announce: (line) => terminal.err(`${line}\n`),
    report: (line) => terminal.err(`${line}\n`),
    ...(options.transport === undefined ? {} : { transport: options.transport }),
  });
  // The guard ends the lab; nothing here is worth waiting for.
  stop.addEventListener('abort', () => process.exit(INTERRUPTED));
  if (stop.aborted) process.exit(INTERRUPTED);
  try {
    terminal.out(`${describeBroker(lab.nats.choice)}\n`);
    terminal.out(`Three replicas: ${lab.replicas.map(({ id, url }) => `${id} ${url}`).join(', ')}\n`);
    const score = await tellStories(STORIES, stageOn(lab), narratorOn(terminal));
    conclude(terminal, score, performance.now() - startedMs);
    return score.mismatches === 0 ? EXIT.ok : EXIT.failed;
  } finally {
    await lab.stop();
  }
}

function stageOn(lab: Lab): Stage {
  return { urlOf: (replica) => lab.replica(replica).url, replicas: REPLICAS, tokens: new Map(), notes: new Map() };
}

function narratorOn(terminal: Terminal): Narrator {
  const { bold, dim, green, red } = terminal.colors;
  return {
    story(number, title, lesson) {
      terminal.out(`\n${bold(`${number}. ${title}`)}\n${lesson.replace(/^/gm, '   ')}\n`);
    },
    step(says, shown) {
      terminal.out(`\n   ${bold(says)}\n${shown.map((line) => `     ${dim(line)}\n`).join('')}`);
    },
    verdict(ok, expected, observed) {
      terminal.out(`     ${ok ? green('✓') : red('✗')} expected ${expected}\n       observed ${observed}\n`);
    },
  };
}

function conclude(terminal: Terminal, { steps, mismatches }: Score, tookMs: number): void {
  const { bold, green, red } = terminal.colors;
  const seconds = (tookMs / 1000).toFixed(1);
  const verdict =
    mismatches === 0
      ? green(`all ${steps} observations are as expected`)
      : red(`${mismatches} of ${steps} observations are not as expected`);
  terminal.out(`\n${bold(verdict)} (${seconds} s)\n`);
  if (mismatches === 0) terminal.out('Go on with `npm start`, and read docs/GETTING-STARTED.md.\n');
}

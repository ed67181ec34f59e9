/** Schedules that the random tests once drew, and that ended with replicas that differ, or never came to an end. */
import { describe, it } from 'vitest';
import { expectForgotten, expectSameEverywhere, ScheduledRun, type Step } from '../../support/plane-schedule.js';

interface Schedule {
  readonly replicas: number;
  readonly seed: number;
  readonly steps: readonly Step[];
}

const write = (at: number): Step => ({ kind: 'write', at, keys: ['a'], deletes: false });
const remove = (at: number): Step => ({ kind: 'write', at, keys: ['a'], deletes: true });
const run = (ms: number, persistence: number): Step => ({ kind: 'run', ms, persistence });
const crash = (at: number): Step => ({ kind: 'crash', at });
const HEAL: Step = { kind: 'heal' };
const wipe = (at: number): Step => ({ kind: 'wipe', at });
const partition = (alone: number): Step => ({ kind: 'partition', alone });
const faults = (loss: number, duplication: number, maxDelayMs: number): Step => ({
  kind: 'faults',
  loss,
  duplication,
  maxDelayMs,
});

function play({ replicas, seed, steps }: Schedule): void {
  const played = new ScheduledRun(replicas, seed);
  for (const step of steps) played.step(step);
  played.finish();
  expectSameEverywhere(played.cluster);
  expectForgotten(played.cluster);
}

describe('a schedule once found', () => {
  it('a write of a lost incarnation became deliverable by a snapshot, and was not durable yet when its holder said it held nothing', () => {
    play({
      replicas: 3,
      seed: 14,
      steps: [
        ...[write(0), faults(0.1, 0, 50), run(600, 0.3), run(600, 1), write(0), run(600, 0.8), write(2)],
        ...[faults(0.5, 0.3, 50), write(0), wipe(1), run(200, 0.3), write(0), run(20, 1), wipe(0), run(600, 0.8)],
        ...[remove(0), run(1_500, 0.3), faults(0, 0, 2), write(0), crash(0), run(20, 0.3)],
      ],
    });
  });

  it('the only write of a lost incarnation was under way, and its successor knew of none and forgot at once', () => {
    play({
      replicas: 2,
      seed: 0,
      steps: [
        ...[write(0), faults(0, 0, 300), run(20, 0.8), wipe(0), remove(1), HEAL, write(0)],
        ...[run(20, 0.3), write(0), write(0)],
      ],
    });
  });

  it('two replicas lacked what the other had dropped from its operation log, and each waited for a snapshot of the other', () => {
    play({
      replicas: 3,
      seed: 0,
      steps: [
        ...[run(1_500, 0.3), write(0), run(1_500, 0.3), partition(0), wipe(1), write(2), run(200, 1), wipe(2)],
        ...[partition(1), write(0), run(1_500, 0.3), write(0), wipe(0), run(20, 0.3), run(20, 0.3), wipe(0)],
      ],
    });
  });
});

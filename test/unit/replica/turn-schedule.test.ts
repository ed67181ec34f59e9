import { describe, expect, it } from 'vitest';
import { createMemoryTime } from '../../../src/adapters/memory-time.js';
import { LIMITS } from '../../../src/base/limits.js';
import { TurnSchedule } from '../../../src/replica/causal/turn-schedule.js';

function setting() {
  const time = createMemoryTime();
  const turns: number[] = [];
  const state = { busy: false };
  const schedule = new TurnSchedule({
    time,
    isBusy: () => state.busy,
    turn: () => {
      schedule.begun();
      turns.push(time.monotonicMs());
    },
  });
  return { time, turns, state, schedule };
}

describe('the schedule of turns', () => {
  it('takes one turn for all that is asked for at one moment, once that is over', () => {
    const { time, turns, schedule } = setting();
    schedule.soon();
    schedule.later();
    schedule.soon();
    expect(turns).toEqual([]);
    time.advance(LIMITS.gatherMs * 4);
    expect(turns).toEqual([0]);
  });

  it('lets what can wait do so only after another turn, and not for longer than a moment', () => {
    const { time, turns, schedule } = setting();
    schedule.later();
    time.advance(1);
    expect(turns).toEqual([0]);
    schedule.later();
    time.advance(1);
    schedule.later();
    time.advance(LIMITS.gatherMs * 4);
    expect(turns).toEqual([0, LIMITS.gatherMs]);
  });

  it('takes what can wait along with what cannot', () => {
    const { time, turns, schedule } = setting();
    schedule.soon();
    time.advance(1);
    schedule.later();
    schedule.soon();
    time.advance(LIMITS.gatherMs * 4);
    expect(turns).toEqual([0, 1]);
  });

  it('takes no turn while busy, and afterwards those that were asked for', () => {
    const { time, turns, state, schedule } = setting();
    state.busy = true;
    schedule.soon();
    schedule.now();
    time.advance(1);
    expect(turns).toEqual([]);
    state.busy = false;
    schedule.resume();
    time.advance(1);
    schedule.resume();
    time.advance(LIMITS.gatherMs * 4);
    expect(turns).toEqual([1]);
  });

  it('takes a turn in this very one of the event loop if told so', () => {
    const { turns, schedule } = setting();
    schedule.now();
    expect(turns).toEqual([0]);
  });

  it('has no turn left to take when it is stopped', () => {
    const { time, turns, schedule } = setting();
    schedule.now();
    schedule.later();
    schedule.stop();
    time.advance(LIMITS.gatherMs * 4);
    expect(turns).toEqual([0]);
  });
});

/** What is seen of a comparison while it runs, and how its guide breaks lines. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { wrapped } from '../../../src/cli/compare-guide.js';
import { PhaseProgress } from '../../../src/cli/compare-progress.js';
import { Recorder } from '../../../src/lab/compare/recorder.js';
import type { Begun } from '../../../src/lab/compare/run.js';
import { recordingTerminal } from './recording-terminal.js';

const PHASE = { name: 'healthy', trouble: { kind: 'none' }, durationMs: 2_000 } as const;
const RUN = { name: 'healthy', kind: 'none', what: '', startMs: 0, endMs: 2_000, nextMs: 2_000, sides: [] } as const;

function begun(): Begun {
  return { phase: PHASE, what: 'no fault', startMs: 0, recorder: new Recorder() };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('nobody watches: the lines come once', () => {
  const terminal = recordingTerminal();
  const progress = new PhaseProgress(terminal);
  const phase = begun();
  progress.began(phase);
  vi.advanceTimersByTime(2_000);
  expect(terminal.errors()).toBe('healthy for 2 s: no fault\n');
  progress.ended(RUN, phase.recorder);
  expect(
    terminal
      .errors()
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual(['healthy for 2 s: no fault', 'eventual', 'causal', 'linearizable', '']);
});

it('somebody watches: the lines are drawn over each other until the phase is over, and not again', () => {
  const terminal = recordingTerminal({ isLive: true });
  const progress = new PhaseProgress(terminal);
  const phase = begun();
  progress.began(phase);
  vi.advanceTimersByTime(1_000);
  progress.ended(RUN, phase.recorder);
  const drawn = terminal.errors();
  expect(drawn.match(/linearizable/g)).toHaveLength(3);
  expect(drawn.split('\u001b[3F\u001b[J')).toHaveLength(3);
  vi.advanceTimersByTime(5_000);
  expect(terminal.errors()).toBe(drawn);
});

it('a guide breaks lines between words, and items stand below their dash', () => {
  expect(wrapped('one two three', 8)).toBe('one two\nthree');
  expect(wrapped('- one two three', 8)).toBe('- one\n  two\n  three');
  expect(wrapped('  as    it is', 20)).toBe('  as    it is');
  expect(wrapped('unbreakable words', 5)).toBe('unbreakable\nwords');
});

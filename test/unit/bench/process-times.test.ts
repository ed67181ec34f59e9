/** What the servers of a measurement have used of the processors is counted, and nothing else. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { familySeconds } from '../../../bench/peers/process-times.js';

describe.runIf(existsSync('/proc/self/stat'))('the processor time of a family', () => {
  it('is that of children and grandchildren, without those that are left out', async () => {
    const parent = spawn(process.execPath, ['-e', FAMILY], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const child = await new Promise<number>((resolve) => parent.stdout.once('data', (text) => resolve(Number(text))));
      const own = parent.pid ?? 0;
      const all = familySeconds(process.pid, 0);
      expect(all).toBeGreaterThanOrEqual(0.2);
      expect(familySeconds(own, 0)).toBeGreaterThanOrEqual(0.2);
      expect(familySeconds(own, child)).toBe(0);
      expect(familySeconds(process.pid, own)).toBeLessThan(all);
    } finally {
      parent.kill('SIGTERM');
    }
  });
});

/** A process whose only child is busy for a fifth of a second of processor time, and then tells who it is. */
const FAMILY = `
  const { spawn } = require('node:child_process');
  const busy = 'while (process.cpuUsage().user < 250000); console.log(process.pid); process.stdin.resume();';
  spawn(process.execPath, ['-e', busy], { stdio: ['pipe', 'inherit', 'inherit'] });
`;

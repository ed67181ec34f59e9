/** What the peer comparison makes of its measurements: medians, ratios round by round, verdicts, and a report that hides nothing. */
import { describe, expect, it } from 'vitest';
import { casesFor, type PeerCase } from '../../../bench/peers/cases.js';
import type { Failure, Measurement } from '../../../bench/peers/measure.js';
import { type PeerOptions, parsePeerOptions } from '../../../bench/peers/options.js';
import { findServer } from '../../../bench/peers/programs.js';
import { renderReport, replaceBetween } from '../../../bench/peers/report.js';
import { MEDIAN_SPEED, ratioTo, summarize, THROUGHPUT } from '../../../bench/peers/summary.js';
import type { MeasuredSystem, Presence } from '../../../bench/peers/system.js';
import { findSystems, inTurn } from '../../../bench/peers/systems.js';
import { judgeTargets } from '../../../bench/peers/targets.js';

const WRITES: PeerCase = { operation: 'linearizable write', clients: 64, placement: 'spread' };

function measured(system: string, round: number, opsPerSecond: number, more: Partial<Measurement> = {}): Measurement {
  const latencies = { p50Us: 1e6 / opsPerSecond, p90Us: 2, p99Us: 3, p999Us: 4, maxUs: 5 };
  const facts = { operations: opsPerSecond, refused: 0, generatorCpu: 0.3, serverCpu: 1.5 };
  return { system, round, opsPerSecond, ...WRITES, ...latencies, ...facts, ...more };
}

const ROUNDS = [
  measured('Causeway', 1, 300),
  measured('etcd', 1, 100),
  measured('Causeway', 2, 500),
  measured('etcd', 2, 100),
  measured('Causeway', 3, 200),
  measured('etcd', 3, 200),
];

describe('the cases', () => {
  it('put one client at the leader, many there and everywhere where a leader orders', () => {
    const cases = casesFor([1, 64]);
    const of = (operation: string) => {
      return cases.filter((found) => found.operation === operation).map((found) => [found.clients, found.placement]);
    };
    expect(of('linearizable write')).toEqual([
      [1, 'leader'],
      [64, 'leader'],
      [64, 'spread'],
    ]);
    expect(of('local read')).toEqual([
      [1, 'leader'],
      [64, 'spread'],
    ]);
  });
});

describe('the summary', () => {
  it('has medians and extremes, and ratios of the same round', () => {
    const [ours, theirs] = summarize(ROUNDS, WRITES, ['Causeway', 'etcd']);
    expect(ours?.opsPerSecond).toEqual({ median: 300, min: 200, max: 500 });
    expect(ours?.ratio).toBeUndefined();
    expect(theirs?.rounds).toBe(3);
    expect(theirs?.ratio).toEqual({ median: 3, min: 1, max: 5 });
    // One and a half processors for a second, and a hundred operations.
    expect(theirs?.serverCpuUs).toBe(15_000);
  });

  it('leaves out other cases and systems without measurements', () => {
    const others = [measured('etcd', 1, 9, { clients: 1 }), measured('Redis', 1, 9, { operation: 'local read' })];
    const rows = summarize([...ROUNDS, ...others], WRITES, ['Causeway', 'etcd', 'Redis']);
    expect(rows.map(({ system }) => system)).toEqual(['Causeway', 'etcd']);
  });

  it('has no ratio where no round has both', () => {
    expect(ratioTo([measured('Causeway', 1, 5), measured('etcd', 2, 5)], WRITES, 'etcd', THROUGHPUT)).toBeUndefined();
  });

  it('compares latencies so that more is better', () => {
    expect(ratioTo(ROUNDS, WRITES, 'etcd', MEDIAN_SPEED)?.max).toBeCloseTo(5);
  });
});

describe('a target', () => {
  const verdictOf = (measurements: readonly Measurement[]) => {
    const [first, second] = judgeTargets(measurements);
    expect([first?.peer, second?.peer]).toEqual(['etcd', 'ZooKeeper']);
    return [first?.met, second?.met];
  };

  it('is met by the median, and unknown where the peer was not measured', () => {
    expect(verdictOf(ROUNDS)).toEqual([true, undefined]);
  });

  it('is not met by the best round', () => {
    expect(verdictOf([...ROUNDS, measured('Causeway', 4, 10), measured('etcd', 4, 10)])).toEqual([false, undefined]);
  });

  it('says what a server with nothing behind it would reach', () => {
    const floors = [measured('bare Node.js', 1, 400), measured('bare Node.js', 3, 400)];
    const [first, second] = judgeTargets([...ROUNDS, ...floors]);
    expect(first?.floor).toEqual({ median: 3, min: 2, max: 4 });
    expect(second?.floor).toBeUndefined();
  });
});

describe('the report', () => {
  const options = parsePeerOptions([]) as PeerOptions;
  const disk = { fileSystem: 'ext4', syncUs: 500 };
  const machine = {
    date: '2026-01-01T00:00:00.000Z',
    node: 'v20',
    v8: '11',
    platform: 'linux x64',
    kernel: '6',
    cpu: 'cpu',
    cores: 2,
    memoryGiB: 4,
    load: 0,
  };
  const versions = ['Causeway', 'etcd'].map((system) => ({ system, version: '1.2', durability: 'fsync' }));
  const failures: readonly Failure[] = [
    { system: 'etcd', round: 2, reason: 'it fell over', ...WRITES },
    { system: 'Redis', round: 1, reason: 'no port' },
  ];
  const report = (measurements: readonly Measurement[]) => {
    const targets = judgeTargets(measurements);
    const skipped = ['ZooKeeper: not here'];
    return renderReport({ machine, disk, options, systems: versions, skipped, measurements, failures, targets });
  };

  it('shows medians, extremes, ratios, what was refused, and who set the pace', () => {
    const text = report([...ROUNDS.slice(1), measured('Causeway', 1, 300, { refused: 7, generatorCpu: 0.95 })]);
    expect(text).toMatch(/### Linearizable write, 64 clients spread over three servers\n/);
    expect(text).toMatch(/\| Causeway +\| 300 \(200–500\) .*load generator at 95 %, 7 refused/);
    expect(text).toMatch(/\| etcd .* 3\.00× \(1\.00×–5\.00×\)/);
    expect(text).toMatch(/\| 3\.00× +\| 3\.00× \(1\.00×–5\.00×\) +\| met /);
  });

  it('shows the floor beside the targets', () => {
    const text = report([...ROUNDS, measured('bare Node.js', 1, 400)]);
    expect(text).toMatch(/against etcd .*\| met +\| 4\.00× \(4\.00×–4\.00×\) +\|/);
  });

  it('says what was not measured, and what failed and where', () => {
    const text = report(ROUNDS);
    expect(text).toContain('- ZooKeeper: not here');
    expect(text).toContain('- etcd, round 2, linearizable write, 64 clients spread over three servers: it fell over');
    expect(text).toContain('- Redis, round 1, the whole round: no port');
    expect(text).toMatch(/against ZooKeeper .* not measured /);
  });
});

describe('a page', () => {
  it('shows the newest results between its marks, and keeps the rest', () => {
    const page = replaceBetween('before <a> old <b> after <b>', '<a>', '<b>', ' new\n');
    expect(page).toBe('before <a>\n\nnew\n\n<b> after <b>');
    expect(replaceBetween(page, '<a>', '<b>', 'new')).toBe(page);
  });

  it('without marks is left alone', () => {
    expect(() => replaceBetween('<b> <a>', '<a>', '<b>', 'new')).toThrow('no place between');
  });
});

describe('the systems', () => {
  const system = (name: string, presence: Presence): MeasuredSystem => ({
    name,
    durability: 'fsync later',
    operations: [],
    find: async () => presence,
    start: () => Promise.reject(new Error('is not started here')),
  });
  const all = [
    system('A', { kind: 'present', version: '1' }),
    system('A (default)', { kind: 'present', version: '1' }),
    system('B', { kind: 'missing', reason: 'B is not installed' }),
  ];

  it('that are not there are skipped with a line', async () => {
    const { systems, versions, skipped } = await findSystems(all, []);
    expect(systems.map(({ name }) => name)).toEqual(['A', 'A (default)']);
    expect(versions.map(({ version }) => version)).toEqual(['1', '1']);
    expect(skipped).toEqual(['B: B is not installed']);
  });

  it('can be chosen, with all their variants', async () => {
    expect((await findSystems(all, ['a'])).systems).toHaveLength(2);
    expect((await findSystems(all, ['b'])).systems).toHaveLength(0);
    await expect(findSystems(all, ['c'])).rejects.toThrow('no system c; there are a, b');
  });

  it('begin another one of them in each round', () => {
    expect([1, 2, 3, 4].map((round) => inTurn(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
  });

  it('whose program is nowhere are not found', async () => {
    expect(await findServer('no-such-server', /(.)/)).toBeUndefined();
  });
});

describe('the options', () => {
  it('have defaults, quick ones, and can be set', () => {
    expect(parsePeerOptions([])).toMatchObject({ rounds: 5, clientCounts: [1, 64], measureMs: 3_000, valueBytes: 100 });
    expect(parsePeerOptions(['--help'])).toBeUndefined();
    expect(parsePeerOptions(['--quick', '--rounds', '2'])).toMatchObject({ rounds: 2, measureMs: 500 });
    expect(parsePeerOptions(['--clients', '1,16', '--only', 'etcd,Redis'])).toMatchObject({
      clientCounts: [1, 16],
      only: ['etcd', 'redis'],
    });
  });

  it.each([
    [['--rounds', '0'], '--rounds 0'],
    [['--rounds', '1.5'], '--rounds 1.5'],
    [['--seconds', 'x'], '--seconds x'],
    [['--clients', '1,,2'], '--clients 1,,2'],
    [['--clients', '0'], '--clients 0'],
    [['--what'], '--what'],
    [['more'], 'more'],
  ])('refuse %j', (args, complaint) => {
    expect(() => parsePeerOptions(args)).toThrow(complaint);
  });
});

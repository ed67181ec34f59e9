/** Histories of the size of a real run: legal ones pass, and one stale read among thousands is found and proved by a few. */
import { describe, expect, it } from 'vitest';
import type { ReadRecord, RegisterRecord } from '../../../src/check/history/record.js';
import { checkLinearizability } from '../../../src/check/linearizability.js';
import { type SeededRandom, seededRandom } from '../../support/seeded-random.js';

const OPERATIONS = 10_000;
const CLIENTS = 20;
const KEYS = 10;

/** Each operation takes effect at a moment between question and answer; one in fifty is never answered. */
function legalHistory(random: SeededRandom): readonly RegisterRecord[] {
  const clocks = new Array<number>(CLIENTS).fill(0);
  const planned = Array.from({ length: OPERATIONS }, (_, i) => {
    const client = clocks.indexOf(Math.min(...clocks));
    const invoke = (clocks[client] as number) + 1 + random.int(50);
    const complete = invoke + 1 + random.int(500);
    clocks[client] = complete;
    const isLost = random.chance(0.02);
    const moment = invoke + random.int(isLost ? 5_000 : complete - invoke);
    return { i, client, invoke, complete, isLost, moment, key: `k${random.int(KEYS)}`, isRead: random.chance(0.6) };
  });
  const state = new Map<string, string>();
  const records: RegisterRecord[] = [];
  for (const { i, client, invoke, complete, isLost, key, isRead } of planned.sort((a, b) => a.moment - b.moment)) {
    const process = isLost ? CLIENTS + i : client;
    const asked = { process, session: `s${client}`, level: 'linearizable', key, invoke } as const;
    const common = {
      ...asked,
      ...(isLost ? { complete: null, status: 'info' as const } : { complete, status: 'ok' as const }),
    };
    if (isRead) records.push({ ...common, op: 'read', ...(!isLost && { output: state.get(key) ?? null }) });
    else {
      records.push({ ...common, op: 'write', value: `v${i}` });
      state.set(key, `v${i}`);
    }
  }
  return records;
}

describe('ten thousand operations by twenty clients', () => {
  const history = legalHistory(seededRandom(7));

  it('are linearizable', () => {
    expect(checkLinearizability(history)).toMatchObject({ kind: 'ok' });
  });

  it('are not, if one of them was shown what had been replaced long before', () => {
    const reads = history.filter((record): record is ReadRecord => record.op === 'read' && record.status === 'ok');
    const late = reads[Math.floor(reads.length * 0.9)] as ReadRecord;
    const early = reads.find(
      ({ key, output, complete }) => key === late.key && output !== null && (complete ?? 0) > 1_000,
    );
    const bad = history.map((record) => (record === late ? { ...late, output: early?.output ?? null } : record));
    const verdict = checkLinearizability(bad);
    if (verdict.kind !== 'violated') expect.fail(JSON.stringify(verdict));
    const [violation] = verdict.violations;
    expect(violation?.operations).toContainEqual({ ...late, output: early?.output });
    expect(violation?.operations.length).toBeLessThanOrEqual(6);
  });
});

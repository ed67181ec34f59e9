/**
 * A second definition of causal consistency, deliberately without any pattern (A. Bouajjani et al., 2017, section 3): causal
 * order is closed pair by pair, and a read is explained if its past can be put into some order at whose end the key shows
 * what was read. Every order is tried. For histories of a handful of reads, writes and deletions.
 */
import type { ReadRecord, RegisterRecord } from '../../src/check/history/record.js';

type Step = Extract<RegisterRecord, { readonly op: 'read' | 'write' | 'delete' }>;

/** Values are unique. A read of nothing may have been shown any deletion, then it takes over what that one knew. */
export function naivelyCausal(records: readonly Step[]): boolean {
  const happened = records.filter(({ status }) => status !== 'fail');
  const before = causesOf(happened);
  if (before === undefined) return false;
  return happened.every((record, i) => {
    if (record.op !== 'read' || record.status !== 'ok' || record.level === 'eventual') return true;
    const past = (before[i] as readonly boolean[]).flatMap((is, j) => (is ? [j] : []));
    if (explains(happened, before, past, record)) return true;
    return happened.some((other, j) => {
      if (record.output !== null || other.op !== 'delete' || other.key !== record.key) return false;
      if (other.invoke > (record.complete ?? 0) || before[j]?.[i]) return false;
      const more = (before[j] as readonly boolean[]).flatMap((is, k) => (is ? [k] : []));
      return explains(happened, before, [...new Set([...past, ...more, j])], record);
    });
  });
}

/** `before[i][j]`: operation j came before i. `undefined`: something came before itself, or out of thin air. */
function causesOf(records: readonly Step[]): readonly (readonly boolean[])[] | undefined {
  const before = records.map((later) => records.map((earlier) => later !== earlier && isDirectCause(earlier, later)));
  for (const [i, record] of records.entries()) {
    if (record.op !== 'read' || record.status !== 'ok' || (record.output ?? null) === null) continue;
    const writer = records.findIndex(
      (each) => each.op === 'write' && each.key === record.key && each.value === record.output,
    );
    if (writer < 0 || (records[writer] as Step).invoke > (record.complete ?? 0)) return undefined;
    (before[i] as boolean[])[writer] = true;
  }
  for (const k of records.keys()) {
    for (const i of records.keys()) {
      for (const j of records.keys()) if (before[i]?.[k] && before[k]?.[j]) (before[i] as boolean[])[j] = true;
    }
  }
  return records.some((_, i) => before[i]?.[i]) ? undefined : before;
}

function isDirectCause(earlier: Step, later: Step): boolean {
  if (earlier.status !== 'ok' || later.level === 'eventual') return false;
  const isSession = earlier.session === later.session && (earlier.complete ?? 0) <= later.invoke;
  const { tokenIn, tokenOut } = earlier;
  return isSession || (tokenOut !== undefined && tokenOut === later.tokenIn && tokenOut !== tokenIn);
}

function explains(
  records: readonly Step[],
  before: readonly (readonly boolean[])[],
  past: readonly number[],
  read: ReadRecord,
): boolean {
  const place = (left: readonly number[], shown: unknown): boolean => {
    if (left.length === 0) return shown === (read.output ?? null);
    return left.some((i) => {
      if (left.some((j) => before[i]?.[j])) return false;
      const record = records[i] as Step;
      const isOther = record.key !== read.key || record.op === 'read';
      const next = isOther ? shown : record.op === 'write' ? record.value : null;
      return place(
        left.filter((j) => j !== i),
        next,
      );
    });
  };
  return place(past, null);
}

/** Causal convergence: some order of all writes that extends the causal order explains every read. */
export function naivelyConvergent(records: readonly Step[]): boolean {
  const before = causesOf(records);
  if (before === undefined) return false;
  const writes = [...records.keys()].filter((i) => records[i]?.op === 'write');
  return someOrder(writes, before, (order) =>
    records.every((record, i) => {
      if (record.op !== 'read') return true;
      const past = order.filter((j) => before[i]?.[j] && records[j]?.key === record.key);
      const last = records[past.at(-1) ?? -1];
      return (last?.op === 'write' ? last.value : null) === record.output;
    }),
  );
}

/** Causal memory: for each session some order of all it knew in the end explains all of its own reads. */
export function naiveMemory(records: readonly Step[]): boolean {
  const before = causesOf(records);
  if (before === undefined) return false;
  return records.every((record, end) => {
    const known = [...records.keys()].filter((i) => i === end || before[end]?.[i]);
    return someOrder(known, before, (order) =>
      order.every((i, at) => {
        const read = records[i] as Step;
        if (read.op !== 'read' || read.session !== record.session) return true;
        const earlier = order.slice(0, at).filter((j) => records[j]?.op === 'write' && records[j]?.key === read.key);
        const last = records[earlier.at(-1) ?? -1];
        return (last?.op === 'write' ? last.value : null) === read.output;
      }),
    );
  });
}

function someOrder(
  members: readonly number[],
  before: readonly (readonly boolean[])[],
  isGood: (order: readonly number[]) => boolean,
): boolean {
  const extend = (order: readonly number[], left: readonly number[]): boolean => {
    if (left.length === 0) return isGood(order);
    return left.some((i) => {
      if (left.some((j) => before[i]?.[j])) return false;
      return extend(
        [...order, i],
        left.filter((j) => j !== i),
      );
    });
  };
  return extend([], members);
}

/**
 * Who is cut off from whom: `r1 | r2,r3`. A shell takes a bare `|` for itself, so `/` separates groups as well, and
 * the groups may come as one quoted word or as several.
 */
import { CausewayError } from '../../base/errors.js';
import { parseReplicaId, type ReplicaId } from '../../base/ids.js';

/** At least two groups, none empty, no replica twice. @throws CausewayError `invalid-config`. */
export function parsePartitionSpec(words: readonly string[]): readonly (readonly ReplicaId[])[] {
  const spec = words.join(' ').trim();
  const groups = spec.split(/[|/]/).map((group) => group.trim());
  if (groups.length < 2) throw invalid(spec, 'it has only one side; a bare | is taken by the shell, so quote it');
  if (groups.includes('')) throw invalid(spec, 'one of its sides is empty');
  const parsed = groups.map((group) =>
    group
      .split(/[\s,]+/)
      .filter((id) => id !== '')
      .map(parseReplicaId),
  );
  if (parsed.some((group) => group.length === 0)) throw invalid(spec, 'one of its sides is empty');
  const all = parsed.flat();
  const twice = all.find((id, at) => all.indexOf(id) !== at);
  if (twice !== undefined) throw invalid(spec, `${twice} is on two sides`);
  return parsed;
}

export function formatGroups(groups: readonly (readonly string[])[]): string {
  return groups.map((group) => group.join(',')).join(' | ');
}

function invalid(spec: string, reason: string): CausewayError {
  return new CausewayError(
    'invalid-config',
    `"${spec}" is not a partition: ${reason}, as in 'r1 | r2,r3' or r1 / r2,r3`,
  );
}

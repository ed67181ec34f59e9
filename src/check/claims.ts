/** Promise of unique claims: everybody is told the same winner, who had asked for it before anybody was told. */
import { describe, quoted } from './describe.js';
import type { CoordinationRecord, HistoryRecord } from './history/record.js';
import { type Verdict, type Violation, verdictOf } from './verdict.js';

type Claim = Extract<CoordinationRecord, { readonly op: 'claim' }>;

/** Claims that are never given up: histories with releases have to use another name for each. */
export function checkClaims(records: readonly HistoryRecord[]): Verdict {
  const races = new Map<string, Claim[]>();
  for (const record of records) {
    if (record.op !== 'claim') continue;
    const others = races.get(record.key);
    if (others === undefined) races.set(record.key, [record]);
    else others.push(record);
  }
  const judged = [...races.values()].flat().filter(({ output }) => output !== undefined).length;
  return verdictOf(judged, [...races.values()].flatMap(broken), (each) => each);
}

function broken(race: readonly Claim[]): readonly Violation[] {
  const told = race.filter(({ output }) => output !== undefined).sort((a, b) => a.invoke - b.invoke);
  const [first] = told;
  if (first === undefined) return [];
  const other = told.find(({ output }) => output !== first.output);
  if (other !== undefined) {
    const sentence = `${quoted(first.key)} has two owners: ${describe(first)}, and ${describe(other)}`;
    return [{ rule: 'one-winner', sentence, operations: [first, other] }];
  }
  const refused = told.find(({ status, value, output }) => status === 'fail' && value === output);
  if (refused !== undefined) {
    const sentence = `${describe(refused)}, and yet it was refused`;
    return [{ rule: 'winner-is-told', sentence, operations: [refused] }];
  }
  return unasked(race, told);
}

/** Only who wanted it can have it; a claim that is over cannot have been lost to one that came later. */
function unasked(race: readonly Claim[], told: readonly Claim[]): readonly Violation[] {
  const asked = race.filter(({ value, status }) => value === told[0]?.output && status !== 'fail');
  const since = Math.min(...asked.map(({ invoke }) => invoke));
  const early = told.find(({ complete }) => (complete ?? Number.POSITIVE_INFINITY) < since);
  if (early === undefined) return [];
  const sentence = `${describe(early)}, who had not asked for it by then`;
  return [{ rule: 'winner-has-asked', sentence, operations: [early, ...asked.slice(0, 1)] }];
}

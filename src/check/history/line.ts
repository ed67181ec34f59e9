/** A record as a line of a history file (`docs/HISTORY.md`); `parse.ts` reads it. */
import type { HistoryRecord, TxnRecord, TxnStep } from './record.js';

/** JSON on one line, without the line break at its end. */
export function historyLine(record: HistoryRecord): string {
  const { line: _, fencing, ...told } = record;
  const members = record.op === 'txn' ? txnMembers(record) : told;
  return JSON.stringify(fencing === undefined ? members : { ...members, fencing: `${fencing.lock}=${fencing.token}` });
}

/** In the file a transaction has the names of the HTTP interface. */
function txnMembers({ line: _, fencing, checks, onSuccess, onFailure, ...others }: TxnRecord): object {
  return Object.fromEntries([
    ...Object.entries(others),
    ['if', checks],
    ['then', onSuccess.map(stepMembers)],
    ['else', onFailure.map(stepMembers)],
  ]);
}

function stepMembers(step: TxnStep): object {
  return step.kind === 'put' ? { put: step.key, value: step.value } : { [step.kind]: step.key };
}

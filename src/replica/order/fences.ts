/** Fencing of writes against the locks as this replica knows them: certain inside the log, as good as known outside. */
import { CausewayError } from '../../base/errors.js';
import type { StateReader } from '../../base/state-table.js';
import { checkFencing } from '../../coordination/locks.js';
import type { Fence } from '../../keyspace/ordered/coordinator.js';

/** @throws CausewayError `fenced`, for the first that does not hold */
export function checkFences(state: StateReader, fences: readonly Fence[]): void {
  for (const { lock, token } of fences) {
    const refused = checkFencing(state, lock, token);
    if (refused !== undefined) throw new CausewayError(refused.code, refused.detail, refused.facts);
  }
}

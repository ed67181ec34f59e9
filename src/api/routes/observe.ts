/** `GET /v1/elections/{name}/observe`: who leads, and everybody who leads after. */
import type { LockView } from '../../replica/ordered-handle.js';
import { readObject } from '../coordinate.js';
import type { Vacancy } from '../coordination-schemas.js';
import { StateStream } from '../event-stream.js';
import type { Answer, Exchange } from '../exchange.js';
import { orderedReplica } from '../served-levels.js';
import { lockName, lockReport } from './locks.js';

const SPACE = 'election';
const VACANCY: Vacancy = { owner: null };

/**
 * The first event is as new as the level of the request demands; the others come as this replica applies the log. A
 * renewed lease is no event: the leader stays the same.
 */
export async function observeElection(exchange: Exchange): Promise<Answer | undefined> {
  const name = lockName(exchange, SPACE);
  await readObject(exchange, { kind: 'lock', space: SPACE, name });
  if (exchange.request.method === 'HEAD') {
    return { status: 200, headers: ['Content-Type', 'text/event-stream'], body: undefined };
  }
  const stream = new StateStream(exchange);
  let shown: number | null | undefined;
  const show = (lock: LockView | undefined): void => {
    const term = lock?.token ?? null;
    if (term === shown) return;
    shown = term;
    stream.show('leader', lock === undefined ? VACANCY : lockReport(SPACE, lock));
  };
  orderedReplica(exchange.service.replica).observe(SPACE, name, show, stream.ended);
  stream.open();
  return undefined;
}

/** `/v1/locks/{name}` and `/v1/elections/{name}`: leases with fencing tokens. An election is a lock whose token is the term. */
import { CausewayError } from '../../base/errors.js';
import type { LockView, ObjectName } from '../../replica/ordered-handle.js';
import { coordinate, readObject } from '../coordinate.js';
import { AcquireRequest, HolderRequest, type Lease, type LockReport, type Released } from '../coordination-schemas.js';
import type { Answer, Exchange } from '../exchange.js';
import { checkedBody, jsonAnswer } from '../json.js';
import { checkName, pathName } from '../names.js';
import { quoted } from '../refuse.js';
import type { Route } from '../serve.js';
import { validatorOf } from '../validate.js';

/** Locks and elections have names of their own. */
export type Space = Extract<ObjectName, { readonly kind: 'lock' }>['space'];

const checkAcquire = validatorOf(AcquireRequest);
const checkHolder = validatorOf(HolderRequest);

/** Waits its turn for up to `waitMs`, which the timeout of the request does not cut. */
export function acquire(space: Space): Route {
  return async (exchange) => {
    const name = lockName(exchange, space);
    const { owner, ttlMs, waitMs = 0 } = checkedBody(checkAcquire, exchange.request.body);
    const command = { kind: 'acquire', space, name, owner: checkName(owner, 'The owner'), ttlMs, waitMs } as const;
    const { answer, headers } = await coordinate(exchange, command, 'held');
    return jsonAnswer(leaseOf(space, answer.holder), 200, headers);
  };
}

export function renew(space: Space): Route {
  return async (exchange) => {
    const { answer, headers } = await coordinate(exchange, holderCommand(exchange, space, 'renew'), 'held');
    return jsonAnswer(leaseOf(space, answer.holder), 200, headers);
  };
}

/** Give it up: release of a lock, resignation from an election. */
export function release(space: Space): Route {
  return async (exchange) => {
    const { headers } = await coordinate(exchange, holderCommand(exchange, space, 'release'), 'ended');
    const body: Released = { released: true };
    return jsonAnswer(body, 200, headers);
  };
}

export function getLock(space: Space): Route {
  return async (exchange): Promise<Answer> => {
    const name = lockName(exchange, space);
    const { lock } = await readObject(exchange, { kind: 'lock', space, name });
    if (lock === undefined) throw new CausewayError('not-found', `Nobody holds the ${space} ${quoted(name)}.`);
    return jsonAnswer(lockReport(space, lock));
  };
}

export function lockReport(space: Space, lock: LockView): LockReport {
  const { token, remainingMs, waiting } = lock;
  return { ...leaseOf(space, { ...lock, token }), remainingMs: Math.max(0, Math.round(remainingMs)), waiting };
}

export function lockName(exchange: Exchange, space: Space): string {
  return pathName(exchange, 0, `The name of the ${space}`);
}

function leaseOf(space: Space, { owner, token, ttlMs }: Pick<LockView, 'owner' | 'token' | 'ttlMs'>): Lease {
  const lease = { fencingToken: token, owner, ttlMs };
  return space === 'election' ? { ...lease, term: token } : lease;
}

function holderCommand<K extends 'renew' | 'release'>(exchange: Exchange, space: Space, kind: K) {
  const name = lockName(exchange, space);
  const { fencingToken } = checkedBody(checkHolder, exchange.request.body);
  return { kind, space, name, token: fencingToken };
}

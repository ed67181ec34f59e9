/**
 * Reads of coordination objects at every level, from the ordered state as applied here.
 *
 * At `eventual` it is read as it is. At `causal` the request waits for what its token names: also until the log is applied
 * up to the token's index, for a group `(log, i)` may come from a peer, ahead of this replica's own log. At `linearizable`
 * it waits for a barrier. The answer depended on every entry applied so far, that nothing had happened to the object
 * included; so its token is joined with `(log, applied)`, and whoever reads with it elsewhere sees this state or a later
 * one. That token names all the log's keys as well: a causal read of a key with it may wait for entries that have nothing
 * to do with the object.
 */
import { LOG_ORIGIN } from '../../base/ids.js';
import type { StateReader } from '../../base/state-table.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import { readConstraint } from '../../coordination/catalog.js';
import { readClaim } from '../../coordination/claims.js';
import { readLock } from '../../coordination/lock-state.js';
import { readSequence } from '../../coordination/sequences.js';
import type { Time } from '../../ports/time.js';
import type { ObjectName, ObjectResult, ObjectState, OrderedContext } from '../ordered-handle.js';
import type { RequestContext } from '../request-types.js';
import type { AppliedState } from './applied-state.js';
import { IndexWaiters } from './index-waiters.js';
import type { LeaseKeeper } from './lease-keeper.js';
import { lockView } from './observers.js';

/** Both resolve with the milliseconds waited, and throw CausewayErrors. */
export interface ReadGates {
  /** A weaker read may proceed: not while draining, and at `causal` not before the token is covered. */
  admit(context: RequestContext): Promise<number>;
  /** What was committed when this was called is applied here, and the token is covered. */
  barrier(context: OrderedContext): Promise<number>;
}

export type ObjectContext = RequestContext | (OrderedContext & { readonly level: 'linearizable' });

export class ObjectReads {
  readonly #time: Time;
  readonly #state: AppliedState;
  readonly #keeper: Pick<LeaseKeeper, 'remainingMs'>;
  readonly #gates: ReadGates;
  readonly #waiters: IndexWaiters;

  constructor(time: Time, state: AppliedState, keeper: Pick<LeaseKeeper, 'remainingMs'>, gates: ReadGates) {
    this.#time = time;
    this.#state = state;
    this.#keeper = keeper;
    this.#gates = gates;
    this.#waiters = new IndexWaiters(time, state);
  }

  async read(name: ObjectName, context: ObjectContext): Promise<ObjectResult> {
    const waitMs = await this.#ready(context);
    const startedMs = this.#time.monotonicMs();
    const state = this.#find(this.#state.state, name);
    const token = withLog(context.token, this.#state.applied);
    return { state, token, timing: { waitMs, storeMs: this.#time.monotonicMs() - startedMs } };
  }

  async #ready(context: ObjectContext): Promise<number> {
    if (context.level === 'linearizable') return this.#gates.barrier(context);
    const admittedMs = await this.#gates.admit(context);
    if (context.level === 'eventual') return admittedMs;
    const startedMs = this.#time.monotonicMs();
    const leftMs = Math.max(0, context.timeoutMs - admittedMs);
    await this.#waiters.wait(context.token.get(LOG_ORIGIN), leftMs, context.signal);
    return admittedMs + this.#time.monotonicMs() - startedMs;
  }

  #find(state: StateReader, name: ObjectName): ObjectState {
    const { kind } = name;
    switch (kind) {
      case 'sequence':
        return { kind, value: readSequence(state, name.name) };
      case 'claim': {
        const claim = readClaim(state, name.namespace, name.value);
        return { kind, claim: claim && { owner: claim.owner } };
      }
      case 'constraint': {
        const constraint = readConstraint(state, name.name);
        return { kind, constraint: constraint && { prefix: constraint.prefix, field: constraint.field } };
      }
      case 'lock':
        return { kind, lock: lockView(name, readLock(state, name.space, name.name), this.#keeper) };
    }
  }
}

function withLog(token: VersionVector, applied: number): VersionVector {
  return applied === 0 ? token : token.with({ origin: LOG_ORIGIN, counter: applied });
}

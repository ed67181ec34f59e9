/**
 * What a replica offers of locks, elections, sequences, claims and constraints. Most commands are one entry of the log; what
 * is more is the waiting for a lock.
 *
 * An acquire that may wait is answered `queued` by the log: it has a place in the order of arrival, and everybody knows.
 * The request then waits at this replica until it sees its turn come, for `waitMs` at most. The timeout of the request
 * bounds the proposals before and after, not that waiting: it may take `waitMs` and twice the timeout in all. Whoever
 * stops waiting - the time is over, the client has gone, this replica shuts down - proposes to give the place up, and the
 * log says whether the turn had come after all. If that cannot be said, or nobody is left to say it, the `LeaseKeeper` of
 * some replica gives the place up, and a lease that came to nobody ends by its ttl.
 *
 * An `Idempotency-Key` means that the caller may ask again, here or at another replica. Then the same place is waited at,
 * so a lock that has come to it is not released for a caller who seems gone, and a replica that shuts down leaves the
 * place as it is.
 */
import { CausewayError } from '../../base/errors.js';
import { LOG_ORIGIN } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import type { CoordinationAnswer } from '../../coordination/answer.js';
import type { Acquire, CoordinationCommand, LockName } from '../../coordination/command.js';
import type { LockHolder } from '../../coordination/lock-state.js';
import type { Time } from '../../ports/time.js';
import type { Trace } from '../../ports/trace.js';
import { LogRefusal } from '../log-refusal.js';
import type { CoordinateRequest, CoordinateResult, OrderedContext, OrderedReplica } from '../ordered-handle.js';
import type { CallerSignal, Timing } from '../request-types.js';
import type { AppliedState } from './applied-state.js';
import { proposeHousekeeping } from './housekeeping.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { LockFeed } from './lock-feed.js';
import { LockWaiters, type Place, type Waited } from './lock-waiters.js';
import { ObjectReads, type ReadGates } from './object-reads.js';
import { Observers } from './observers.js';
import type { Proposals } from './proposals.js';

/** What became of a command that the log did not refuse. */
export interface Coordinated {
  readonly answer: CoordinationAnswer;
  /** Request token joined with the past of the entry. */
  readonly token: VersionVector;
  readonly replayed: boolean;
  readonly timing: Timing;
}

/**
 * One command, as one entry of the log under this context. Resolves when it is applied here.
 * @throws CausewayError what the log refused, with its facts; `no-quorum`, `outcome-unknown`, ...
 */
export type Coordinate = (
  command: CoordinationCommand,
  context: OrderedContext,
  idempotencyKey: string | undefined,
) => Promise<Coordinated>;

export interface CoordinationServiceOptions {
  readonly time: Time;
  readonly trace: Trace;
  readonly state: AppliedState;
  readonly feed: LockFeed;
  readonly keeper: LeaseKeeper;
  readonly proposals: Proposals;
  readonly coordinate: Coordinate;
  readonly gates: ReadGates;
}

/** An acquire that was queued, and its request. */
interface Queued {
  readonly place: Place;
  readonly waitMs: number;
  readonly context: OrderedContext;
  readonly mayAskAgain: boolean;
}

export class CoordinationService implements Pick<OrderedReplica, 'coordinate' | 'object' | 'observe'> {
  readonly #options: CoordinationServiceOptions;
  readonly #waiters: LockWaiters;
  readonly #reads: ObjectReads;
  readonly #observers: Observers;

  constructor(options: CoordinationServiceOptions) {
    const { time, state, feed, keeper, gates } = options;
    this.#options = options;
    this.#waiters = new LockWaiters(time, feed);
    this.#reads = new ObjectReads(time, state, keeper, gates);
    this.#observers = new Observers(feed, keeper);
  }

  /** Requests that wait for a lock. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Locks and elections that somebody observes. */
  get observed(): number {
    return this.#observers.size;
  }

  coordinate({ command, idempotencyKey }: CoordinateRequest, context: OrderedContext): Promise<CoordinateResult> {
    if (command.kind === 'acquire') return this.#acquire(command, context, idempotencyKey);
    return this.#options.coordinate(command, context, idempotencyKey);
  }

  object(...[name, context]: Parameters<OrderedReplica['object']>): ReturnType<OrderedReplica['object']> {
    return this.#reads.read(name, context);
  }

  observe(...[space, name, listener, signal]: Parameters<OrderedReplica['observe']>): void {
    this.#observers.observe({ space, name }, listener, signal);
  }

  /** Requests that wait for a lock stop doing so. They may still propose: close the proposals when they have ended. */
  drain(): void {
    this.#waiters.drain();
  }

  /** The signal is not passed on: a caller who has gone leaves a lock or a place behind only if nobody learns of it. */
  async #acquire(command: Acquire, context: OrderedContext, key: string | undefined): Promise<CoordinateResult> {
    const { signal, ...lasting } = context;
    const acquired = await this.#propose(command, lasting, key);
    const { answer } = acquired;
    if (answer.kind === 'held' && isGone(signal) && key === undefined) this.#releaseFor(command, answer.holder);
    if (answer.kind !== 'queued') return acquired;
    const place = { space: command.space, name: command.name, ticket: answer.ticket };
    return this.#attend(acquired, { place, waitMs: command.waitMs, context, mayAskAgain: key !== undefined });
  }

  async #propose(command: Acquire, context: OrderedContext, key: string | undefined): Promise<Coordinated> {
    try {
      return await this.#options.coordinate(command, context, key);
    } catch (error) {
      if (!(error instanceof LogRefusal) || error.code !== 'lock-held') throw error;
      const holder = this.#options.feed.read(command)?.holder;
      const isSame = holder !== undefined && holder.owner === error.facts.owner;
      if (!isSame) throw error;
      const remainingMs = this.#options.keeper.remainingMs(command, holder);
      throw error.with({ remainingMs });
    }
  }

  async #attend(acquired: Coordinated, queued: Queued): Promise<CoordinateResult> {
    const { time } = this.#options;
    const startedMs = time.monotonicMs();
    const waited = await this.#waiters.wait(queued.place, queued.waitMs, queued.context.signal);
    const { holder, index } = await this.#turn(waited, queued);
    if (isGone(queued.context.signal) && !queued.mayAskAgain) this.#releaseFor(queued.place, holder);
    // The entry that ended the lease before is in the past of who has it now: he sees what its holder saw.
    const token = acquired.token.with({ origin: LOG_ORIGIN, counter: index });
    const waitMs = acquired.timing.waitMs + time.monotonicMs() - startedMs;
    return { ...acquired, answer: { kind: 'held', holder }, token, timing: { ...acquired.timing, waitMs } };
  }

  /** The turn has come, and is known from the entry at `index`. @throws CausewayError if it has not */
  async #turn(waited: Waited, queued: Queued): Promise<{ readonly holder: LockHolder; readonly index: number }> {
    if (waited.kind === 'turn') return { holder: waited.holder, index: waited.holder.renewal };
    if (waited.kind === 'gone') throw placeLost(queued.place);
    if (waited.why === 'draining' && queued.mayAskAgain)
      throw leftInQueue(queued.place, 'this replica is shutting down');
    const { answer, index } = await this.#abandon(queued);
    if (answer?.kind === 'held') return { holder: answer.holder, index };
    if (waited.why === 'draining') throw new CausewayError('shutting-down', 'this replica is shutting down');
    const why = waited.why === 'time' ? `waited ${queued.waitMs} ms in vain` : 'the client stopped waiting';
    throw this.#lockHeld(queued.place, `The ${queued.place.space} was held by others: ${why}.`);
  }

  async #abandon({ place, context }: Queued): ReturnType<typeof proposeHousekeeping> {
    const { proposals, state } = this.#options;
    try {
      return await proposeHousekeeping(proposals, state, { kind: 'abandon', ...place }, context.timeoutMs);
    } catch (error) {
      if (!(error instanceof CausewayError)) throw error;
      throw leftInQueue(place, `it could not be given up: ${error.message}`);
    }
  }

  /** Nobody learned that he has it. If this fails, the lease ends by its ttl. */
  #releaseFor({ space, name }: LockName, { token }: LockHolder): void {
    const { proposals, state, trace } = this.#options;
    const command = { kind: 'release', space, name, token } as const;
    proposeHousekeeping(proposals, state, command, LIMITS.timeoutDefaultMs).catch((error: unknown) => {
      if (!(error instanceof CausewayError)) throw error;
      trace({ name: 'lock.release-failed', level: 'debug', facts: { ...command, code: error.code } });
    });
  }

  /** With what is known of the holder now. */
  #lockHeld(name: LockName, detail: string): CausewayError {
    const { feed, keeper } = this.#options;
    const holder = feed.read(name)?.holder;
    const facts = holder && { owner: holder.owner, remainingMs: keeper.remainingMs(name, holder) };
    return new CausewayError('lock-held', detail, facts);
  }
}

function isGone(signal: CallerSignal | undefined): boolean {
  return signal?.aborted === true;
}

function leftInQueue({ space, name, ticket }: Place, why: string): CausewayError {
  const what = `The ${space} ${JSON.stringify(name)} may still be given to the request, under token ${ticket}`;
  return new CausewayError('outcome-unknown', `${what}: ${why}.`);
}

function placeLost({ space, name, ticket }: Place): CausewayError {
  const what = `The place ${ticket} in the queue of the ${space} ${JSON.stringify(name)}`;
  return new CausewayError('fenced', `${what} was given up, or its turn has come and gone.`);
}

/**
 * Nothing enters the log before what it depends on is durable on a majority of voters: otherwise the loss of one replica
 * could leave an entry whose dependencies are nowhere, and the origin `log` of the causal plane would stand still for ever.
 *
 * Entries of the log that an entry depends on need no such care: they are in the logs of a majority already, and every
 * replica makes their groups itself.
 */
import { CausewayError, type MissingWrites } from '../../base/errors.js';
import { LOG_ORIGIN, type Origin } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { type Configuration, membersOf } from '../../consensus/configuration.js';
import { reachedByQuorum } from '../../consensus/quorum.js';
import type { Time } from '../../ports/time.js';
import type { Deadline } from './deadline.js';
import { Waiters } from './waiters.js';

/** What is known of another member: the vector it last told, and whether it was heard lately. */
export interface PeerVector {
  /** Undefined until it was heard from. */
  readonly origin: Origin | undefined;
  readonly vector: VersionVector;
  readonly reachable: boolean;
}

export interface UniformDependenciesOptions {
  readonly time: Time;
  readonly self: () => Origin;
  readonly voters: () => Configuration;
  /** This replica's own durable vector. */
  readonly durable: () => VersionVector;
  readonly peers: () => readonly PeerVector[];
  /** Ask the peers for their vectors now, rather than leave it to their timers. */
  readonly hurry: () => void;
}

export class UniformDependencies {
  readonly #options: UniformDependenciesOptions;
  readonly #waiters: Waiters;
  #cancelHurry: () => void = () => {};

  constructor(options: UniformDependenciesOptions) {
    this.#options = options;
    this.#waiters = new Waiters(options.time);
  }

  /**
   * Resolves when a majority of voters is known to have `deps` durable; undefined if one is already.
   * @throws CausewayError `no-quorum` if a majority cannot be reached, or else `causal-wait-timeout`
   */
  wait(deps: VersionVector, deadline: Deadline): Promise<void> | undefined {
    const need = withoutLog(deps);
    return need.size === 0 || this.#isUniform(need) ? undefined : this.#wait(need, deadline);
  }

  async #wait(need: VersionVector, deadline: Deadline): Promise<void> {
    this.#hurry();
    const late = () => this.#late(need, deadline.timeoutMs);
    // While a majority is out of reach there is no sense in waiting longer than an election would take.
    const patience = this.#waiters.wait(() => this.#isUniform(need), deadline, late, LIMITS.electionTimeoutMs);
    await patience.catch((error: unknown) => {
      if (!(error instanceof CausewayError) || error.code !== 'causal-wait-timeout') throw error;
      if (deadline.leftMs === 0 || deadline.signal?.aborted === true) throw error;
      return this.#waiters.wait(() => this.#isUniform(need), deadline, late);
    });
  }

  /** Call when a vector of a peer, or our own, may have grown. */
  wake(): void {
    this.#waiters.wake();
  }

  failAll(error: CausewayError): void {
    this.#cancelHurry();
    this.#waiters.failAll(error);
  }

  /** Ask again for as long as somebody waits: the peers tell what they have on request, and not when it changes. */
  #hurry(): void {
    this.#cancelHurry();
    this.#options.hurry();
    this.#cancelHurry = this.#options.time.after(LIMITS.digestRequestIntervalMs, () => {
      if (this.#waiters.size > 0) this.#hurry();
    });
  }

  #isUniform(need: VersionVector): boolean {
    const vectors = this.#vectors();
    return this.#countsQuorum((voter) => vectors.get(voter)?.includes(need) === true);
  }

  #countsQuorum(has: (voter: Origin) => boolean): boolean {
    const configuration = this.#options.voters();
    return configuration.voters.length > 0 && reachedByQuorum(configuration, (voter) => Number(has(voter))) === 1;
  }

  #vectors(): Map<Origin, VersionVector> {
    const { self, durable, peers } = this.#options;
    const vectors = new Map([[self(), durable()]]);
    for (const { origin, vector } of peers()) if (origin !== undefined) vectors.set(origin, vector);
    return vectors;
  }

  #late(need: VersionVector, timeoutMs: number): CausewayError {
    const { self, peers } = this.#options;
    const reachable = new Set([self(), ...peers().flatMap((peer) => (peer.reachable ? [peer.origin] : []))]);
    if (!this.#countsQuorum((voter) => reachable.has(voter))) {
      const detail =
        'what the request depends on is not known to be durable on a majority of voters, which cannot be reached';
      return new CausewayError('no-quorum', detail, { retryAfterSeconds: 1 });
    }
    const missing = this.#missing(need);
    const what = missing.map(({ origin, have, need: to }) => `${origin} ${have + 1}..${to}`).join(', ');
    const detail = `waited ${timeoutMs} ms for a majority of voters to have ${what}`;
    return new CausewayError('causal-wait-timeout', detail, { missing, retryAfterSeconds: 1 });
  }

  /** What the majority that has most lacks. */
  #missing(need: VersionVector): MissingWrites[] {
    const vectors = this.#vectors();
    const configuration = this.#options.voters();
    if (membersOf(configuration).length === 0) return VersionVector.EMPTY.missing(need);
    const reached = (origin: Origin) => reachedByQuorum(configuration, (voter) => vectors.get(voter)?.get(origin) ?? 0);
    return VersionVector.of(need.entries().map(([origin]) => [origin, reached(origin)])).missing(need);
  }
}

/** The vector without what the log itself wrote. */
export function withoutLog(vector: VersionVector): VersionVector {
  if (vector.get(LOG_ORIGIN) === 0) return vector;
  return VersionVector.of(vector.entries().filter(([origin]) => origin !== LOG_ORIGIN));
}

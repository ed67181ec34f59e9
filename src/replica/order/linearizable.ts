/**
 * The request path at linearizable, put together: whoever wires a replica hands in its parts and passes on what comes in.
 * Failures are `CausewayError`s; those of 503 tell which levels would serve the request now.
 */
import { assert } from '../../base/assert.js';
import { CausewayError } from '../../base/errors.js';
import { type Origin, type ReplicaId, replicaOf } from '../../base/ids.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import type { Configuration } from '../../consensus/configuration.js';
import type { TotalOrder } from '../../consensus/total-order.js';
import type { CoordinationCommand } from '../../coordination/command.js';
import type { Random } from '../../ports/random.js';
import type { StorageReader } from '../../ports/storage.js';
import type { Time } from '../../ports/time.js';
import type { Coverage } from '../causal/coverage-waiters.js';
import type {
  OrderedContext,
  OrderedReplica,
  OrderedWriteRequest,
  OrderedWriteResult,
  TxnRequest,
  TxnResult,
} from '../ordered-handle.js';
import type { ListRequest, ListResult, MultiReadResult, ReadResult } from '../request-types.js';
import type { TokenKnowledge } from '../requests/token-check.js';
import type { Sender } from '../wire/envelope.js';
import type { OrderMessage } from '../wire/order-codec.js';
import { Adopter } from './adopter.js';
import type { AnswerTimes } from './answer-times.js';
import type { AppliedState } from './applied-state.js';
import { Barrier } from './barrier.js';
import { Deadline } from './deadline.js';
import { LinearizableReads } from './linearizable-reads.js';
import { type Coordinated, LinearizableWrites } from './linearizable-writes.js';
import type { Proposals } from './proposals.js';
import { type PeerVector, UniformDependencies } from './uniform-dependencies.js';
import { VectorRounds } from './vector-rounds.js';

export interface LinearizableOptions {
  readonly order: TotalOrder;
  readonly applied: AppliedState;
  readonly proposals: Proposals;
  readonly storage: StorageReader;
  readonly time: Time;
  readonly random: Random;
  readonly self: () => Origin;
  /** The members of the total order as this replica knows them. */
  readonly voters: () => Configuration;
  /** The durable vector of this replica, and whether its causal view can be used. */
  readonly coverage: () => Coverage;
  /** What the causal plane knows of the others' vectors. */
  readonly peers: () => readonly PeerVector[];
  readonly tokens: () => TokenKnowledge;
  /** New requests are taken. @throws CausewayError `shutting-down` */
  readonly admit: () => void;
  /** Ask the peers for their vectors now. */
  readonly hurry: () => void;
  /** Who leads the total order, as far as this replica knows. */
  readonly leader: () => Origin | undefined;
  readonly times: AnswerTimes;
  readonly send: (to: ReplicaId | 'all', message: OrderMessage) => void;
}

export class Linearizable implements Pick<OrderedReplica, 'read' | 'readMany' | 'list' | 'write' | 'txn'> {
  readonly #options: LinearizableOptions;
  readonly #rounds: VectorRounds;
  readonly #dependencies: UniformDependencies;
  readonly #barrier: Barrier;
  readonly #reads: LinearizableReads;
  readonly #writes: LinearizableWrites;

  constructor(options: LinearizableOptions) {
    this.#options = options;
    const durable = () => options.coverage().durable;
    this.#rounds = new VectorRounds({ ...options, durable, send: (to, message) => this.#question(to, message) });
    this.#dependencies = new UniformDependencies({ ...options, durable });
    this.#barrier = new Barrier({ ...options, rounds: this.#rounds });
    const parts = { ...options, barrier: this.#barrier, dependencies: this.#dependencies };
    const adopter = new Adopter(parts);
    this.#reads = new LinearizableReads({ ...parts, adopter });
    this.#writes = new LinearizableWrites({ ...parts, adopter });
  }

  /** Requests that wait for the causal plane or for the log to be applied. */
  get waiting(): number {
    return this.#barrier.waiting;
  }

  get isAwaitingWrites(): boolean {
    return this.#barrier.isAwaitingWrites;
  }

  read(key: string, context: OrderedContext): Promise<ReadResult> {
    return this.#serve(context, (deadline) => this.#reads.read(key, context, deadline));
  }

  readMany(keys: readonly string[], context: OrderedContext): Promise<MultiReadResult> {
    return this.#serve(context, (deadline) => this.#reads.readMany(keys, context, deadline));
  }

  list(request: ListRequest, context: OrderedContext): Promise<ListResult> {
    return this.#serve(context, (deadline) => this.#reads.list(request, context, deadline));
  }

  write(request: OrderedWriteRequest, context: OrderedContext): Promise<OrderedWriteResult> {
    return this.#serve(context, (deadline) => this.#writes.write(request, context, deadline));
  }

  txn(request: TxnRequest, context: OrderedContext): Promise<TxnResult> {
    return this.#serve(context, (deadline) => this.#writes.txn(request, context, deadline));
  }

  /** One command on a coordination object, as one entry of the log. */
  coordinate(command: CoordinationCommand, context: OrderedContext, idempotencyKey?: string): Promise<Coordinated> {
    return this.#serve(context, (deadline) => this.#writes.coordinate(command, idempotencyKey, context, deadline));
  }

  /** Milliseconds waited until what was committed when this was called is applied here, and the token is covered. */
  barrier(context: OrderedContext): Promise<number> {
    return this.#serve(context, async (deadline) => {
      await this.#barrier.beforeRead(context.token, deadline);
      return deadline.timing().waitMs;
    });
  }

  receive(from: Sender, message: OrderMessage): void {
    if (message.kind === 'vector-reply') {
      this.#rounds.receive(from.origin, message);
      return;
    }
    const { run, round } = message;
    const vector = this.#options.coverage().durable;
    this.#options.send(from.replica, { kind: 'vector-reply', run, round, vector });
  }

  /** Call whenever the durable vector, or what is known of a peer's, may have grown. */
  wake(): void {
    this.#barrier.wake();
    this.#dependencies.wake();
  }

  /** No request waits any more; the proposals are closed by whoever owns them. */
  close(): void {
    this.#rounds.close();
    this.#barrier.close();
    this.#dependencies.failAll(new CausewayError('shutting-down', 'this replica is shutting down'));
  }

  #question(to: readonly Origin[] | 'all', message: OrderMessage): void {
    if (to === 'all') this.#options.send(to, message);
    else for (const member of to) this.#options.send(replicaOfVoter(member), message);
  }

  async #serve<T>(context: OrderedContext, serve: (deadline: Deadline) => Promise<T>): Promise<T> {
    this.#options.admit();
    try {
      return await serve(new Deadline(this.#options.time, context.timeoutMs, context.signal));
    } catch (error) {
      if (!(error instanceof CausewayError) || error.entry.status !== 503) throw error;
      throw new CausewayError(error.code, error.message, { ...error.facts, served: this.#served(context.token) });
    }
  }

  /** Levels at which the same request would be served now. */
  #served(token: VersionVector): string[] {
    return this.#barrier.covers(token) ? ['eventual', 'causal'] : ['eventual'];
  }
}

function replicaOfVoter(member: Origin): ReplicaId {
  const replica = replicaOf(member);
  assert(replica !== undefined, 'a voter that is no replica', { member });
  return replica;
}

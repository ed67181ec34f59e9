/** The entrance: a client for the replicas of one cluster, and the sessions and instruments it hands out. */
import { documentOf } from './answers.js';
import { baseUrl, durationMs, positive } from './arguments.js';
import type { Reply } from './attempt.js';
import { perform } from './call.js';
import type { ClientCore } from './core.js';
import { Endpoints } from './endpoints.js';
import { InvalidArgumentError } from './errors.js';
import { Faults } from './faults.js';
import { Members } from './members.js';
import { Operations } from './operations.js';
import { retryPolicy } from './retry.js';
import { type Runtime, systemRuntime } from './runtime.js';
import { FORGETFUL, SessionMemory } from './session.js';
import type { ClusterStatus, ReplicaStatus } from './status.js';
import type { CallOptions, ClientOptions } from './types.js';

type StatusOptions = Omit<CallOptions, 'level'>;

/** Operations in an order: each sees what those before it saw and did, whichever replica answers. */
export class Session extends Operations {
  readonly #memory: SessionMemory;

  constructor(core: ClientCore, memory: SessionMemory) {
    super(core, memory);
    this.#memory = memory;
  }

  /** Covers all answers so far; undefined before the first. Give it to `client.session` to go on elsewhere. */
  get token(): string | undefined {
    return this.#memory.token;
  }

  /**
   * Be causally after what `token` covers as well, e.g. one that came along with a message.
   * @throws InvalidArgumentError if it cannot be joined with the one the session holds.
   */
  join(token: string): void {
    if (this.#memory.join(token)) return;
    throw new InvalidArgumentError('this token cannot be joined with the one the session holds');
  }
}

/** Operations by themselves: no call of the client waits for what another one saw. For that, use a session. */
export class Client extends Operations {
  readonly faults: Faults;
  readonly members: Members;
  readonly #core: ClientCore;

  constructor(core: ClientCore) {
    super(core, FORGETFUL);
    this.#core = core;
    this.faults = new Faults(core);
    this.members = new Members(core);
  }

  /** A new session, or the one that left `token` behind. Sessions cost nothing and need no end. */
  session(token?: string): Session {
    return new Session(this.#core, new SessionMemory(token));
  }

  /** The status of one replica: that at `options.url`, or the first that answers. */
  async replica(options: StatusOptions = {}): Promise<ReplicaStatus> {
    return documentOf(await this.#status('/v1/replica', options)) as unknown as ReplicaStatus;
  }

  /** All members as one replica sees them. */
  async cluster(options: StatusOptions = {}): Promise<ClusterStatus> {
    return documentOf(await this.#status('/v1/cluster', options)) as unknown as ClusterStatus;
  }

  #status(path: string, options: StatusOptions): Promise<Reply> {
    return perform(this.#core, { method: 'GET', path, level: undefined, effect: 'read' }, options, FORGETFUL);
  }
}

/** @throws InvalidArgumentError if an option makes no sense. */
export function createClient(options: ClientOptions): Client {
  return buildClient(options, systemRuntime(options.fetch));
}

/** `createClient` on a machine of the caller's choice. */
export function buildClient(options: ClientOptions, runtime: Runtime): Client {
  const urls = [...new Set(options.urls.map(baseUrl))];
  if (urls.length === 0) throw new InvalidArgumentError('a client needs the URL of at least one replica');
  return new Client({
    runtime,
    endpoints: new Endpoints(urls),
    policy: retryPolicy(options.retry),
    level: options.level ?? 'causal',
    timeoutMs: durationMs('timeoutMs', options.timeoutMs ?? 10_000),
    attemptTimeoutMs: durationMs('attemptTimeoutMs', options.attemptTimeoutMs ?? 5_000),
    maxResponseBytes: positive('maxResponseBytes', options.maxResponseBytes ?? 64 * 1024 * 1024),
    bearer: options.token,
    // Without retries nobody would ever use the key a second time.
    idempotency: options.idempotency ?? (options.retry === false ? 'off' : 'auto'),
  });
}

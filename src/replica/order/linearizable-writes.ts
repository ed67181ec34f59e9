/**
 * Writes at linearizable: a barrier, then one entry of the log with the command, what it must adopt and what it depends on.
 * Conditions are judged when the entry is applied, by every replica alike.
 */
import { unreachable } from '../../base/assert.js';
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { StateReader } from '../../base/state-table.js';
import type { Dot } from '../../clocks/dot.js';
import type { Hlc } from '../../clocks/hybrid-logical-clock.js';
import type { VersionVector } from '../../clocks/version-vector.js';
import { type CoordinationAnswer, decodeAnswer } from '../../coordination/answer.js';
import { type CoordinationCommand, type Declare, encodeCoordination } from '../../coordination/command.js';
import type { RetryName } from '../../keyspace/group-body.js';
import { splitAdoptions } from '../../keyspace/ordered/adoption.js';
import type { Applied } from '../../keyspace/ordered/apply.js';
import { type Command, keysOf } from '../../keyspace/ordered/command.js';
import type { Fence } from '../../keyspace/ordered/coordinator.js';
import type { Outcome } from '../../keyspace/ordered/outcome.js';
import { readOrdered } from '../../keyspace/ordered/state-keys.js';
import { bears, etagOf } from '../../keyspace/version.js';
import type { StorageReader } from '../../ports/storage.js';
import { LogRefusal } from '../log-refusal.js';
import type {
  OrderedContext,
  OrderedWriteRequest,
  OrderedWriteResult,
  TxnRequest,
  TxnResult,
} from '../ordered-handle.js';
import type { Timing } from '../request-types.js';
import { fingerprintOfCommand } from '../requests/fingerprint.js';
import { InProgress } from '../requests/in-progress.js';
import { guardCorruption } from '../stored-state.js';
import { type Adopter, checkSize, pastOfAdopted } from './adopter.js';
import type { AppliedState } from './applied-state.js';
import type { Barrier } from './barrier.js';
import type { Deadline } from './deadline.js';
import { judgePage, keysOfBothViews } from './ordered-keys.js';
import type { Proposals } from './proposals.js';
import { type UniformDependencies, withoutLog } from './uniform-dependencies.js';

export interface LinearizableWritesOptions {
  readonly applied: AppliedState;
  readonly storage: StorageReader;
  readonly barrier: Barrier;
  readonly adopter: Adopter;
  readonly dependencies: UniformDependencies;
  readonly proposals: Proposals;
}

/** What a command on a coordination object came to. */
export interface Coordinated {
  readonly answer: CoordinationAnswer;
  /** The entry that was applied for this request; of a replayed one the later entry. */
  readonly index: number;
  /** Request token joined with the past of the entry. */
  readonly token: VersionVector;
  readonly replayed: boolean;
  readonly timing: Timing;
}

/** What goes into the entry beside what the proposer finds out. */
interface Request {
  readonly command: Command;
  readonly fences: readonly Fence[];
  readonly idempotencyKey: string | undefined;
  /** The answer shows several keys, and what it shows of them must hang together. */
  readonly showsKeys?: boolean;
}

export class LinearizableWrites {
  readonly #options: LinearizableWritesOptions;
  readonly #inProgress = new InProgress();

  constructor(options: LinearizableWritesOptions) {
    this.#options = options;
  }

  async write(
    { ops, condition, fences = [], idempotencyKey }: OrderedWriteRequest,
    { token }: OrderedContext,
    deadline: Deadline,
  ): Promise<OrderedWriteResult> {
    const [op, ...more] = ops;
    if (op === undefined || (more.length > 0 && condition !== undefined)) {
      throw new CausewayError('invalid-request', 'A write has operations, and a condition only if it has one.');
    }
    const command: Command =
      more.length === 0 ? { kind: 'write', op, condition } : { kind: 'txn', checks: [], onSuccess: ops, onFailure: [] };
    const applied = await this.#run({ command, fences, idempotencyKey }, token, deadline);
    const outcome = expectOutcome(applied, 'written', 'txn');
    return {
      etag: etagOf(outcome.dot),
      hlc: stampOf(applied, outcome.dot, op.key, this.#options.applied.state),
      durability: 'majority',
      token: token.join(applied.past),
      created: outcome.kind === 'written' && !outcome.existed,
      replayed: applied.replayed,
      timing: deadline.timing(),
    };
  }

  async txn(
    { checks, onSuccess, onFailure, fences = [], idempotencyKey }: TxnRequest,
    { token }: OrderedContext,
    deadline: Deadline,
  ): Promise<TxnResult> {
    const command: Command = { kind: 'txn', checks, onSuccess, onFailure };
    const showsKeys = keysOf(command).length > 1;
    const applied = await this.#run({ command, fences, idempotencyKey, showsKeys }, token, deadline);
    const { succeeded, results, dot } = expectOutcome(applied, 'txn');
    return {
      succeeded,
      results,
      etag: etagOf(dot),
      token: token.join(applied.past),
      replayed: applied.replayed,
      timing: deadline.timing(),
    };
  }

  /** A command on a coordination object, as one entry. @throws CausewayError what the object refuses it with, besides */
  async coordinate(
    command: CoordinationCommand,
    idempotencyKey: string | undefined,
    { token }: OrderedContext,
    deadline: Deadline,
  ): Promise<Coordinated> {
    const entry: Command = { kind: 'coordinate', command: encodeCoordination(command) };
    const before = () =>
      command.kind === 'declare'
        ? this.#beforeDeclare(command, token, deadline)
        : this.#options.barrier.beforeCommand(token, deadline);
    const applied = await this.#run({ command: entry, fences: [], idempotencyKey }, token, deadline, before);
    const { answer } = expectOutcome(applied, 'coordinated');
    return {
      answer: decodeAnswer(answer),
      index: applied.index,
      token: token.join(applied.past),
      replayed: applied.replayed,
      timing: deadline.timing(),
    };
  }

  async #run(
    request: Request,
    token: VersionVector,
    deadline: Deadline,
    before?: () => Promise<void>,
  ): Promise<Applied> {
    const { command, idempotencyKey } = request;
    checkCommandSize(command);
    const retry = idempotencyKey === undefined ? undefined : nameOf(idempotencyKey, command);
    const release = this.#inProgress.claim(idempotencyKey, retry?.fingerprint ?? '');
    try {
      await (before === undefined ? this.#options.barrier.beforeWrite(token, deadline) : before());
      const applied = await this.#propose(request, retry, token, deadline);
      if (applied.outcome.kind === 'refused') {
        throw new LogRefusal(applied.outcome, token.join(applied.past), deadline.timing());
      }
      return applied;
    } finally {
      release();
    }
  }

  /**
   * As often as it takes: what was judged before the log forgot something, or before it took in weaker writes whose causes
   * are not here yet, is judged anew once they are. Each round takes in what it finds, whatever becomes of its own command.
   */
  async #propose(
    { command, fences, showsKeys = false }: Request,
    retry: RetryName | undefined,
    token: VersionVector,
    deadline: Deadline,
  ): Promise<Applied> {
    const { adopter, barrier, dependencies, proposals } = this.#options;
    const keys = keysOf(command);
    for (;;) {
      const known = showsKeys ? withoutLog(barrier.known) : undefined;
      const { base, adoptions } = deadline.inStore(() => adopter.judge(keys));
      const parts = splitAdoptions(adoptions);
      const adopted = parts[parts.length - 1] ?? [];
      // What is too much for one entry goes before it.
      if (parts.length > 1) {
        const result = await adopter.adopt({ base, adoptions: parts.slice(0, -1).flat() }, deadline);
        if (result === 'again') continue;
      }
      const deps = checkSize(pastOfAdopted(adoptions, token));
      const uniform = dependencies.wait(deps, deadline);
      if (uniform !== undefined) await uniform;
      const entry = { base, retry, deps, known, adopted, fences, command };
      const applied = await deadline.inLog(proposals.propose(entry, deadline.leftMs, deadline.signal));
      if (applied.outcome.kind !== 'stale') return applied;
      await barrier.beforeShowing(applied.past, deadline);
    }
  }

  /** A constraint judges what the ordered view shows under its prefix: that must be everything a majority has. */
  async #beforeDeclare({ prefix }: Declare, token: VersionVector, deadline: Deadline): Promise<void> {
    const { barrier, applied, storage, adopter } = this.#options;
    await barrier.beforeRead(token, deadline);
    let after: string | undefined = '';
    for (let live = 0; after !== undefined; ) {
      const { state, applied: base } = applied;
      const from: string = after;
      const page = deadline.inStore(() =>
        judgePage(keysOfBothViews(storage, state, prefix, from), state, LIMITS.constraintDeclareMaxKeys),
      );
      const { adoptions, until } = page;
      if (adoptions.length > 0 && (await adopter.adopt({ base, adoptions }, deadline)) === 'again') continue;
      live += page.live;
      if (live > LIMITS.constraintDeclareMaxKeys) throw tooManyKeys(prefix);
      after = until;
    }
  }
}

function tooManyKeys(prefix: string): CausewayError {
  const bound = `more than ${LIMITS.constraintDeclareMaxKeys} keys begin with ${JSON.stringify(prefix)}`;
  return new CausewayError('invalid-request', `The constraint cannot be declared any more: ${bound}.`);
}

function nameOf(key: string, command: Command): RetryName {
  return { key, fingerprint: fingerprintOfCommand(command) };
}

/** @throws CausewayError `value-too-large` if the operations of a branch are more than one write group can carry */
function checkCommandSize(command: Command): void {
  if (command.kind !== 'txn') return;
  for (const ops of [command.onSuccess, command.onFailure]) {
    let bytes = 0;
    for (const op of ops) {
      bytes += op.key.length * 3 + 32;
      if (op.kind === 'put') bytes += op.contentType.length * 3 + op.bytes.length;
    }
    if (bytes > LIMITS.groupMaxBytes) {
      throw new CausewayError('value-too-large', `the operations hold more than ${LIMITS.groupMaxBytes} bytes`);
    }
  }
}

/** The outcome of a command, which is of a kind that this command has. */
function expectOutcome<K extends Outcome['kind']>(
  { outcome }: Applied,
  ...kinds: readonly K[]
): Extract<Outcome, { readonly kind: K }> {
  const isExpected = (one: Outcome): one is Extract<Outcome, { readonly kind: K }> =>
    (kinds as readonly string[]).includes(one.kind);
  return isExpected(outcome) ? outcome : unreachable(outcome as never);
}

/** The stamp of what was written: of a retry, that of the first time, unless the key has moved on since. */
function stampOf(applied: Applied, dot: Dot, key: string, state: StateReader): Hlc {
  const record = applied.replayed ? guardCorruption('ordered record', () => readOrdered(state, key)) : [];
  const stored = record.find((version) => bears(version, dot));
  return stored?.hlc ?? applied.group.hlc;
}

/** The coordination service of one replica over a log of its own, with a virtual clock. */
import { createMemoryTime } from '../../src/adapters/memory-time.js';
import { CausewayError, type ErrorCode } from '../../src/base/errors.js';
import { VersionVector } from '../../src/clocks/version-vector.js';
import { decodeAnswer } from '../../src/coordination/answer.js';
import { type CoordinationCommand, decodeCoordination, encodeCoordination } from '../../src/coordination/command.js';
import type { Time } from '../../src/ports/time.js';
import { LogRefusal } from '../../src/replica/log-refusal.js';
import type { AppliedState } from '../../src/replica/order/applied-state.js';
import { type Coordinate, CoordinationService } from '../../src/replica/order/coordination-service.js';
import { LeaseKeeper } from '../../src/replica/order/lease-keeper.js';
import { LockFeed } from '../../src/replica/order/lock-feed.js';
import type { ReadGates } from '../../src/replica/order/object-reads.js';
import type { Proposals } from '../../src/replica/order/proposals.js';
import type { OrderedContext } from '../../src/replica/ordered-handle.js';
import { AppliedLog, LoneProposals } from './applied-log.js';
import { ProcessTime, until } from './virtual-time.js';

export const CONTEXT: OrderedContext = { timeoutMs: 1_000, token: VersionVector.EMPTY };
const OPEN_GATES: ReadGates = { admit: () => Promise.resolve(0), barrier: () => Promise.resolve(0) };

export interface LockBenchOptions {
  readonly log?: AppliedLog;
  readonly gates?: ReadGates;
}

export function lockBench({ log = new AppliedLog(), gates = OPEN_GATES }: LockBenchOptions = {}) {
  const memory = createMemoryTime();
  const time = new ProcessTime(memory);
  const proposals = new LoneProposals(time, log);
  const order = { isLeader: true, hasLeader: true };
  const feed = new LockFeed(log);
  const traces: string[] = [];
  const trace = ({ name }: { readonly name: string }) => void traces.push(name);
  const keeper = new LeaseKeeper({ time, trace, feed, state: log, order, proposals });
  const coordinate = coordinateBy(time, log, proposals);
  const service = new CoordinationService({ time, trace, state: log, feed, keeper, proposals, coordinate, gates });
  return {
    time: memory,
    process: time,
    log,
    proposals,
    order,
    feed,
    keeper,
    service,
    traces,
    run: (ms: number) => until(memory, memory.monotonicMs() + ms),
    /** Commands proposed so far, those of one kind. */
    proposed: <K extends CoordinationCommand['kind']>(kind: K) =>
      proposals.proposed.flatMap(({ command }) => {
        const decoded = command.kind === 'coordinate' ? decodeCoordination(command.command) : undefined;
        return decoded?.kind === kind ? [decoded as Extract<CoordinationCommand, { readonly kind: K }>] : [];
      }),
  };
}

/** The simplest thing that can propose a command for a request. */
export function coordinateBy(time: Time, state: AppliedState, proposals: Proposals): Coordinate {
  return async (command, context, idempotencyKey) => {
    const startedMs = time.monotonicMs();
    const entry = {
      base: state.applied,
      retry: idempotencyKey === undefined ? undefined : { key: idempotencyKey, fingerprint: 'f' },
      deps: context.token,
      known: undefined,
      adopted: [],
      fences: [],
      command: { kind: 'coordinate', command: encodeCoordination(command) },
    } as const;
    const { outcome, past, replayed } = await proposals.propose(entry, context.timeoutMs);
    const timing = { waitMs: 0, logMs: time.monotonicMs() - startedMs, storeMs: 0 };
    const token = context.token.join(past);
    if (outcome.kind === 'refused') throw new LogRefusal(outcome, token, timing);
    if (outcome.kind !== 'coordinated') throw new Error(`outcome ${outcome.kind}`);
    return { answer: decodeAnswer(outcome.answer), token, replayed, timing };
  };
}

/** What became of a promise, as a value. */
export interface Fate<T> {
  value?: T;
  code?: ErrorCode;
  error?: CausewayError;
}

/** Filled in when the promise settles. Errors without a code fail the test. */
export function fateOf<T>(promise: Promise<T>): Fate<T> {
  const fate: Fate<T> = {};
  promise.then(
    (value) => {
      fate.value = value;
    },
    (error: unknown) => {
      if (!(error instanceof CausewayError)) throw error;
      fate.code = error.code;
      fate.error = error;
    },
  );
  return fate;
}

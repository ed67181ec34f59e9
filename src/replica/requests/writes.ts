/** The write path of the two weaker levels: admission, one turn of the causal driver, and the durability asked for. */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { type Constraint, readCatalog } from '../../coordination/catalog.js';
import { COORDINATION } from '../../coordination/coordination.js';
import { encodeBody, type GroupBody, type GroupOp, type GroupStem } from '../../keyspace/group-body.js';
import { pastOf, seenOf } from '../../keyspace/key-record.js';
import { etagOf } from '../../keyspace/version.js';
import type { Time } from '../../ports/time.js';
import type { CausalDriver } from '../causal/causal-driver.js';
import type { DurabilityWaiters } from '../causal/durability-waiters.js';
import type { KeyspaceTurn } from '../causal/keyspace-turn.js';
import type { IssueGroup } from '../causal/pending-writes.js';
import type { Voters } from '../membership/voters.js';
import type { AppliedState } from '../order/applied-state.js';
import { IndexWaiters } from '../order/index-waiters.js';
import type { Durability, RequestContext, WriteOp, WriteRequest, WriteResult } from '../request-types.js';
import type { Admission } from './admission.js';
import { fingerprintOf } from './fingerprint.js';
import { InProgress, reusedKey } from './in-progress.js';

export interface WritesOptions {
  readonly time: Time;
  readonly driver: CausalDriver;
  readonly admission: Admission;
  readonly durability: DurabilityWaiters;
  readonly voters: () => Voters;
  /** Voters heard from lately, this one included. */
  readonly reachable: () => number;
  /** What this replica has applied of the total order. */
  readonly applied: AppliedState;
}

/** What a turn decided about one write. */
type Issued =
  | { readonly kind: 'issued'; readonly stem: GroupStem; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly error: CausewayError };

export class Writes {
  readonly #options: WritesOptions;
  readonly #fenceWaiters: IndexWaiters;
  readonly #inProgress = new InProgress();
  /** The declared unique constraints, as the writes of one turn see them. */
  #constraints: { readonly turn: KeyspaceTurn; readonly list: readonly Constraint[] } | undefined;

  constructor(options: WritesOptions) {
    this.#options = options;
    this.#fenceWaiters = new IndexWaiters(options.time, options.applied);
  }

  async write(request: WriteRequest, context: RequestContext): Promise<WriteResult> {
    const { admission } = this.#options;
    admission.admit();
    const sizeBytes = this.#checkSize(request);
    const need = this.#need(request.durability);
    const fingerprint = request.idempotencyKey === undefined ? '' : fingerprintOf(request.ops);
    const release = this.#inProgress.claim(request.idempotencyKey, fingerprint);
    try {
      const waitMs = this.#mayProceed(request, context) ? 0 : await this.#wait(request, context);
      admission.admit();
      this.#checkLoad(sizeBytes);
      return await this.#commit(request, fingerprint, context, { waitMs, need, sizeBytes });
    } finally {
      release();
    }
  }

  /** Nothing has to be waited for before the turn: the way of most writes, which would rather not be put off. */
  #mayProceed({ fences = [] }: WriteRequest, context: RequestContext): boolean {
    const { admission } = this.#options;
    const isCovered = context.level !== 'causal' || admission.isCovered(context);
    return fences.length === 0 && isCovered && admission.mayWrite;
  }

  /** Returns the milliseconds waited. */
  async #wait(request: WriteRequest, context: RequestContext): Promise<number> {
    const { admission } = this.#options;
    const joinMs = await admission.writable(context);
    const coveredMs = context.level === 'causal' ? await admission.covered(context) : 0;
    return joinMs + coveredMs + (await this.#fencesKnown(request, context));
  }

  async #commit(
    request: WriteRequest,
    fingerprint: string,
    context: RequestContext,
    plan: { readonly waitMs: number; readonly need: number; readonly sizeBytes: number },
  ): Promise<WriteResult> {
    const { time, durability } = this.#options;
    const startedMs = time.monotonicMs();
    const leftMs = Math.max(LIMITS.storageGraceMs, context.timeoutMs - plan.waitMs);
    const { stem, replayed } = await this.#inTurn(request, fingerprint, context, plan, leftMs);
    if (plan.need > 1) {
      const spentMs = time.monotonicMs() - startedMs;
      await durability.wait(stem.dot, plan.need, Math.max(1, leftMs - spentMs));
    }
    const storeMs = time.monotonicMs() - startedMs;
    return {
      etag: etagOf(stem.dot),
      hlc: stem.hlc,
      durability: request.durability,
      token: context.token.join(stem.deps).with(stem.dot),
      replayed,
      timing: { waitMs: plan.waitMs, storeMs },
    };
  }

  /** Resolves when the turn that took the write is durable. */
  #inTurn(
    request: WriteRequest,
    fingerprint: string,
    context: RequestContext,
    plan: { readonly need: number; readonly sizeBytes: number },
    timeoutMs: number,
  ): Promise<{ stem: GroupStem; replayed: boolean }> {
    const { driver, time } = this.#options;
    return new Promise((resolve, reject) => {
      let outcome: Issued | undefined;
      let gaveUp = false;
      const cancelTimer = time.after(timeoutMs, () => {
        gaveUp = true;
        reject(tooSlow(outcome !== undefined, timeoutMs));
      });
      driver.submit({
        sizeBytes: plan.sizeBytes,
        issue: (turn, issue) => {
          if (!gaveUp) outcome = this.#issue(request, fingerprint, context, plan.need > 1, turn, issue);
        },
        committed: () => {
          cancelTimer();
          if (outcome?.kind === 'issued') resolve(outcome);
          else if (outcome?.kind === 'refused') reject(outcome.error);
        },
      });
    });
  }

  #issue(
    request: WriteRequest,
    fingerprint: string,
    context: RequestContext,
    wantReport: boolean,
    turn: KeyspaceTurn,
    issue: IssueGroup,
  ): Issued {
    const key = request.idempotencyKey;
    const retry = key === undefined ? undefined : { key, fingerprint };
    const earlier = retry && turn.retry(retry, this.#options.time.wallMs());
    if (earlier !== undefined) {
      if (earlier.fingerprint === fingerprint) return { kind: 'issued', stem: earlier, replayed: true };
      return { kind: 'refused', error: reusedKey() };
    }
    const refused = this.#objection(request, turn);
    if (refused !== undefined) return { kind: 'refused', error: refused };
    let deps = context.level === 'causal' ? context.token : VersionVector.EMPTY;
    const ops: GroupOp[] = [];
    for (const op of request.ops) {
      const record = turn.record(op.key);
      deps = pastOf(record, deps);
      ops.push(groupOpOf(op, seenOf(record)));
    }
    const body: GroupBody = { retry, ops };
    return { kind: 'issued', stem: issue(deps, body, encodeBody(body), wantReport), replayed: false };
  }

  /**
   * A fencing token is the index of the entry that gave it: what it says cannot be judged before that is applied here.
   * Returns the milliseconds waited.
   */
  async #fencesKnown({ fences = [] }: WriteRequest, { timeoutMs, signal }: RequestContext): Promise<number> {
    const { applied, time } = this.#options;
    const index = Math.max(0, ...fences.map(({ token }) => token));
    const isPossible = index - applied.applied <= LIMITS.tokenLogAheadMax;
    if (index <= applied.applied || !isPossible) return 0;
    const startedMs = time.monotonicMs();
    await this.#fenceWaiters.wait(index, timeoutMs, signal);
    return time.monotonicMs() - startedMs;
  }

  /** What the coordination objects, as far as this replica knows them, have against the write. */
  #objection({ ops, fences = [] }: WriteRequest, turn: KeyspaceTurn): CausewayError | undefined {
    for (const fence of fences) {
      const fenced = COORDINATION.checkFence(this.#options.applied.state, fence);
      if (fenced !== undefined) return new CausewayError(fenced.code, fenced.detail, fenced.facts);
    }
    for (const { name, prefix } of this.#constraintsIn(turn)) {
      const op = ops.find(({ key }) => key.startsWith(prefix));
      if (op === undefined) continue;
      const detail = `the constraint ${JSON.stringify(name)} is over the key ${JSON.stringify(op.key)}`;
      return new CausewayError('level-too-weak', detail);
    }
    return undefined;
  }

  /** Nothing is applied during a turn: what its first write has read holds for all of them. */
  #constraintsIn(turn: KeyspaceTurn): readonly Constraint[] {
    if (this.#constraints?.turn !== turn) {
      this.#constraints = { turn, list: readCatalog(this.#options.applied.state).constraints };
    }
    return this.#constraints.list;
  }

  #checkSize(request: WriteRequest): number {
    let sizeBytes = 128;
    for (const op of request.ops) sizeBytes += op.key.length * 3 + (op.kind === 'put' ? op.bytes.length : 0) + 64;
    if (sizeBytes > LIMITS.groupMaxBytes) {
      throw new CausewayError('value-too-large', `the batch holds more than ${LIMITS.groupMaxBytes} bytes`);
    }
    return sizeBytes;
  }

  #checkLoad(sizeBytes: number): void {
    const { driver } = this.#options;
    if (
      driver.pendingWrites >= LIMITS.pendingWritesMax ||
      driver.pendingBytes + sizeBytes > LIMITS.pendingWritesMaxBytes
    ) {
      throw new CausewayError('overloaded', `${driver.pendingWrites} writes already wait for storage`);
    }
  }

  /** How many voters must have the write; refuses at once what cannot be reached now. */
  #need(durability: Durability): number {
    if (durability === 'local') return 1;
    const { voters, reachable } = this.#options;
    const { ids, majority } = voters();
    const need = durability === 'all' ? ids.length : majority;
    const now = reachable();
    if (now < need) {
      throw new CausewayError('no-quorum', `durability ${durability} needs ${need} voters; ${now} can be reached`, {
        retryAfterSeconds: 1,
      });
    }
    return need;
  }
}

/** Member by member: a spread of either kind of op costs more than the rest of its way. */
function groupOpOf(op: WriteOp, seen: number): GroupOp {
  const { key } = op;
  if (op.kind === 'delete') return { kind: 'delete', key, seen };
  return { kind: 'put', key, seen, contentType: op.contentType, bytes: op.bytes };
}

function tooSlow(issued: boolean, timeoutMs: number): CausewayError {
  return issued
    ? new CausewayError('outcome-unknown', `storage has not confirmed the write within ${timeoutMs} ms`)
    : new CausewayError('overloaded', `the write did not get its turn within ${timeoutMs} ms and was dropped`);
}

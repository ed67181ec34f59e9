/** Reads at linearizable: a barrier, adoption of what a majority has and the log has not, and the ordered view. */
import type { StateReader } from '../../base/state-table.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { pastOf } from '../../keyspace/key-record.js';
import { readOrdered } from '../../keyspace/ordered/state-keys.js';
import type { StorageReader } from '../../ports/storage.js';
import type { OrderedContext } from '../ordered-handle.js';
import type { KeyState, ListRequest, ListResult, MultiReadResult, ReadResult } from '../request-types.js';
import { takePage } from '../requests/reads.js';
import { guardCorruption } from '../stored-state.js';
import type { Adopter, Judgement } from './adopter.js';
import type { AppliedState } from './applied-state.js';
import type { Barrier } from './barrier.js';
import type { Deadline } from './deadline.js';
import { judgePage, keysOfBothViews, orderedKeys } from './ordered-keys.js';
import { withoutLog } from './uniform-dependencies.js';

export interface LinearizableReadsOptions {
  readonly applied: AppliedState;
  readonly storage: StorageReader;
  readonly barrier: Barrier;
  readonly adopter: Adopter;
}

export class LinearizableReads {
  readonly #options: LinearizableReadsOptions;

  constructor(options: LinearizableReadsOptions) {
    this.#options = options;
  }

  async read(key: string, { token }: OrderedContext, deadline: Deadline): Promise<ReadResult> {
    await this.#ready([key], token, deadline);
    const state = deadline.inStore(() => shown(this.#options.applied.state, key));
    return { state, token: pastOf(state.versions, token), timing: deadline.timing() };
  }

  /** All keys as one state of the ordered view shows them. */
  async readMany(keys: readonly string[], { token }: OrderedContext, deadline: Deadline): Promise<MultiReadResult> {
    await this.#ready(keys, token, deadline);
    const { applied, adopter } = this.#options;
    const look = () => ({ states: keys.map((key) => shown(applied.state, key)) });
    const { states } = await this.#asOneCut(look, () => adopter.judge(keys), deadline);
    return { states, token: pastOfStates(states, token), timing: deadline.timing() };
  }

  async list(request: ListRequest, { token }: OrderedContext, deadline: Deadline): Promise<ListResult> {
    const { barrier, applied } = this.#options;
    await barrier.beforeRead(token, deadline);
    const until = await this.#adoptPage(request, deadline);
    const look = () => takePage(orderedKeys(applied.state, request.prefix, request.after, until), request.limit);
    const page = await this.#asOneCut(look, () => this.#judgePage(request), deadline);
    const { states } = page;
    return { states, next: page.next ?? until, token: pastOfStates(states, token), timing: deadline.timing() };
  }

  /** Afterwards the ordered view may answer for the keys of the page, the last of which is returned. */
  async #adoptPage(request: ListRequest, deadline: Deadline): Promise<string | undefined> {
    for (;;) {
      const judged = deadline.inStore(() => this.#judgePage(request));
      const { adoptions, until } = judged;
      if (adoptions.length === 0 || (await this.#options.adopter.adopt(judged, deadline)) === 'adopted') return until;
    }
  }

  #judgePage({ prefix, after, limit }: ListRequest): Judgement & { readonly until: string | undefined } {
    const { applied, storage } = this.#options;
    const { state, applied: base } = applied;
    return { base, ...judgePage(keysOfBothViews(storage, state, prefix, after), state, limit) };
  }

  /**
   * What is shown of several keys hangs together. An entry applied since the barrier may depend on weaker writes of the
   * other keys that the log has not taken in; to show it without them would be to show an effect without its cause, or
   * half of a batch.
   */
  async #asOneCut<T extends { readonly states: readonly KeyState[] }>(
    look: () => T,
    judge: () => Judgement,
    deadline: Deadline,
  ): Promise<T> {
    const { barrier, adopter } = this.#options;
    for (;;) {
      const page = deadline.inStore(look);
      const past = pastOfStates(page.states, VersionVector.EMPTY);
      const { base, adoptions } = deadline.inStore(judge);
      const missing = adoptions.filter(({ versions }) => versions.some(({ dot }) => past.covers(dot)));
      if (missing.length > 0) await adopter.adopt({ base, adoptions: missing }, deadline);
      else if (barrier.covers(withoutLog(past))) return page;
      else await barrier.beforeShowing(past, deadline);
    }
  }

  async #ready(keys: readonly string[], token: VersionVector, deadline: Deadline): Promise<void> {
    await this.#options.barrier.beforeRead(token, deadline);
    await this.#options.adopter.adoptKeys(keys, deadline);
  }
}

function shown(state: StateReader, key: string): KeyState {
  return { key, versions: guardCorruption('ordered record', () => readOrdered(state, key)) };
}

function pastOfStates(states: readonly KeyState[], token: VersionVector): VersionVector {
  return states.reduce((past, { versions }) => pastOf(versions, past), token);
}

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
import type { Adopter } from './adopter.js';
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
    const { barrier, applied, adopter } = this.#options;
    await barrier.beforeRead(token, deadline);
    const look = () => ({ states: keys.map((key) => shown(applied.state, key)) });
    const { states } = await this.#asOneCut(() => adopter.adoptKeys(keys, deadline), look, deadline);
    return { states, token: pastOfStates(states, token), timing: deadline.timing() };
  }

  async list(request: ListRequest, { token }: OrderedContext, deadline: Deadline): Promise<ListResult> {
    const { barrier, applied } = this.#options;
    await barrier.beforeRead(token, deadline);
    let until: string | undefined;
    const adoptPage = async () => {
      until = await this.#adoptPage(request, deadline);
    };
    const look = () => takePage(orderedKeys(applied.state, request.prefix, request.after, until), request.limit);
    const page = await this.#asOneCut(adoptPage, look, deadline);
    const { states } = page;
    return { states, next: page.next ?? until, token: pastOfStates(states, token), timing: deadline.timing() };
  }

  /**
   * What is shown of several keys hangs together. An entry applied since the barrier may depend on weaker writes of the
   * other keys that the log has not taken in: to show it without them would be to show an effect without its cause, or half
   * of a batch. So all that is shown depends on nothing but what the causal view had before `adopt` looked at it.
   */
  async #asOneCut<T extends { readonly states: readonly KeyState[] }>(
    adopt: () => Promise<void>,
    look: () => T,
    deadline: Deadline,
  ): Promise<T> {
    const { barrier } = this.#options;
    for (;;) {
      const { known } = barrier;
      await adopt();
      const page = deadline.inStore(look);
      const past = withoutLog(pastOfStates(page.states, VersionVector.EMPTY));
      if (known.includes(past)) return page;
      await barrier.beforeShowing(past, deadline);
    }
  }

  /** Afterwards the ordered view may answer for the keys of the page, the last of which is returned. */
  async #adoptPage({ prefix, after, limit }: ListRequest, deadline: Deadline): Promise<string | undefined> {
    const { applied, storage, adopter } = this.#options;
    for (;;) {
      const { state, applied: base } = applied;
      const judged = deadline.inStore(() => judgePage(keysOfBothViews(storage, state, prefix, after), state, limit));
      const { adoptions, until } = judged;
      if (adoptions.length === 0 || (await adopter.adopt({ base, adoptions }, deadline)) === 'adopted') return until;
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

/** Reads at linearizable: a barrier, adoption of what a majority has and the log has not, and the ordered view. */
import type { StateReader } from '../../base/state-table.js';
import type { VersionVector } from '../../clocks/version-vector.js';
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
    const { state } = this.#options.applied;
    const states = deadline.inStore(() => keys.map((key) => shown(state, key)));
    return { states, token: pastOfStates(states, token), timing: deadline.timing() };
  }

  async list(request: ListRequest, { token }: OrderedContext, deadline: Deadline): Promise<ListResult> {
    const { barrier, applied } = this.#options;
    await barrier.beforeRead(token, deadline);
    const until = await this.#adoptPage(request, deadline);
    const page = deadline.inStore(() => {
      const source = orderedKeys(applied.state, request.prefix, request.after, until);
      return takePage(source, request.limit);
    });
    const { states } = page;
    return { states, next: page.next ?? until, token: pastOfStates(states, token), timing: deadline.timing() };
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

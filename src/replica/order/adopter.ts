/**
 * Brings what the causal view knows and the ordered view does not into the log, for the keys a request looks at. What is
 * already on its way there for another request of this replica is waited for, not proposed twice.
 */
import { equalBytes, utf8Encode } from '../../base/bytes.js';
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { type Dot, formatDot } from '../../clocks/dot.js';
import { VersionVector } from '../../clocks/version-vector.js';
import { pastOf } from '../../keyspace/key-record.js';
import { type Adoption, adoptable, splitAdoptions } from '../../keyspace/ordered/adoption.js';
import { readForgotten } from '../../keyspace/ordered/progress.js';
import { readOrdered, recordKey } from '../../keyspace/ordered/state-keys.js';
import type { StorageReader } from '../../ports/storage.js';
import { readRecord } from '../causal/keyspace-turn.js';
import { guardCorruption } from '../stored-state.js';
import type { AppliedState } from './applied-state.js';
import type { Deadline } from './deadline.js';
import type { Proposals } from './proposals.js';
import type { UniformDependencies } from './uniform-dependencies.js';

/** What is to be adopted, and the index up to which the ordered view was applied when that was judged. */
export interface Judgement {
  readonly base: number;
  readonly adoptions: readonly Adoption[];
}

/** `again`: nothing can be said of what was judged; judge anew. */
export type AdoptionResult = 'adopted' | 'again';

export interface AdopterOptions {
  readonly applied: AppliedState;
  readonly storage: StorageReader;
  readonly proposals: Proposals;
  readonly dependencies: UniformDependencies;
}

const ADOPT = { kind: 'adopt' } as const;

export class Adopter {
  readonly #options: AdopterOptions;
  /** By key and dot. */
  readonly #underWay = new Map<string, Promise<AdoptionResult>>();

  constructor(options: AdopterOptions) {
    this.#options = options;
  }

  /** Reads the ordered view first and the causal view after, at one moment. */
  judge(keys: readonly string[]): Judgement {
    const { applied, storage } = this.#options;
    const { state } = applied;
    const forgotten = guardCorruption('ordered state', () => readForgotten(state));
    const adoptions: Adoption[] = [];
    for (const key of keys) {
      const keyBytes = utf8Encode(key);
      // Mostly both views hold the same, and then there is nothing to adopt and nothing to decode.
      if (equalRows(state.get(recordKey(key)), storage.get('keyspace', keyBytes))) continue;
      const ordered = guardCorruption('ordered record', () => readOrdered(state, key));
      const versions = adoptable(ordered, readRecord(storage, keyBytes), forgotten);
      if (versions.length > 0) adoptions.push({ key, versions });
    }
    return { base: applied.applied, adoptions };
  }

  /** Returns once the ordered view has everything that the causal view showed of `keys` when this was called. */
  async adoptKeys(keys: readonly string[], deadline: Deadline): Promise<void> {
    for (;;) {
      const judged = deadline.inStore(() => this.judge(keys));
      if (judged.adoptions.length === 0) return;
      if ((await this.adopt(judged, deadline)) === 'adopted') return;
    }
  }

  /** @throws CausewayError `no-quorum`, `causal-wait-timeout`, `overloaded`, `shutting-down`; never an unknown outcome */
  async adopt({ base, adoptions }: Judgement, deadline: Deadline): Promise<AdoptionResult> {
    const others = new Set<Promise<AdoptionResult>>();
    const news: Adoption[] = [];
    for (const { key, versions } of adoptions) {
      const fresh = versions.filter(({ dot }) => {
        const other = this.#underWay.get(nameOf(key, dot));
        if (other !== undefined) others.add(other);
        return other === undefined;
      });
      if (fresh.length > 0) news.push({ key, versions: fresh });
    }
    const own = splitAdoptions(news).map((part) => this.#begin({ base, adoptions: part }, deadline));
    const theirs = [...others].map((other) => deadline.race(other, deadline.leftMs, outOfTime).catch(retried));
    const results = await Promise.all([...own, ...theirs]);
    return results.every((result) => result === 'adopted') ? 'adopted' : 'again';
  }

  #begin(part: Judgement, deadline: Deadline): Promise<AdoptionResult> {
    const work = this.#propose(part, deadline);
    const names = part.adoptions.flatMap(({ key, versions }) => versions.map(({ dot }) => nameOf(key, dot)));
    for (const name of names) this.#underWay.set(name, work);
    const end = () => {
      for (const name of names) if (this.#underWay.get(name) === work) this.#underWay.delete(name);
    };
    work.then(end, end);
    return work;
  }

  async #propose({ base, adoptions: adopted }: Judgement, deadline: Deadline): Promise<AdoptionResult> {
    const { dependencies, proposals } = this.#options;
    const deps = checkSize(pastOfAdopted(adopted, VersionVector.EMPTY));
    await dependencies.wait(deps, deadline);
    const entry = { base, retry: undefined, deps, known: undefined, adopted, fences: [], command: ADOPT };
    try {
      const applied = await deadline.inLog(proposals.propose(entry, deadline.leftMs, deadline.signal));
      return applied.outcome.kind === 'stale' ? 'again' : 'adopted';
    } catch (error) {
      // Whether the adoption comes to be applied does not matter to whoever asked: his own request did nothing.
      if (!(error instanceof CausewayError) || error.code !== 'outcome-unknown') throw error;
      throw new CausewayError('no-quorum', error.message, { retryAfterSeconds: 1 });
    }
  }
}

/** Everything in the past of what is adopted, and `deps`. */
export function pastOfAdopted(adopted: readonly Adoption[], deps: VersionVector): VersionVector {
  return adopted.reduce((past, { versions }) => pastOf(versions, past), deps);
}

/** @throws CausewayError if no entry can carry the vector */
export function checkSize(deps: VersionVector): VersionVector {
  if (deps.size <= LIMITS.vectorMaxEntries) return deps;
  const detail = `The request depends on ${deps.size} origins, and can on ${LIMITS.vectorMaxEntries}.`;
  throw new CausewayError('invalid-request', detail);
}

function equalRows(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equalBytes(a, b);
}

function nameOf(key: string, dot: Dot): string {
  return `${formatDot(dot)} ${key}`;
}

/** The other request's time may have been shorter than ours, or its client gone. */
function retried(error: unknown): AdoptionResult {
  if (error instanceof OutOfTime || !(error instanceof CausewayError)) throw error;
  return 'again';
}

/** Our own time, as opposed to that of the request whose adoption we wait for. */
class OutOfTime extends CausewayError {}

function outOfTime(): CausewayError {
  return new OutOfTime('no-quorum', 'the log has not taken in what the request must see in time', {
    retryAfterSeconds: 1,
  });
}

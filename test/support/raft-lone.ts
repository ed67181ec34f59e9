/** One member without a cluster, for scripted schedules: the test plays all the others, and decides when the disk is done. */
import { utf8Encode } from '../../src/base/bytes.js';
import { makeConfiguration } from '../../src/consensus/configuration.js';
import type { Entry } from '../../src/consensus/entry.js';
import type { Message } from '../../src/consensus/messages.js';
import { memberNamed } from './raft-cluster.js';
import { RaftReplica, type Tuning, type Witness } from './raft-replica.js';
import { seededRandom } from './seeded-random.js';

const nobodyLooks = () => {};
const BLIND: Witness = {
  written: nobodyLooks,
  sent: nobodyLooks,
  applied: nobodyLooks,
  readAsked: nobodyLooks,
  readAnswered: nobodyLooks,
  observe: nobodyLooks,
};

export const R1 = memberNamed('r1');
export const R2 = memberNamed('r2');
export const R3 = memberNamed('r3');

export class LoneMember extends RaftReplica {
  readonly #sent: Message[];

  constructor(voters: readonly string[] = ['r1', 'r2', 'r3'], tuning: Tuning = {}) {
    const sent: Message[] = [];
    super({
      id: R1,
      founding: makeConfiguration({ voters: voters.map(memberNamed), learners: [] }),
      random: seededRandom(1),
      tuning,
      invariants: BLIND,
      send: (message) => sent.push(message),
    });
    this.#sent = sent;
  }

  /** What it has sent since the last time. */
  said(): Message[] {
    return this.#sent.splice(0);
  }

  saidKinds(): string[] {
    return this.said().map(({ kind }) => kind);
  }

  /** Begin with entries of these terms on disk. */
  begin(term: number, ...terms: readonly number[]): this {
    this.disk.fill(term, terms);
    this.restart();
    return this;
  }

  /** Terms of the log, as far as it was asked to be written. */
  get terms(): number[] {
    return [...this.log.values()].map(({ term }) => term);
  }

  hear(message: Spoken): ReturnType<RaftReplica['step']> {
    return this.step({ to: R1, ...message } as Message);
  }

  /** A campaign that r2 supports, up to the end. */
  lead(): this {
    for (let i = 0; i < 3 && !this.isLeader; i += 1) {
      this.campaign();
      this.persist();
      const { term } = this.node.softState;
      this.hear({ kind: 'pre-vote-answer', from: R2, term: term + 1, granted: true, removedAt: undefined });
      this.persist();
      this.hear({ kind: 'vote-answer', from: R2, term: this.node.softState.term, granted: true });
      this.persist();
    }
    if (!this.isLeader) throw new Error('not elected');
    this.said();
    return this;
  }
}

type Unaddressed<M> = M extends Message ? Omit<M, 'to'> : never;
export type Spoken = Unaddressed<Message>;

/** Commands of these terms, from `firstIndex` on. */
export function entriesOf(firstIndex: number, ...terms: readonly number[]): Entry[] {
  return terms.map((term, i) => {
    const index = firstIndex + i;
    return { kind: 'command', index, term, bytes: utf8Encode(`${term}.${index}`) };
  });
}

/** `append(2, 1, 0, 0, [..])`: from r2, in term 2, after 1/0. */
export function append(
  term: number,
  previous: readonly [number, number],
  entries: readonly Entry[],
  commit = 0,
): Spoken {
  const [previousIndex, previousTerm] = previous;
  return { kind: 'append', from: R2, term, previousIndex, previousTerm, entries, commit };
}

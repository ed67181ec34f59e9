/**
 * Everything on its way out. A message that promises something is held until the write it relies on is durable; what it
 * relies on is the newest write that changed the term or vote, and for a promise about the log, the log.
 */
import { assert } from '../base/assert.js';
import type { AppendAccepted, CommitNews, MemberMessage, Message } from './messages.js';
import type { ProposalOutcome, ReadState, SnapshotRead, Staging } from './raft-types.js';

type Foundation = 'term' | 'log';

interface Held {
  readonly after: number;
  readonly message: MemberMessage;
}

export class Outbox {
  #messages: Message[] = [];
  #news: CommitNews[] = [];
  #promises: { readonly foundation: Foundation; readonly message: MemberMessage }[] = [];
  #held: Held[] = [];
  #staging: Staging[] = [];
  #snapshotReads: SnapshotRead[] = [];
  #readStates: ReadState[] = [];
  #outcomes: ProposalOutcome[] = [];
  #issued = 0;
  #stored = 0;
  /** The newest writes that carried a term or vote, and anything of the log. */
  #termWrite = 0;
  #logWrite = 0;

  /** May leave at once. */
  send(...messages: readonly Message[]): void {
    this.#messages.push(...messages);
  }

  /** May leave whenever there is occasion. */
  mention(news: CommitNews): void {
    this.#news.push(news);
  }

  /** May leave once everything decided so far about term and vote (and the log) is durable. */
  promise(foundation: Foundation, message: MemberMessage): void {
    this.#promises.push({ foundation, message });
  }

  stage(step: Staging): void {
    this.#staging.push(step);
  }

  readSnapshot(read: SnapshotRead): void {
    this.#snapshotReads.push(read);
  }

  answerRead(state: ReadState): void {
    this.#readStates.push(state);
  }

  answerProposal(outcome: ProposalOutcome): void {
    this.#outcomes.push(outcome);
  }

  /** The number of the write that is made up now. */
  issueWrite(changesTerm: boolean, changesLog: boolean): number {
    this.#issued += 1;
    if (changesTerm) this.#termWrite = this.#issued;
    if (changesLog) this.#logWrite = this.#issued;
    return this.#issued;
  }

  /** Writes up to `number` are durable. Returns the promises that may be made now. */
  stored(number: number): readonly MemberMessage[] {
    assert(number > this.#stored && number <= this.#issued, 'a write that was not issued, or twice', {
      number,
      stored: this.#stored,
      issued: this.#issued,
    });
    this.#stored = number;
    const free = this.#held.filter(({ after }) => after <= number);
    this.#held = this.#held.filter(({ after }) => after > number);
    return free.map(({ message }) => message);
  }

  /** Everything that may leave now; to be called after the write was issued that covers what was decided. */
  take(): {
    readonly messages: readonly Message[];
    readonly news: readonly CommitNews[];
    readonly staging: readonly Staging[];
    readonly snapshotReads: readonly SnapshotRead[];
    readonly readStates: readonly ReadState[];
    readonly proposalOutcomes: readonly ProposalOutcome[];
  } {
    this.#holdPromises();
    const taken = {
      messages: withoutOutdone(this.#messages),
      news: this.#news,
      staging: this.#staging,
      snapshotReads: this.#snapshotReads,
      readStates: this.#readStates,
      proposalOutcomes: this.#outcomes,
    };
    this.#messages = [];
    this.#news = [];
    this.#staging = [];
    this.#snapshotReads = [];
    this.#readStates = [];
    this.#outcomes = [];
    return taken;
  }

  #holdPromises(): void {
    for (const { foundation, message } of this.#promises) {
      const after = foundation === 'term' ? this.#termWrite : Math.max(this.#termWrite, this.#logWrite);
      if (after > this.#stored) this.#held.push({ after, message });
      else this.#messages.push(message);
    }
    this.#promises = [];
  }
}

/** Without the acceptances that say less than another to the same leader: one answers all appends of a turn. */
function withoutOutdone(messages: readonly Message[]): readonly Message[] {
  const best = new Map<string, AppendAccepted>();
  let outdone = 0;
  for (const message of messages) {
    if (message.kind !== 'append-accepted') continue;
    const name = `${message.to}/${message.term}`;
    const known = best.get(name);
    if (known !== undefined) outdone += 1;
    if (known === undefined || message.matched > known.matched) best.set(name, message);
  }
  if (outdone === 0) return messages;
  const kept = new Set<Message>(best.values());
  return messages.filter((message) => message.kind !== 'append-accepted' || kept.has(message));
}

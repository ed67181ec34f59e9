/** Tells users here and at followers the index to read at, once it is confirmed that this leader still leads. */
import type { MemberId } from './configuration.js';
import type { Member } from './member.js';
import type { HeartbeatAnswer, ReadRequest } from './messages.js';
import { tally } from './quorum.js';
import { ReadRounds } from './read-rounds.js';

type Reader =
  | { readonly kind: 'local'; readonly context: number }
  | { readonly kind: 'remote'; readonly request: ReadRequest };

export class ReadService {
  readonly #member: Member;
  readonly #rounds = new ReadRounds<Reader>();

  constructor(member: Member) {
    this.#member = member;
  }

  /** The round that heartbeats ask about. */
  get round(): number {
    return this.#rounds.newest;
  }

  readLocally(context: number): void {
    this.#rounds.request({ kind: 'local', context });
  }

  readRemotely(request: ReadRequest): void {
    this.#rounds.request({ kind: 'remote', request });
  }

  /**
   * A follower's question says that it was still in this term when it asked, so it proves to that follower what its answer to a
   * heartbeat would: if the two of us are a quorum, no other leader can have committed anything before it asked.
   * Returns whether it was answered so. Duty: an entry of this term is committed.
   */
  answerAtOnce(request: ReadRequest): boolean {
    const { configuration, self, log } = this.#member;
    const follows = (member: MemberId) => member === self || member === request.from || undefined;
    if (tally(configuration, follows) !== 'won') return false;
    this.#answerRemotely(request, log.commit);
    return true;
  }

  get hasWaiting(): boolean {
    return this.#rounds.hasWaiting;
  }

  /**
   * A round begins for all who wait: a heartbeat has to go out, after `patienceTicks` to everybody. Duty: an entry of this term is
   * committed.
   */
  begin(patienceTicks: number): void {
    this.#rounds.begin(this.#member.log.commit, patienceTicks);
  }

  /** A tick has passed. True if a heartbeat has to go out to everybody. */
  tick(): boolean {
    return this.#rounds.tick();
  }

  answered({ from, round }: HeartbeatAnswer): void {
    this.#rounds.answered(from, round);
    this.answerConfirmed();
  }

  answerConfirmed(): void {
    const { configuration, self, outbox } = this.#member;
    for (const { index, readers } of this.#rounds.takeConfirmed(configuration, self)) {
      for (const reader of readers) {
        if (reader.kind === 'local') outbox.answerRead({ kind: 'ready', context: reader.context, index });
        else this.#answerRemotely(reader.request, index);
      }
    }
  }

  /** The leadership ends: nobody will answer those who wait. Those at followers notice by themselves. */
  end(): void {
    for (const reader of this.#rounds.takeUnconfirmed()) {
      if (reader.kind === 'local') this.#member.outbox.answerRead({ kind: 'dropped', context: reader.context });
    }
  }

  #answerRemotely({ from: to, session, context }: ReadRequest, index: number): void {
    const { self: from, term, outbox } = this.#member;
    outbox.send({ kind: 'read-answer', from, to, term, session, context, index });
  }
}

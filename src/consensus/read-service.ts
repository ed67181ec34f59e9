/** Tells users here and at followers the index to read at, once a round has confirmed that this leader leads. */
import type { Member } from './member.js';
import type { HeartbeatAnswer, ReadRequest } from './messages.js';
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

  /** Returns true if a round began: a heartbeat has to go out. Duty: an entry of this term is committed. */
  begin(): boolean {
    return this.#rounds.begin(this.#member.log.commit);
  }

  answered({ from, round }: HeartbeatAnswer): void {
    this.#rounds.answered(from, round);
    this.answerConfirmed();
  }

  answerConfirmed(): void {
    const { configuration, self: from, term, outbox } = this.#member;
    for (const { index, readers } of this.#rounds.takeConfirmed(configuration, from)) {
      for (const reader of readers) {
        if (reader.kind === 'local') outbox.answerRead({ kind: 'ready', context: reader.context, index });
        else {
          const { from: to, session, context } = reader.request;
          outbox.send({ kind: 'read-answer', from, to, term, session, context, index });
        }
      }
    }
  }

  /** The leadership ends: nobody will answer those who wait. Those at followers notice by themselves. */
  end(): void {
    for (const reader of this.#rounds.takeUnconfirmed()) {
      if (reader.kind === 'local') this.#member.outbox.answerRead({ kind: 'dropped', context: reader.context });
    }
  }
}

/** Asks the total order for read indexes, again and again until one is confirmed or an election timeout has passed. */
import { CausewayError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { ReadIndexResult, TotalOrder } from '../../consensus/total-order.js';
import type { Time } from '../../ports/time.js';

interface Question {
  readonly resolve: (index: number) => void;
  readonly reject: (error: CausewayError) => void;
  ended: boolean;
  cancelRetry: () => void;
  cancelTimer: () => void;
}

export class ReadIndexRounds {
  readonly #time: Time;
  readonly #order: TotalOrder;
  readonly #open = new Set<Question>();

  constructor(time: Time, order: TotalOrder) {
    this.#time = time;
    this.#order = order;
  }

  /**
   * An index that is not older than anything committed before the call.
   * @throws CausewayError `no-quorum` if nobody confirms one within an election timeout; `overloaded`, `shutting-down`
   */
  ask(): Promise<number> {
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#time.after(LIMITS.electionTimeoutMs, () => this.#fail(question, noLeader()));
      const question: Question = { resolve, reject, ended: false, cancelRetry: () => {}, cancelTimer };
      this.#open.add(question);
      this.#ask(question);
    });
  }

  close(): void {
    for (const question of [...this.#open]) this.#fail(question, closed());
  }

  #ask(question: Question): void {
    this.#order.readIndex((result) => this.#answered(question, result));
  }

  #answered(question: Question, result: ReadIndexResult): void {
    if (question.ended) return;
    if (result.kind === 'index') {
      this.#end(question);
      question.resolve(result.index);
    } else if (result.reason === 'closed') this.#fail(question, closed());
    else if (result.reason === 'overloaded') {
      this.#fail(question, new CausewayError('overloaded', 'too many requests wait for the total order'));
    } else question.cancelRetry = this.#time.after(LIMITS.tickMs, () => this.#ask(question));
  }

  #fail(question: Question, error: CausewayError): void {
    if (question.ended) return;
    this.#end(question);
    question.reject(error);
  }

  #end(question: Question): void {
    question.ended = true;
    question.cancelTimer();
    question.cancelRetry();
    this.#open.delete(question);
  }
}

function noLeader(): CausewayError {
  const detail = `no leader confirmed within ${LIMITS.electionTimeoutMs} ms that it still leads a majority`;
  return new CausewayError('no-quorum', detail, { retryAfterSeconds: 1 });
}

function closed(): CausewayError {
  return new CausewayError('shutting-down', 'this replica is shutting down');
}

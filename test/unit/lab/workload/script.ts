/** Requests that are answered as a test says, one after the other, and a client that sends them. */
import { Draw } from '../../../../src/lab/workload/draw.js';
import { History } from '../../../../src/lab/workload/history.js';
import { RecordedClient } from '../../../../src/lab/workload/recorded-client.js';
import type { Answered, Requests, Sent, Target } from '../../../../src/lab/workload/requests.js';

export interface Asked extends Sent {
  readonly target: string;
}

export interface Scripted {
  readonly client: RecordedClient;
  readonly history: History;
  readonly asked: readonly Asked[];
}

export const TARGETS: readonly Target[] = ['r1', 'r2', 'r3'].map((id) => ({ id, url: `http://${id}` }));

const ANSWER = { isForGood: false, headers: {}, text: '{}' } as const;
export const OK: Answered = { ...ANSWER, status: 'ok', code: 200 };
export const NOT_APPLIED: Answered = { ...ANSWER, status: 'fail', code: 503 };
export const REFUSED: Answered = { ...ANSWER, status: 'fail', isForGood: true, code: 412 };
export const UNKNOWN: Answered = { ...ANSWER, status: 'info', code: 504 };
export const SILENCE: Answered = { ...ANSWER, status: 'info', code: 0, text: 'UND_ERR_SOCKET' };

export function scripted(answers: readonly Answered[], session?: string): Scripted {
  const history = new History();
  const asked: Asked[] = [];
  const requests: Requests = {
    async send({ id }, sent) {
      asked.push({ ...sent, target: id });
      const answer = answers[asked.length - 1];
      if (answer === undefined) throw new RangeError(`nothing was said about request ${asked.length}`);
      return answer;
    },
  };
  const named = session === undefined ? {} : { session };
  const options = { requests, targets: () => TARGETS, history, draw: new Draw(1), timeoutMs: 900, ...named };
  return { client: new RecordedClient(options), history, asked };
}

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

export const OK: Answered = { status: 'ok', code: 200, headers: {}, text: '{}' };
export const NOT_APPLIED: Answered = { status: 'fail', code: 503, headers: {}, text: '{}' };
export const UNKNOWN: Answered = { status: 'info', code: 504, headers: {}, text: '{}' };
export const SILENCE: Answered = { status: 'info', code: 0, headers: {}, text: 'UND_ERR_SOCKET' };

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

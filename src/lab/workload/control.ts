/** What a nemesis asks of replicas over HTTP: their standing, faults, changes of membership. A replica may be down. */
import type { Lab } from '../cluster.js';
import { type HttpAnswer, jsonOf, NoAnswer, sendCall } from '../http-call.js';
import type { ReplicaProcess } from '../replica-process.js';

/** What is used here of `GET /v1/replica`. */
export interface Standing {
  readonly role: string;
  readonly term: number;
  readonly vector: Readonly<Record<string, number>>;
  readonly buffered: number;
  readonly appliedIndex: number;
}

/** What is used here of `GET /v1/members`. */
export interface Member {
  readonly id: string;
  readonly role: string;
}

const ANSWER_TIMEOUT_MS = 5_000;
/** Somebody looked for a leader: an answer that takes longer comes from none. */
const STANDING_TIMEOUT_MS = 1_000;

/** Undefined without an answer. */
export async function tell(
  replica: ReplicaProcess,
  method: 'PUT' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<HttpAnswer | undefined> {
  const json = body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) };
  const headers: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
  return answerOrNone(
    sendCall({ method, origin: replica.url, path, headers, ...json }, { timeoutMs: ANSWER_TIMEOUT_MS }),
  );
}

export async function tellAll(lab: Lab, method: 'PUT' | 'DELETE', path: string, body?: object): Promise<void> {
  await Promise.all(lab.replicas.map((replica) => tell(replica, method, path, body)));
}

export async function standingOf(replica: ReplicaProcess): Promise<Standing | undefined> {
  return (await look(replica, '/v1/replica')) as Standing | undefined;
}

/** The members as this replica knows them. */
export async function membersOf(replica: ReplicaProcess): Promise<readonly Member[] | undefined> {
  const view = (await look(replica, '/v1/members')) as { readonly members: readonly Member[] } | undefined;
  return view?.members;
}

/** Whether requests at linearizable would be served there now. */
export async function isLinearizable(replica: ReplicaProcess): Promise<boolean> {
  return (await look(replica, '/readyz?level=linearizable')) !== undefined;
}

/** The replica that says it leads in the highest term. */
export async function leaderOf(
  lab: Lab,
): Promise<{ readonly replica: ReplicaProcess; readonly term: number } | undefined> {
  const standings = await Promise.all(
    lab.replicas.map(async (replica) => ({ replica, is: await standingOf(replica) })),
  );
  const leaders = standings.flatMap(({ replica, is }) => (is?.role === 'leader' ? [{ replica, term: is.term }] : []));
  return leaders.sort((a, b) => b.term - a.term)[0];
}

/** The body of a 200. */
async function look(replica: ReplicaProcess, path: string): Promise<unknown> {
  const call = { method: 'GET', origin: replica.url, path, headers: {} } as const;
  const answer = await answerOrNone(sendCall(call, { timeoutMs: STANDING_TIMEOUT_MS }));
  return answer?.status === 200 ? jsonOf(answer) : undefined;
}

async function answerOrNone(sent: Promise<HttpAnswer>): Promise<HttpAnswer | undefined> {
  try {
    return await sent;
  } catch (error) {
    if (error instanceof NoAnswer) return undefined;
    throw error;
  }
}

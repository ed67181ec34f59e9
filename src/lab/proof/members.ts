/**
 * Members come and go under load: three voters, five, and three others, the leader of the beginning not among them; then
 * one of those is killed, which they survive only if those that left do not count any more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CausewayError } from '../../base/errors.js';
import type { Lab } from '../cluster.js';
import { textOf } from '../http-call.js';
import type { ReplicaProcess } from '../replica-process.js';
import { leaderOf, membersOf, tell } from '../workload/control.js';
import { History, tallyOf } from '../workload/history.js';
import { ALL_KINDS } from '../workload/register-client.js';
import { RequestPool } from '../workload/requests.js';
import { type Ground, runRegisterClients } from '../workload/run.js';
import { keyPairs } from './key-pairs.js';
import type { Run } from './outcome.js';
import { convergenceMs, recordFinals, untilLinearizable } from './quiet.js';

export interface MemberProofOptions {
  readonly lab: Lab;
  readonly seed: number;
  readonly clients: number;
  readonly keys: number;
  readonly timeoutMs: number;
  /** Under each set of members this many linearizable operations are answered. */
  readonly operationsEach: number;
  /** Told of each change. */
  readonly report?: (line: string) => void;
}

interface Change {
  readonly kind: 'add' | 'promote' | 'remove';
  readonly id: string;
}

const ANSWER_GRACE_MS = 2_000;
const RETRY_MS = 100;
const PATIENCE_MS = 60_000;
/** However many operations are to be answered, and however slow the machine. */
const SERVE_PATIENCE_MS = 600_000;

export async function proveMembers(options: MemberProofOptions): Promise<Run> {
  const { lab, seed, clients, timeoutMs } = options;
  await untilLinearizable(lab);
  const history = new History();
  const pool = new RequestPool({ connections: clients, answerTimeoutMs: timeoutMs + ANSWER_GRACE_MS });
  const ending = new AbortController();
  const { signal } = ending;
  const ground: Ground = { requests: pool, targets: () => lab.replicas, history, seed, timeoutMs, signal };
  const groups = keyPairs(options.keys);
  const startedMs = performance.now();
  const load = runRegisterClients(ground, { clients, groups, mix: ALL_KINDS });
  try {
    await changeAll(options, history);
  } finally {
    ending.abort();
  }
  await load;
  const tookMs = performance.now() - startedMs;
  await pool.close();
  await lab.settled();
  const healedMs = await convergenceMs(lab);
  if (healedMs !== undefined) await recordFinals(lab, groups.flat(), history);
  return {
    history,
    tally: tallyOf(history.records),
    troubles: healedMs === undefined ? ['the replicas did not converge'] : [],
    facts: {
      seconds: Math.round(tookMs / 1_000),
      'linearizable operations': history.served,
      'members at the end': lab.replicas.map(({ id }) => id).join(' '),
    },
  };
}

async function changeAll({ lab, operationsEach, report }: MemberProofOptions, history: History): Promise<void> {
  const serveSome = async (): Promise<void> => {
    report?.(`${history.served} linearizable operations under ${lab.replicas.map(({ id }) => id).join(' ')}`);
    await served(history, history.served + operationsEach);
  };
  const founders = [...lab.replicas];
  await serveSome();
  for (let more = 0; more < 2; more += 1) {
    const { id } = await lab.addReplica();
    await change(lab, { kind: 'add', id });
    await change(lab, { kind: 'promote', id });
    await serveSome();
  }
  const leader = (await leaderOf(lab))?.replica;
  const leaving = [...founders].sort((a, b) => Number(b === leader) - Number(a === leader)).slice(0, 2);
  for (const replica of leaving) {
    const { id } = replica;
    replica.expectEnd();
    await change(lab, { kind: 'remove', id });
    await lab.dropReplica(id);
    await serveSome();
  }
  const killed = (await leaderOf(lab))?.replica ?? (lab.replicas[0] as ReplicaProcess);
  await killed.kill();
  await serveSome();
  await killed.start();
}

/** Asks until it is done: another change may be under way, an observer behind, the leader just gone. */
async function change(lab: Lab, wanted: Change): Promise<void> {
  const { method, path, body } = requestOf(wanted);
  const deadlineMs = performance.now() + PATIENCE_MS;
  let last = 'no answer';
  for (let turn = 0; performance.now() < deadlineMs; turn += 1) {
    const replica = lab.replicas[turn % lab.replicas.length] as ReplicaProcess;
    const answer = await tell(replica, method, path, body);
    if (answer?.status === 200) return;
    if (answer !== undefined) last = `${answer.status} ${textOf(answer)}`;
    await sleep(RETRY_MS);
    // A change whose outcome was unknown may have been made.
    if (await isMade(lab, wanted)) return;
  }
  throw new CausewayError('internal-error', `${method} ${path} was refused for ${PATIENCE_MS} ms: ${last}`);
}

function requestOf({ kind, id }: Change): { method: 'POST' | 'DELETE'; path: string; body?: object } {
  switch (kind) {
    case 'add':
      return { method: 'POST', path: '/v1/members', body: { id } };
    case 'promote':
      return { method: 'POST', path: `/v1/members/${id}/promote` };
    case 'remove':
      return { method: 'DELETE', path: `/v1/members/${id}` };
  }
}

/** As its leader sees it. */
async function isMade(lab: Lab, { kind, id }: Change): Promise<boolean> {
  const leader = (await leaderOf(lab))?.replica;
  const members = leader === undefined ? undefined : await membersOf(leader);
  if (members === undefined) return false;
  const role = members.find((member) => member.id === id)?.role;
  if (kind === 'remove') return role === undefined;
  return kind === 'add' ? role !== undefined : role === 'voter' || role === 'leader';
}

async function served(history: History, operations: number): Promise<void> {
  const deadlineMs = performance.now() + SERVE_PATIENCE_MS;
  while (history.served < operations) {
    if (performance.now() > deadlineMs) {
      throw new CausewayError('internal-error', `fewer than ${operations} operations were answered in time`);
    }
    await sleep(RETRY_MS);
  }
}

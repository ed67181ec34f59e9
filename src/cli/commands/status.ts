/** `causeway status`: the whole cluster at a glance, however many of its members answer. */
import { jsonOf } from '../../lab/http-call.js';
import type { ConnectionOptions } from '../client-call.js';
import { askEach, curlLines, learnMembers, type MemberReply } from '../cluster-members.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { summarizeFaults } from '../fault-replies.js';
import { renderTable } from '../table.js';
import type { Terminal } from '../terminal.js';

interface ReplicaReport {
  readonly incarnation: string;
  readonly role: string;
  readonly term: number;
  readonly leader: string | null;
  readonly logIndex: number;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly vector: Readonly<Record<string, number>>;
  readonly buffered: number;
  readonly hlc: string;
  readonly keys: number;
  readonly transport: string;
  readonly transportConnected?: boolean;
  readonly catchingUp?: boolean;
}

/** Long enough for a busy replica, short enough that a dead one does not hold the table up. */
const PATIENCE_MS = 1_500;
const STATUS = { method: 'GET', path: '/v1/replica' } as const;
const FAULTS = { method: 'GET', path: '/v1/faults' } as const;
const TITLES = [
  ...['REPLICA', 'URL', 'STATE', 'ROLE', 'LEADER', 'TERM', 'LOG', 'COMMITTED', 'APPLIED'],
  ...['KEYS', 'BEHIND', 'BUFFERED', 'CLOCK', 'TRANSPORT', 'FAULTS'],
];

export async function status(terminal: Terminal, options: ConnectionOptions): Promise<ExitCode> {
  const members = await learnMembers(options);
  if (options.curl) {
    terminal.out(curlLines(members, options, [STATUS]));
    return EXIT.ok;
  }
  const quick = { ...options, timeout: options.timeout ?? PATIENCE_MS };
  const [replicas, faults] = await Promise.all([askEach(members, quick, STATUS), askEach(members, quick, FAULTS)]);
  const everything = joinVectors(replicas.map((reply) => reportIn(reply)?.vector ?? {}));
  if (options.output === 'json') {
    const listed = replicas.map((reply) => ({
      id: reply.member.id,
      url: reply.member.url ?? null,
      reachable: reply.kind === 'answered',
      behindOps: behind(reply, everything) ?? null,
      status: reply.kind === 'answered' ? jsonOf(reply.answer) : null,
    }));
    terminal.out(`${JSON.stringify({ replicas: listed })}\n`);
  } else {
    terminal.out(
      renderTable(
        TITLES,
        replicas.map((reply, i) => row(reply, faults[i], everything)),
      ),
    );
  }
  return EXIT.ok;
}

function row(reply: MemberReply, faults: MemberReply | undefined, everything: ReadonlyMap<string, number>): string[] {
  const { id, url } = reply.member;
  const report = reportIn(reply);
  if (report === undefined) {
    return [id, url ?? '-', 'down', ...TITLES.slice(4).map(() => '-'), reasonOf(reply)];
  }
  return [
    id,
    url ?? '-',
    report.catchingUp === true ? 'catching up' : 'up',
    report.role,
    report.leader ?? '-',
    String(report.term),
    String(report.logIndex),
    String(report.commitIndex),
    String(report.appliedIndex),
    String(report.keys),
    String(behind(reply, everything) ?? '-'),
    String(report.buffered),
    clockTime(report.hlc),
    report.transportConnected === false ? `${report.transport} (offline)` : report.transport,
    faults === undefined ? '-' : summarizeFaults(faults),
  ];
}

function reportIn(reply: MemberReply): ReplicaReport | undefined {
  if (reply.kind === 'silent' || reply.answer.status >= 400) return undefined;
  return jsonOf(reply.answer) as ReplicaReport | undefined;
}

function reasonOf(reply: MemberReply): string {
  return reply.kind === 'silent' ? reply.reason : `HTTP ${reply.answer.status}`;
}

/** The greatest counter of every origin that any replica which answered has. */
function joinVectors(vectors: readonly Readonly<Record<string, number>>[]): ReadonlyMap<string, number> {
  const joined = new Map<string, number>();
  for (const vector of vectors) {
    for (const [origin, counter] of Object.entries(vector)) {
      joined.set(origin, Math.max(counter, joined.get(origin) ?? 0));
    }
  }
  return joined;
}

/** How many writes that another replica has are missing here. */
function behind(reply: MemberReply, everything: ReadonlyMap<string, number>): number | undefined {
  const report = reportIn(reply);
  if (report === undefined) return undefined;
  return [...everything].reduce((sum, [origin, counter]) => sum + counter - (report.vector[origin] ?? 0), 0);
}

/** `<ms>.<logical>` as the time of day it stands for. */
function clockTime(hlc: string): string {
  const ms = Number(hlc.split('.')[0]);
  return ms > 0 ? `${new Date(ms).toISOString().slice(11, 23)}Z` : '-';
}

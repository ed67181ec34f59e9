/** What members answer to the fault commands, read: did they take it, why not, and which faults are in force there. */
import { jsonOf } from '../lab/http-call.js';
import type { MemberReply } from './cluster-members.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { exitOfStatus } from './failure.js';
import { formatDuration } from './parse/duration.js';
import { formatGroups } from './parse/partition-spec.js';

/** The faults a reply lists, in the short form of the status table. */
export function summarizeFaults(reply: MemberReply): string {
  const found = faultsIn(reply).map((fault) => describeFault(fault).slice(0, 2).join(' '));
  return found.length === 0 ? '-' : found.join('; ');
}

/** The member did what it was told. */
export function isOk(reply: MemberReply | undefined): boolean {
  return reply !== undefined && exitOf(reply) === EXIT.ok;
}

/** What one reply is worth. A fault that was not there to be removed is no failure. */
function exitOf(reply: MemberReply): ExitCode {
  if (reply.kind === 'silent') return EXIT.unavailable;
  const { status } = reply.answer;
  return status < 400 || status === 404 ? EXIT.ok : exitOfStatus(status, '');
}

/** What all replies together are worth: a refusal weighs more than silence. */
export function worst(replies: readonly MemberReply[]): ExitCode {
  const exits = replies.map(exitOf).filter((exit) => exit !== EXIT.ok);
  return exits.find((exit) => exit !== EXIT.unavailable) ?? exits[0] ?? EXIT.ok;
}

/** Why a member did not do it; nothing if it did. */
export function reasonOf(reply: MemberReply): { readonly reason?: string } {
  if (isOk(reply)) return {};
  if (reply.kind === 'silent') return { reason: reply.reason };
  const problem = jsonOf(reply.answer);
  const { title, detail } = (typeof problem === 'object' && problem !== null ? problem : {}) as Record<string, unknown>;
  const words = [title, detail].filter((part) => typeof part === 'string');
  return { reason: words.length > 0 ? words.join(': ') : `HTTP ${reply.answer.status}` };
}

type ListedFault = Readonly<Record<string, unknown>>;

/** The faults that a reply lists. */
export function faultsIn(reply: MemberReply): readonly ListedFault[] {
  if (reply.kind === 'silent' || reply.answer.status >= 400) return [];
  const body = jsonOf(reply.answer) as { readonly faults?: readonly ListedFault[] } | undefined;
  return body?.faults ?? [];
}

/** Kind, what it does, and when it ends. */
export function describeFault(fault: ListedFault): [string, string, string] {
  const remaining = formatDuration(Number(fault['remainingMs'] ?? 0));
  if (fault['kind'] === 'partition') {
    return ['partition', `${fault['name']}: ${formatGroups(fault['groups'] as readonly string[][])}`, remaining];
  }
  if (fault['kind'] === 'link') {
    const effects = [
      Number(fault['drop']) > 0 ? `drop ${percent(fault['drop'])}` : '',
      Number(fault['delayMs']) > 0 ? `delay ${fault['delayMs']} ms` : '',
      Number(fault['jitterMs']) > 0 ? `jitter ${fault['jitterMs']} ms` : '',
      Number(fault['duplicate']) > 0 ? `duplicate ${percent(fault['duplicate'])}` : '',
    ].filter((effect) => effect !== '');
    return ['link', `${fault['from']} -> ${fault['to']}: ${effects.join(', ')}`, remaining];
  }
  return [String(fault['kind']), `${fault['skewMs'] ?? ''} ms`, remaining];
}

function percent(probability: unknown): string {
  return `${Math.round(Number(probability) * 1_000) / 10} %`;
}

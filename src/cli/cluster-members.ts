/** Who the members of the cluster are, as one of them tells it, and a way to talk to each of them at once. */
import { curlLine } from '../lab/curl-line.js';
import { type HttpAnswer, jsonOf, NoAnswer, sendCall } from '../lab/http-call.js';
import { type ClientRequest, type ConnectionOptions, callTo, patienceMs, sendToFirst } from './client-call.js';
import { CommandFailure, Refusal } from './failure.js';

export interface Member {
  readonly id: string;
  /** Undefined if the cluster does not know where the member serves HTTP. */
  readonly url: string | undefined;
}

/** What one member made of a request: its answer, or why there is none. */
export type MemberReply =
  | { readonly kind: 'answered'; readonly member: Member; readonly answer: HttpAnswer }
  | { readonly kind: 'silent'; readonly member: Member; readonly reason: string };

/** @throws Refusal or NoAnswer if none of the servers named by `--url` tells. */
export async function learnMembers(options: ConnectionOptions): Promise<readonly Member[]> {
  const answer = await sendToFirst(options, { method: 'GET', path: '/v1/cluster', headers: {} });
  if (answer.status >= 400) throw new Refusal(answer);
  const members = membersIn(jsonOf(answer));
  if (members !== undefined && members.length > 0) return members;
  throw new CommandFailure('the answer of /v1/cluster names no members', 'Check that --url names a Causeway replica.');
}

/** The curl lines that send the requests to every member whose address is known. */
export function curlLines(
  members: readonly Member[],
  options: ConnectionOptions,
  requests: readonly ClientRequest[],
): string {
  const lines = members.flatMap(({ url }) =>
    url === undefined ? [] : requests.map((request) => `${curlLine(callTo(url, options, request))}\n`),
  );
  return lines.join('');
}

/** Sends to every member at the same time and waits for all. Never throws for what a member does. */
export function askEach(
  members: readonly Member[],
  options: ConnectionOptions,
  request: ClientRequest,
): Promise<readonly MemberReply[]> {
  return Promise.all(members.map((member) => ask(member, options, request)));
}

async function ask(member: Member, options: ConnectionOptions, request: ClientRequest): Promise<MemberReply> {
  if (member.url === undefined) return { kind: 'silent', member, reason: 'its address is not known' };
  try {
    const answer = await sendCall(callTo(member.url, options, request), { timeoutMs: patienceMs(options) });
    return { kind: 'answered', member, answer };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { kind: 'silent', member, reason: error.message };
  }
}

function membersIn(body: unknown): readonly Member[] | undefined {
  if (typeof body !== 'object' || body === null || !('members' in body) || !Array.isArray(body.members))
    return undefined;
  return body.members.filter(isMember).map(({ id, url }) => ({ id, url: url ?? undefined }));
}

function isMember(value: unknown): value is { readonly id: string; readonly url?: string | null } {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}

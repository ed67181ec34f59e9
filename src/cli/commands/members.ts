/** `causeway member`: who takes part in the total order, and how that changes. */
import { type HttpAnswer, jsonOf } from '../../lab/http-call.js';
import { type ClientRequest, type ConnectionOptions, perform } from '../client-call.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { objectPath, orderedRequest } from '../json-request.js';
import { showAnswer } from '../show-answer.js';
import { renderTable } from '../table.js';
import type { Terminal } from '../terminal.js';

export type MemberChange = 'add' | 'promote' | 'remove' | 'transfer';

interface MembershipReport {
  readonly leader: string | null;
  readonly term: number;
  readonly members: readonly { readonly id: string; readonly incarnation: string; readonly role: string }[];
  readonly changing: boolean;
}

export function listMembers(terminal: Terminal, options: ConnectionOptions): Promise<ExitCode> {
  return showMembers(terminal, options, { method: 'GET', path: '/v1/members', level: 'linearizable' });
}

/** Ends when the change is committed. */
export function changeMembers(
  terminal: Terminal,
  change: MemberChange,
  id: string,
  options: ConnectionOptions,
): Promise<ExitCode> {
  return showMembers(terminal, options, changeRequest(change, id));
}

function changeRequest(change: MemberChange, id: string): ClientRequest {
  const path = objectPath('members', id);
  switch (change) {
    case 'add':
      return orderedRequest('POST', '/v1/members', {}, { id });
    case 'remove':
      return orderedRequest('DELETE', path, {});
    case 'promote':
      return orderedRequest('POST', `${path}/promote`, {});
    case 'transfer':
      return orderedRequest('POST', `${path}/lead`, {});
  }
}

async function showMembers(terminal: Terminal, options: ConnectionOptions, request: ClientRequest): Promise<ExitCode> {
  const answer = await perform(terminal, options, request);
  if (answer === undefined) return EXIT.ok;
  if (options.output === 'json') showAnswer(terminal, options, answer);
  else showTable(terminal, answer);
  return EXIT.ok;
}

function showTable(terminal: Terminal, answer: HttpAnswer): void {
  const { leader, term, members, changing } = jsonOf(answer) as MembershipReport;
  const rows = members.map(({ id, incarnation, role }) => [id, role, incarnation]);
  terminal.out(renderTable(['MEMBER', 'ROLE', 'INCARNATION'], rows));
  const led = leader === null ? 'no leader is known' : `led by ${leader}`;
  terminal.err(`term ${term}, ${led}${changing ? ', a change is under way' : ''}\n`);
}

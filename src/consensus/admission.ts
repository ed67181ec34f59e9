/** What a message's term and sender say about it, before anybody reads it (section 5.1, and section 6 on disruption). */
import { isMember } from './configuration.js';
import type { Member } from './member.js';
import { isLeaderMessage, isWellFormed, type Message } from './messages.js';

export type Admission =
  | { readonly kind: 'refuse'; readonly reason: 'malformed' | 'other-incarnation' | 'stranger' | 'stale' | 'shielded' }
  /** A leader of an older term; it is told so. */
  | { readonly kind: 'outdated-leader' }
  /** Follow in this newer term, then read the message. */
  | { readonly kind: 'newer-term'; readonly leader: Member['leader'] }
  | { readonly kind: 'read' };

export function admit(message: Message, member: Member): Admission {
  if (message.to !== member.self) return { kind: 'refuse', reason: 'other-incarnation' };
  if (!isWellFormed(message) || message.from === member.self) return { kind: 'refuse', reason: 'malformed' };
  if (isForMembersOnly(message) && !isMember(member.configuration, message.from)) {
    return { kind: 'refuse', reason: 'stranger' };
  }
  if (message.kind === 'pre-vote-request') return { kind: 'read' };
  if (message.kind === 'pre-vote-answer' && message.granted) return { kind: 'read' };
  if (message.term > member.term) return admitNewer(message, member);
  if (message.term < member.term) return admitOlder(message);
  return { kind: 'read' };
}

function admitNewer(message: Message, { hearsLeader }: Member): Admission {
  if (message.kind === 'vote-request' && hearsLeader && !message.transfer)
    return { kind: 'refuse', reason: 'shielded' };
  return { kind: 'newer-term', leader: isLeaderMessage(message) ? message.from : undefined };
}

function admitOlder(message: Message): Admission {
  if (message.kind === 'handover') return { kind: 'refuse', reason: 'stale' };
  if (isLeaderMessage(message)) return { kind: 'outdated-leader' };
  if (message.kind === 'vote-request' || message.kind === 'pre-vote-answer') return { kind: 'read' };
  return { kind: 'refuse', reason: 'stale' };
}

/**
 * Answers and requests to a leader. A leader or candidate may be unknown here, because the configuration that names it
 * has not arrived; whoever answers this member is named by the configuration in which it asked.
 */
function isForMembersOnly({ kind }: Message): boolean {
  switch (kind) {
    case 'pre-vote-answer':
    case 'vote-answer':
    case 'append-accepted':
    case 'append-rejected':
    case 'heartbeat-answer':
    case 'snapshot-wanted':
    case 'forwarded-proposals':
    case 'read-request':
      return true;
    default:
      return false;
  }
}

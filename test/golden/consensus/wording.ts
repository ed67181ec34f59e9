/** How the stories write down what members say, write and hold: `4/2` is the entry at index 4 of term 2. */
import { utf8Decode } from '../../../src/base/bytes.js';
import type { Configuration, MemberId } from '../../../src/consensus/configuration.js';
import type { Entry } from '../../../src/consensus/entry.js';
import type { Message } from '../../../src/consensus/messages.js';
import type { Ready, SoftState } from '../../../src/consensus/raft-types.js';
import { nameOfMember } from '../../support/raft-cluster.js';
import type { RaftReplica } from '../../support/raft-replica.js';

function nameMembers(members: readonly MemberId[]): string {
  return members.map(nameOfMember).join(' ');
}

export function nameConfiguration({ voters, outgoing, learners }: Configuration): string {
  const before = outgoing.length === 0 ? '' : ` from {${nameMembers(outgoing)}}`;
  const also = learners.length === 0 ? '' : ` learners {${nameMembers(learners)}}`;
  return `{${nameMembers(voters)}}${before}${also}`;
}

export function nameEntry(entry: Entry): string {
  const place = `${entry.index}/${entry.term}`;
  switch (entry.kind) {
    case 'command':
      return `${place}=${utf8Decode(entry.bytes)}`;
    case 'configuration':
      return `${place}=${nameConfiguration(entry.configuration)}`;
    case 'empty':
      return place;
  }
}

function nameEntries(entries: readonly Entry[]): string {
  return entries.length === 0 ? 'nothing' : entries.map(nameEntry).join(' ');
}

export function nameMessage(message: Message): string {
  const term = `[${message.term}]`;
  switch (message.kind) {
    case 'pre-vote-request':
      return `${term} would you vote? my log ends at ${message.lastIndex}/${message.lastTerm}`;
    case 'vote-request': {
      const handed = message.transfer ? ', handed over' : '';
      return `${term} vote! my log ends at ${message.lastIndex}/${message.lastTerm}${handed}`;
    }
    case 'pre-vote-answer': {
      const removed = message.removedAt === undefined ? '' : `, you were removed at ${message.removedAt}`;
      return `${term} I would${message.granted ? '' : ' not'}${removed}`;
    }
    case 'vote-answer':
      return `${term} ${message.granted ? 'my vote' : 'no vote'}`;
    case 'append': {
      const { previousIndex, previousTerm, entries, commit } = message;
      return `${term} after ${previousIndex}/${previousTerm}: ${nameEntries(entries)}; commit ${commit}`;
    }
    case 'append-accepted':
      return `${term} equal up to ${message.matched}`;
    case 'append-rejected':
      return message.previousIndex === 0
        ? `${term} the term is another`
        : `${term} not after ${message.previousIndex}, perhaps after ${message.hintIndex}/${message.hintTerm}`;
    case 'snapshot-chunk': {
      const { snapshot, offset, bytes } = message;
      const end = offset + bytes.length;
      return `${term} snapshot at ${snapshot.index}/${snapshot.term}, bytes ${offset}-${end} of ${snapshot.sizeBytes}`;
    }
    case 'snapshot-wanted':
      return `${term} snapshot at ${message.snapshot.index} from byte ${message.offset}, please`;
    case 'heartbeat':
    case 'heartbeat-answer':
      return `${term} ${message.kind} of round ${message.round}`;
    case 'commit-news':
      return `${term} committed up to ${message.commit}`;
    case 'handover':
      return `${term} you lead next`;
    case 'forwarded-proposals':
      return `${term} propose ${message.commands.map(utf8Decode).join(' ')}`;
    case 'proposals-answer':
      return message.appended === undefined
        ? `${term} not proposed`
        : `${term} proposed at ${message.appended.firstIndex}`;
    case 'read-request':
      return `${term} read ${message.context}?`;
    case 'read-answer':
      return `${term} read ${message.context} at ${message.index}`;
  }
}

function nameSoftState({ role, term, leader, standing }: SoftState): string {
  const who = leader === undefined ? 'nobody leads' : `${nameOfMember(leader)} leads`;
  const what = standing === 'voter' ? '' : `, ${standing}`;
  return `${role} in term ${term}, ${who}${what}`;
}

/** What a member does about one `Ready`. Of messages, only those that leave are told. */
export function nameReady(replica: RaftReplica, ready: Ready): string[] {
  const name = nameOfMember(replica.id);
  const { softState, write, committed, readStates, messages, news } = ready;
  const told: string[] = [];
  if (softState !== undefined) told.push(`${name} is ${nameSoftState(softState)}`);
  if (write !== undefined) {
    const { hardState, entries, truncateFrom, snapshot } = write;
    const vote = hardState.votedFor === undefined ? 'no vote' : `vote for ${nameOfMember(hardState.votedFor)}`;
    const cut = truncateFrom === undefined ? '' : `, drops ${truncateFrom} and later`;
    const install = snapshot === undefined ? '' : `, takes over the snapshot at ${snapshot.index}`;
    const more = entries.length === 0 ? '' : `, appends ${nameEntries(entries)}`;
    told.push(`${name} writes term ${hardState.term}, ${vote}${install}${cut}${more}`);
  }
  if (committed.length > 0) told.push(`${name} applies ${nameEntries(committed)}`);
  for (const state of readStates) {
    told.push(
      `${name} read ${state.context} ${state.kind === 'ready' ? `may be answered at ${state.index}` : 'dropped'}`,
    );
  }
  for (const message of [...messages, ...news])
    told.push(`${name} -> ${nameOfMember(message.to)}: ${nameMessage(message)}`);
  return told;
}

export function portray(replica: RaftReplica): string {
  const { role, term, commit, configuration } = replica.node.status;
  const terms: string[] = [];
  for (let index = 1; index <= replica.lastIndex; index += 1) terms.push(String(replica.log.get(index)?.term ?? '-'));
  const name = nameOfMember(replica.id);
  if (!replica.isUp) return `${name} is down, on disk ${replica.disk.lastIndex()}`;
  const members = nameConfiguration(configuration);
  return `${name} ${role}, term ${term}, log ${terms.join(' ')}, commit ${commit}, members ${members}`;
}

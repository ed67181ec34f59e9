/**
 * What must hold after every step of every test: the five properties of figure 3 of the Raft paper, and what they rest
 * on: nothing is said before it is durable, one vote a term, and no read index older than what was committed when it was
 * asked for. Shares no code with the core.
 */
import { type Configuration, isVoter, type MemberId } from '../../src/consensus/configuration.js';
import type { Entry } from '../../src/consensus/entry.js';
import type { Message } from '../../src/consensus/messages.js';
import type { ReadState, Write } from '../../src/consensus/raft-types.js';
import type { RaftReplica, Witness } from './raft-replica.js';

interface Committed {
  readonly term: number;
  readonly contents: string;
  /** The leader's term in which it became committed, or a later one. */
  readonly since: number;
}

export class RaftInvariants implements Witness {
  readonly #replicas = new Map<MemberId, RaftReplica>();
  readonly #leaders = new Map<number, MemberId>();
  /** By index and term: what the entry is, and the term of the one before it. */
  readonly #entries = new Map<string, string>();
  readonly #votes = new Map<string, MemberId>();
  readonly #committed = new Map<number, Committed>();
  readonly #reads = new Map<string, number>();
  #maxCommit = 0;
  /** How often each thing was checked; a run in which nothing happened has proved nothing. */
  readonly counts = { leaders: 0, commits: 0, truncations: 0, votes: 0, reads: 0 };

  get maxCommit(): number {
    return this.#maxCommit;
  }

  written(replica: RaftReplica, { snapshot, truncateFrom, entries }: Write): void {
    this.#replicas.set(replica.id, replica);
    const isLeader = replica.node.softState.role === 'leader';
    check(!isLeader || (truncateFrom === undefined && snapshot === undefined), 'leader append-only', replica);
    if (truncateFrom !== undefined) this.counts.truncations += 1;
    const [first] = entries;
    if (first === undefined) return;
    let previousTerm = snapshot?.term ?? termAt(replica, first.index - 1);
    for (const entry of entries) {
      const contents = `${contentsOf(entry)} after ${previousTerm}`;
      const key = `${entry.index}/${entry.term}`;
      const known = this.#entries.get(key) ?? contents;
      check(known === contents, `log matching: entry ${key} is ${known} and ${contents}`, replica);
      this.#entries.set(key, contents);
      previousTerm = entry.term;
    }
  }

  /** A message leaves: what it promises must be on disk. */
  sent(replica: RaftReplica, message: Message): void {
    const { disk } = replica;
    if (message.kind === 'append-accepted') {
      check(disk.lastIndex() >= message.matched, `accepted ${message.matched} before it is durable`, replica);
      check(disk.hardState.term >= message.term, 'accepted before the term is durable', replica);
    } else if (message.kind === 'vote-request') {
      this.#voted(replica, message.term, replica.id);
    } else if (message.kind === 'vote-answer' && message.granted) {
      this.#voted(replica, message.term, message.to);
    } else if (message.kind === 'heartbeat-answer') {
      check(disk.hardState.term >= message.term, 'answered before the term is durable', replica);
    }
  }

  applied(replica: RaftReplica, entry: Entry): void {
    check(entry.index === replica.appliedIndex + 1, `applied ${entry.index} after ${replica.appliedIndex}`, replica);
    check(entry.index <= replica.disk.lastIndex(), `applied ${entry.index} before it is durable`, replica);
    const committed = this.#committed.get(entry.index);
    check(
      committed === undefined || committed.contents === contentsOf(entry),
      `state machine safety: ${entry.index} is ${committed?.contents} and ${contentsOf(entry)}`,
      replica,
    );
  }

  readAsked(replica: RaftReplica, context: number): void {
    this.#reads.set(`${replica.id} ${context}`, this.#maxCommit);
  }

  readAnswered(replica: RaftReplica, state: ReadState): void {
    if (state.kind !== 'ready') return;
    const atLeast = this.#reads.get(`${replica.id} ${state.context}`);
    check(atLeast !== undefined && state.index >= atLeast, `stale read: ${state.index} after ${atLeast}`, replica);
    this.counts.reads += 1;
  }

  /** A restart numbers its reads anew. */
  forgetReads(replica: RaftReplica): void {
    for (const key of this.#reads.keys()) if (key.startsWith(`${replica.id} `)) this.#reads.delete(key);
  }

  observe(replica: RaftReplica): void {
    this.#replicas.set(replica.id, replica);
    const { role, term, commit } = replica.node.status;
    if (role === 'leader') this.#leads(replica, term);
    for (let index = this.#maxCommit + 1; index <= commit; index += 1) this.#commit(replica, index);
    const at = replica.log.get(commit);
    const known = this.#committed.get(commit);
    const agrees = at === undefined || known === undefined || known.contents === contentsOf(at);
    check(agrees, `commits ${commit}, which is another entry elsewhere`, replica);
  }

  #leads(replica: RaftReplica, term: number): void {
    const known = this.#leaders.get(term);
    check(known === undefined || known === replica.id, `election safety: ${known} leads term ${term} too`, replica);
    if (known !== undefined) return;
    this.#leaders.set(term, replica.id);
    this.counts.leaders += 1;
    const first = replica.disk.firstIndex();
    for (const [index, { since, contents }] of this.#committed) {
      if (since >= term || index < first) continue;
      const at = replica.log.get(index);
      const has = at !== undefined && contentsOf(at) === contents;
      check(has, `leader completeness: term ${term} lacks entry ${index}`, replica);
    }
  }

  /** Whoever commits first is the leader, and a quorum of its configuration has the entry on disk. */
  #commit(replica: RaftReplica, index: number): void {
    const { term, configuration } = replica.node.status;
    check(this.#leaders.get(term) === replica.id, `commits ${index} before its leader does`, replica);
    const entry = replica.log.get(index);
    check(entry !== undefined, `commits ${index}, which it lacks`, replica);
    if (entry === undefined) return;
    const holders = [...this.#replicas.values()].filter(({ disk }) => {
      const isBehindBase = index < disk.firstIndex();
      return isBehindBase || (index <= disk.lastIndex() && disk.term(index) === entry.term);
    });
    const ids = new Set(holders.map(({ id }) => id));
    const isOfTerm = replica.node.status.commit === index ? entry.term === term : true;
    check(isOfTerm, `commits entry ${index} of term ${entry.term} by counting in term ${term}`, replica);
    check(hasQuorum(configuration, ids), `commits ${index}, durable only at ${[...ids]}`, replica);
    this.#committed.set(index, { term: entry.term, contents: contentsOf(entry), since: term });
    this.#maxCommit = index;
    this.counts.commits += 1;
  }

  #voted(replica: RaftReplica, term: number, candidate: MemberId): void {
    const { hardState } = replica.disk;
    const isDurable = hardState.term === term && hardState.votedFor === candidate;
    check(isDurable || hardState.term > term, `a vote for ${candidate} in term ${term} is not durable`, replica);
    const key = `${replica.id} ${term}`;
    const known = this.#votes.get(key) ?? candidate;
    check(known === candidate, `two votes in term ${term}: ${known} and ${candidate}`, replica);
    this.#votes.set(key, candidate);
    this.counts.votes += 1;
  }
}

export function contentsOf(entry: Entry): string {
  switch (entry.kind) {
    case 'command':
      return `${entry.term}:${Buffer.from(entry.bytes).toString('utf8')}`;
    case 'configuration':
      return `${entry.term}:${JSON.stringify(entry.configuration)}`;
    case 'empty':
      return `${entry.term}:`;
  }
}

function termAt(replica: RaftReplica, index: number): number {
  const base = replica.disk.snapshot();
  return replica.log.get(index)?.term ?? (index === base.index ? base.term : replica.disk.term(index));
}

function hasQuorum(configuration: Configuration, ids: ReadonlySet<MemberId>): boolean {
  return [configuration.voters, configuration.outgoing].every((members) => {
    const votes = members.filter((id) => isVoter(configuration, id) && ids.has(id));
    return members.length === 0 || 2 * votes.length > members.length;
  });
}

function check(condition: boolean, broken: string, replica: RaftReplica): void {
  if (!condition) throw new Error(`${replica.id}: ${broken}`);
}

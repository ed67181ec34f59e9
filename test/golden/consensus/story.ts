/**
 * The story of a few members of the total order. Its commands are the cases of `#perform` and `#performAt`. Disks are
 * prompt unless a story says that one is slow; messages arrive when the story says so.
 */
import type { Message } from '../../../src/consensus/messages.js';
import type { Ready } from '../../../src/consensus/raft-types.js';
import { memberNamed, nameOfMember, RaftCluster } from '../../support/raft-cluster.js';
import type { RaftReplica } from '../../support/raft-replica.js';
import type { Story } from '../stories.js';
import { nameMessage, nameReady, portray } from './wording.js';

export class ConsensusStory implements Story {
  #cluster = new RaftCluster({ voters: ['r1'] });
  readonly #slow = new Set<string>();
  #output: string[] = [];
  #isSilent = false;

  perform(command: string): string[] {
    this.#output = [];
    const [first = '', second = '', ...rest] = command.split(' ');
    if (/^r\d/.test(first) && !first.includes('->')) this.#performAt(first, second, rest);
    else this.#perform(first, [second, ...rest].filter(Boolean));
    this.#keepUp();
    return this.#output.length === 0 ? ['ok'] : this.#output;
  }

  #perform(verb: string, words: readonly string[]): void {
    switch (verb) {
      case 'cluster':
        this.#found(words);
        break;
      case 'deliver':
        this.#deliver(words[0] ?? 'all', Number(words[1] ?? Number.POSITIVE_INFINITY));
        break;
      case 'drop':
        this.#drop(words[0] ?? '');
        break;
      case 'double':
        this.#cluster.flying.push(...this.#cluster.flying.filter((message) => linkOf(message) === words[0]));
        break;
      case 'pass':
        for (let i = 0; i < Number(words[0]); i += 1) for (const each of this.#cluster.replicas.values()) each.tick();
        break;
      case 'settle':
        this.#silently(() => this.#cluster.flow());
        break;
      case 'run':
        this.#silently(() => this.#cluster.run(Number(words[0])));
        break;
      case 'partition':
        this.#cluster.partition(
          ...words
            .join(' ')
            .split(' | ')
            .map((group) => group.split(' ')),
        );
        break;
      case 'heal':
        this.#cluster.heal();
        break;
      case 'show':
        this.#output.push(...[...this.#cluster.replicas.values()].map(portray));
        break;
      default:
        throw new Error(`no command "${verb}"`);
    }
  }

  #performAt(name: string, verb: string, words: readonly string[]): void {
    const { replicas } = this.#cluster;
    if (verb === 'arrives') {
      this.#cluster.add(name);
      return;
    }
    const replica = this.#cluster.at(name);
    switch (verb) {
      case 'begins':
        replica.disk.fill(Number(words[1]), words.slice(3).map(Number));
        replica.restart();
        break;
      case 'campaign':
        replica.campaign();
        break;
      case 'elected':
        this.#silently(() => this.#elect(name, words.slice(1)));
        break;
      case 'propose':
        this.#tell(name, replica.propose(...words));
        break;
      case 'read':
        this.#output.push(`${name} asks ${replica.read() ?? 'in vain'}`);
        break;
      case 'tick':
        for (let i = 0; i < Number(words[0] ?? 1); i += 1) replica.tick();
        break;
      case 'forgets':
        this.#silently(() => this.#forgetLeader(replica));
        break;
      case 'persist':
        replica.persist(Number(words[0] ?? Number.POSITIVE_INFINITY));
        break;
      case 'slow':
        this.#slow.add(name);
        break;
      case 'prompt':
        this.#slow.delete(name);
        break;
      case 'compact':
        replica.compact(Number(words[0] ?? 0));
        break;
      case 'crash':
        replica.crash();
        break;
      case 'restart':
        replica.restart();
        break;
      case 'wiped':
        replica.crash();
        replicas.delete(name);
        break;
      case 'transfer':
        this.#tell(name, replica.transfer(memberNamed(words[0] ?? '')));
        break;
      case 'change':
        this.#change(replica, words);
        break;
      default:
        throw new Error(`no command "${name} ${verb}"`);
    }
  }

  /** `r1 elected`, or `r1 elected by r2 r3`: then nobody else hears of it, and what r1 says first as a leader is on its way. */
  #elect(name: string, electors: readonly string[]): void {
    const candidate = this.#cluster.at(name);
    if (electors.length === 0) this.#cluster.elect(name);
    for (let i = 0; i < 9 && !candidate.isLeader; i += 1) {
      for (const elector of electors) this.#forgetLeader(this.#cluster.at(elector));
      candidate.campaign();
      for (let hops = 0; hops < 4; hops += 1) {
        this.#keepUp();
        if (candidate.isLeader) break;
        for (const elector of electors)
          for (const link of [`${name}->${elector}`, `${elector}->${name}`]) this.#deliver(link, 9);
      }
      if (!candidate.isLeader) this.#cluster.flying = [];
    }
    if (!candidate.isLeader) throw new Error(`${name} was not elected`);
    this.#cluster.flying = this.#cluster.flying.filter(({ from, kind }) => from === candidate.id && kind === 'append');
    this.#output = [];
  }

  /** It hears nothing for so long that it campaigns, in vain. */
  #forgetLeader(replica: RaftReplica): void {
    for (let i = 0; i < 30 && replica.node.softState.leader !== undefined; i += 1) replica.tick();
    this.#cluster.flying = this.#cluster.flying.filter(({ kind }) => kind !== 'pre-vote-request');
  }

  /** `singly`: each entry travels alone. */
  #found([first = '', ...others]: readonly string[]): void {
    const tuning = first === 'singly' ? { appendMaxBytes: 1 } : {};
    const words = first === 'singly' ? others : [first, ...others];
    const at = (word: string) => (words.includes(word) ? words.indexOf(word) : words.length);
    const voters = words.slice(0, Math.min(at('learners'), at('newcomers')));
    const learners = words.slice(at('learners') + 1, at('newcomers'));
    const newcomers = words.slice(at('newcomers') + 1);
    const watch = (replica: RaftReplica, ready: Ready) => {
      if (!this.#isSilent) this.#output.push(...nameReady(replica, ready));
    };
    this.#silently(() => {
      this.#cluster = new RaftCluster({ voters, learners, newcomers, tuning, watch });
    });
  }

  #change(replica: RaftReplica, words: readonly string[]): void {
    const at = words.includes('learners') ? words.indexOf('learners') : words.length;
    const voters = words.slice(0, at).map(memberNamed);
    const learners = words.slice(at + 1).map(memberNamed);
    this.#tell(nameOfMember(replica.id), replica.change({ voters, learners }));
  }

  #tell(name: string, result: { readonly kind: string; readonly reason?: string; readonly detail?: string }): void {
    if (result.kind === 'dropped') this.#output.push(`${name} refuses: ${result.detail ?? result.reason}`);
  }

  /** `deliver r1->r2` or `deliver all`; with a number, that many messages of each link. What they cause stays behind. */
  #deliver(link: string, limit: number): void {
    const taken = this.#take(link, limit);
    for (const message of taken) {
      this.#output.push(`${linkOf(message)} ${nameMessage(message)}`);
      const result = this.#cluster.hand(message);
      if (result?.kind === 'refused') this.#output.push(`  refused: ${result.reason}`);
      this.#keepUp();
    }
  }

  #drop(link: string): void {
    const taken = this.#take(link, Number.POSITIVE_INFINITY);
    for (const message of taken) this.#output.push(`${linkOf(message)} lost: ${nameMessage(message)}`);
  }

  #take(link: string, limit: number): Message[] {
    const counts = new Map<string, number>();
    const taken: Message[] = [];
    const left: Message[] = [];
    for (const message of this.#cluster.flying) {
      const name = linkOf(message);
      const count = counts.get(name) ?? 0;
      const isMeant = link === 'all' || link === name || name.endsWith(`->${link}`);
      if (isMeant && count < limit) taken.push(message);
      else left.push(message);
      counts.set(name, count + 1);
    }
    this.#cluster.flying = left;
    return taken;
  }

  #keepUp(): void {
    for (const [name, replica] of this.#cluster.replicas) if (!this.#slow.has(name)) replica.persist();
  }

  #silently(act: () => unknown): void {
    this.#isSilent = true;
    act();
    this.#isSilent = false;
  }
}

function linkOf({ from, to }: Message): string {
  return `${nameOfMember(from)}->${nameOfMember(to)}`;
}

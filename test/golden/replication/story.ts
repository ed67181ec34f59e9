/** The story of a few causal planes. Its commands are listed in `#perform` and `#performAt`. */
import { parseReplicaId, type ReplicaId } from '../../../src/base/ids.js';
import type { Now, Peer } from '../../../src/replication/causal-plane.js';
import type { PlaneMessage } from '../../../src/replication/messages.js';
import type { Op, PlaneDisk } from '../../support/plane-disk.js';
import { NO_TOKEN, PlaneReplica } from '../../support/plane-replica.js';
import { seededRandom } from '../../support/seeded-random.js';
import type { Story } from '../stories.js';
import { nameDot, nameGroups, nameMessage, nameOutgoing, nameVector, portray } from './wording.js';

interface Sent {
  readonly from: Peer;
  readonly message: PlaneMessage;
}

const TICK_MS = 20;

export class ReplicationStory implements Story {
  readonly #replicas = new Map<string, PlaneReplica>();
  /** In flight, by `from->to`, oldest first. */
  readonly #links = new Map<string, Sent[]>();
  readonly #backups = new Map<string, PlaneDisk>();
  readonly #random = seededRandom(1);
  #skewMs = 0;
  #nowMs = 0;
  #output: string[] = [];

  perform(command: string): string[] {
    this.#output = [];
    const [first = '', second = '', ...rest] = command.split(' ');
    const replica = this.#replicas.get(first);
    if (replica !== undefined) this.#performAt(replica, second, rest);
    else this.#perform(first, second, rest);
    return this.#output.length === 0 ? ['ok'] : this.#output;
  }

  #perform(verb: string, subject: string, rest: readonly string[]): void {
    const commands: Readonly<Record<string, () => void>> = {
      cluster: () => this.#start([subject, ...rest]),
      deliver: () => this.#deliver(subject, rest[0]),
      drop: () => this.#drop(subject),
      double: () => this.#double(subject),
      swap: () => this.#swap(subject),
      pass: () => this.#pass(Number(subject)),
      run: () => this.#run(Number(subject)),
      show: () => this.#output.push(...portray(this.#replica(subject))),
      skew: () => {
        this.#skewMs = Number(subject);
      },
    };
    const command = commands[verb];
    if (command === undefined) throw new Error(`no command "${verb}"`);
    command();
  }

  #performAt(replica: PlaneReplica, verb: string, rest: readonly string[]): void {
    const commands: Readonly<Record<string, () => void>> = {
      write: () => this.#write(replica, rest),
      gather: () => this.#gather(replica),
      persist: () => this.#persist(replica),
      connect: () => replica.connected(),
      'request-digests': () => replica.plane.requestDigests(this.#now()),
      crash: () => replica.crash(),
      wipe: () => replica.wipe(),
      backup: () => this.#backups.set(replica.id, replica.disk.copy()),
      restore: () => replica.restore(this.#backups.get(replica.id) ?? replica.disk),
      reincarnate: () => replica.reincarnate(),
    };
    const command = commands[verb];
    if (command === undefined) throw new Error(`no command "${replica.id} ${verb}"`);
    command();
    this.#send(replica);
  }

  #start(names: readonly string[]): void {
    const members = names.map(parseReplicaId);
    for (const id of members) {
      const options = { id, members, random: () => this.#random.float(), now: () => this.#now() };
      this.#replicas.set(id, new PlaneReplica(options));
    }
    for (const replica of this.#replicas.values()) {
      replica.connected();
      this.#send(replica);
    }
    this.#run(TICK_MS);
  }

  /** `x=1 y=2 z!`; the writer has seen all that is here, or with `unaware` only what it overwrites. */
  #write(replica: PlaneReplica, words: readonly string[]): void {
    const isUnaware = words.includes('unaware');
    const wantReport = words.includes('report-wanted');
    const ops = words
      .filter((word) => word.includes('=') || word.endsWith('!'))
      .map((word): Op => {
        const [key = '', value] = word.replace('!', '').split('=');
        return { key, value };
      });
    const group = replica.write(ops, isUnaware ? NO_TOKEN : replica.plane.applied, wantReport);
    this.#output.push(group === undefined ? 'refused' : `${nameDot(group.dot)} after ${nameVector(group.deps)}`);
  }

  #gather(replica: PlaneReplica): void {
    const batch = replica.gather();
    if (batch === undefined) {
      this.#output.push(`${replica.id} has nothing to persist`);
      return;
    }
    const { deliveries, install, trim } = batch;
    if (deliveries.length > 0) this.#output.push(`${replica.id} delivers ${nameGroups(deliveries)}`);
    if (install !== undefined) this.#output.push(`${replica.id} installs ${nameMessage(install.page)}`);
    if (trim !== undefined) {
      this.#output.push(`${replica.id} forgets ${nameVector(trim.forgotten)}, floor ${nameVector(trim.floor)}`);
    }
  }

  #persist(replica: PlaneReplica): void {
    if (replica.batch === undefined) this.#gather(replica);
    replica.persist();
  }

  /** `deliver r1->r2` or `deliver all`; with a number, that many messages of each link. */
  #deliver(link: string, limit: string | undefined): void {
    const links = link === 'all' ? [...this.#links.keys()].sort() : [link];
    for (const name of links) {
      for (const sent of this.#queue(name).splice(0, Number(limit ?? Number.MAX_SAFE_INTEGER))) this.#hand(name, sent);
    }
  }

  #hand(link: string, { from, message }: Sent): void {
    const to = this.#replica(link.split('->')[1] ?? '');
    const before = new Set(to.waiting);
    to.receive(from, message);
    const held = [...to.waiting].filter((group) => !before.has(group));
    const effect = held.length === 0 ? '' : `; ${to.id} holds back ${nameGroups(held)}`;
    this.#output.push(`${link} ${nameMessage(message)}${effect}`);
    this.#send(to);
  }

  #drop(link: string): void {
    for (const { message } of this.#queue(link).splice(0)) this.#output.push(`${link} lost: ${nameMessage(message)}`);
  }

  #double(link: string): void {
    const queue = this.#queue(link);
    queue.push(...queue);
  }

  #swap(link: string): void {
    this.#queue(link).reverse();
  }

  /** Time passes and every replica notices, but nothing arrives and nothing becomes durable. */
  #pass(ms: number): void {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs; ) this.#tick();
  }

  /** Time passes, everything arrives and becomes durable at once, and nobody tells of it. */
  #run(ms: number): void {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs; ) {
      this.#tick();
      for (const replica of this.#replicas.values()) {
        this.#deliver('all', undefined);
        replica.gather();
        replica.persist();
        this.#send(replica);
      }
      this.#deliver('all', undefined);
    }
    this.#output = [];
  }

  #tick(): void {
    this.#nowMs += TICK_MS;
    for (const replica of this.#replicas.values()) {
      replica.tick();
      this.#send(replica);
    }
  }

  #send(replica: PlaneReplica): void {
    for (const outgoing of replica.takeMessages()) {
      this.#output.push(nameOutgoing(replica.id, outgoing));
      for (const id of this.#replicas.keys()) {
        if (id === replica.id || (outgoing.to !== 'all' && outgoing.to !== id)) continue;
        this.#queue(`${replica.id}->${id}`).push({ from: replica.peer, message: outgoing.message });
      }
    }
  }

  #queue(link: string): Sent[] {
    const queue = this.#links.get(link) ?? [];
    this.#links.set(link, queue);
    return queue;
  }

  #replica(name: ReplicaId | string): PlaneReplica {
    const replica = this.#replicas.get(name);
    if (replica === undefined) throw new Error(`no replica "${name}"`);
    return replica;
  }

  #now(): Now {
    return { monotonicMs: this.#nowMs, wallMs: 1_700_000_000_000 + this.#nowMs + this.#skewMs };
  }
}

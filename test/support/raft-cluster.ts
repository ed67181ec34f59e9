/** Members of one total order and the network between them, which loses, repeats and reorders as it is told. */
import { makeOrigin, parseReplicaId } from '../../src/base/ids.js';
import { type MemberId, makeConfiguration, NOBODY } from '../../src/consensus/configuration.js';
import type { Message } from '../../src/consensus/messages.js';
import type { Ready } from '../../src/consensus/raft-types.js';
import { RaftInvariants } from './raft-invariants.js';
import { RaftReplica, type Tuning } from './raft-replica.js';
import { type SeededRandom, seededRandom } from './seeded-random.js';

/** `r1` is the first incarnation of r1, `r1'` the second. */
export function memberNamed(name: string): MemberId {
  const primes = name.length - name.replaceAll("'", '').length;
  return makeOrigin(parseReplicaId(name.replaceAll("'", '')), primes + 1);
}

export function nameOfMember(id: MemberId): string {
  const [replica = '', nonce = '1'] = id.split('~');
  return replica + "'".repeat(Number.parseInt(nonce, 16) - 1);
}

export interface ClusterOptions {
  /** Voters of the founding configuration. */
  readonly voters: readonly string[];
  readonly learners?: readonly string[];
  /** Members that start without knowing anybody. */
  readonly newcomers?: readonly string[];
  readonly seed?: number;
  readonly tuning?: Tuning;
  /** Only this one knows the founding configuration; the others start without. */
  readonly founder?: string;
  readonly watch?: (replica: RaftReplica, ready: Ready) => void;
}

export class RaftCluster {
  readonly invariants = new RaftInvariants();
  readonly random: SeededRandom;
  readonly replicas = new Map<string, RaftReplica>();
  /** On the way, oldest first. */
  flying: Message[] = [];
  readonly #tuning: Tuning;
  readonly #cut = new Set<string>();
  readonly #watch: (replica: RaftReplica, ready: Ready) => void;

  constructor(options: ClusterOptions) {
    const { voters, learners = [], newcomers = [], seed = 1, tuning = {}, founder, watch = () => {} } = options;
    this.#watch = watch;
    this.random = seededRandom(seed);
    this.#tuning = tuning;
    const founding = makeConfiguration({ voters: voters.map(memberNamed), learners: learners.map(memberNamed) });
    for (const name of [...voters, ...learners]) {
      this.add(name, founder === undefined || founder === name ? founding : NOBODY);
    }
    for (const name of newcomers) this.add(name);
  }

  add(name: string, founding = NOBODY): RaftReplica {
    const replica = new RaftReplica({
      id: memberNamed(name),
      founding,
      random: this.random,
      tuning: this.#tuning,
      invariants: this.invariants,
      send: (message) => this.flying.push(message),
      watch: this.#watch,
    });
    this.replicas.set(name, replica);
    return replica;
  }

  at(name: string): RaftReplica {
    const replica = this.replicas.get(name);
    if (replica === undefined) throw new Error(`no replica "${name}"`);
    return replica;
  }

  get leader(): RaftReplica | undefined {
    const leaders = [...this.replicas.values()].filter(({ node, isUp }) => isUp && node.softState.role === 'leader');
    return leaders.sort((a, b) => b.node.softState.term - a.node.softState.term)[0];
  }

  /** Let only members of the same group hear each other. */
  partition(...groups: readonly (readonly string[])[]): void {
    this.heal();
    for (const a of this.replicas.keys()) {
      for (const b of this.replicas.keys()) {
        if (!groups.some((group) => group.includes(a) && group.includes(b))) this.#cut.add(`${a} ${b}`);
      }
    }
  }

  /** Cut the link between two, in both directions. */
  sever(a: string, b: string): void {
    this.#cut.add(`${a} ${b}`).add(`${b} ${a}`);
  }

  heal(): void {
    this.#cut.clear();
  }

  /** Hand over one message; it may be lost on the way. Returns what became of it. */
  hand(message: Message): ReturnType<RaftReplica['step']> {
    const from = nameOfMember(message.from);
    const to = nameOfMember(message.to);
    if (this.#cut.has(`${from} ${to}`)) return undefined;
    return this.replicas.get(to)?.step(message);
  }

  /** Everything on the way arrives and becomes durable, until nothing moves any more. */
  flow(limit = 10_000): void {
    for (let i = 0; i < limit; i += 1) {
      for (const replica of this.replicas.values()) replica.persist();
      const message = this.flying.shift();
      if (message === undefined) return;
      this.hand(message);
    }
    throw new Error('the network never comes to rest');
  }

  /** Time passes for everybody, and all that is sent arrives. */
  run(ticks: number): void {
    for (let i = 0; i < ticks; i += 1) {
      for (const replica of this.replicas.values()) replica.tick();
      this.flow();
    }
  }

  /** Make `name` the leader: it campaigns until the others have forgotten the last one. */
  elect(name: string): RaftReplica {
    const replica = this.at(name);
    for (let i = 0; i < 50; i += 1) {
      replica.campaign();
      this.flow();
      if (replica.isLeader) return replica;
      for (const other of this.replicas.values()) if (other !== replica && !other.isLeader) other.tick();
    }
    throw new Error(`${name} was not elected`);
  }
}

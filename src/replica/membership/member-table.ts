/**
 * What this replica knows of others from their own hellos: where they serve and how they are. Members are those of the
 * committed configuration, and before there is one those that were configured. Whoever else says hello is remembered
 * as a candidate, so that it can be added; it has no say in anything.
 */
import type { Origin, ReplicaId } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import type { Hello } from '../wire/gossip-codec.js';
import type { AgreedMembers } from './stored-membership.js';
import { replicasOf, type Voters, votersOf } from './voters.js';

export interface Member {
  readonly id: ReplicaId;
  /** From the configuration until the member has said it itself. */
  readonly url: string | undefined;
}

export interface Heard {
  readonly hello: Hello;
  readonly origin: Origin;
  /** By the monotonic clock. */
  readonly atMs: number;
}

export class MemberTable {
  readonly #self: ReplicaId;
  readonly #configured: readonly Member[];
  readonly #heard = new Map<ReplicaId, Heard>();
  #agreed: AgreedMembers | undefined;
  #ids: readonly ReplicaId[];

  constructor(self: ReplicaId, configured: readonly Member[], agreed?: AgreedMembers) {
    this.#self = self;
    this.#configured = configured;
    this.#ids = this.configuredIds;
    if (agreed !== undefined) this.agree(agreed);
  }

  /** The members, this replica included, sorted. */
  get ids(): readonly ReplicaId[] {
    return this.#ids;
  }

  get configuredIds(): readonly ReplicaId[] {
    return this.#configured.map((member) => member.id).sort();
  }

  get agreed(): AgreedMembers | undefined {
    return this.#agreed;
  }

  get voters(): Voters {
    return votersOf(this.#agreed, this.configuredIds);
  }

  /** How many of these replicas are voters. */
  votersAmong(replicas: readonly ReplicaId[]): number {
    const { ids } = this.voters;
    return replicas.filter((replica) => ids.includes(replica)).length;
  }

  /** Everybody who may want to hear from us, this replica included. */
  get audience(): readonly ReplicaId[] {
    return [...new Set([...this.#ids, ...this.configuredIds, ...this.#heard.keys()])].sort();
  }

  agree(agreed: AgreedMembers): void {
    this.#agreed = agreed;
    this.#ids = [...new Set([...replicasOf(agreed.members), this.#self])].sort();
    for (const [id, { origin }] of this.#heard) if (agreed.former.includes(origin)) this.#heard.delete(id);
  }

  /** It takes part in the planes: a member, or one that was a moment ago, whose last writes may still come. */
  isListenedTo(id: ReplicaId, origin: Origin): boolean {
    return this.#ids.includes(id) || this.wasRemoved(origin);
  }

  /**
   * What it has may be taken of it. Before we know of any agreement we cannot tell whether a replica that belongs to
   * an order is still a member there; its digest will tell whether it counts us in.
   */
  mayBring(id: ReplicaId, origin: Origin): boolean {
    if (this.#agreed !== undefined) return true;
    const heard = this.#heard.get(id);
    return heard?.origin === origin && heard.hello.order === undefined;
  }

  wasRemoved(origin: Origin): boolean {
    return this.#agreed?.former.includes(origin) === true;
  }

  /** Returns true if this replica, or this incarnation or run of it, was not known before. */
  hear(id: ReplicaId, origin: Origin, hello: Hello, nowMs: number): boolean {
    const known = this.#heard.get(id);
    if (known === undefined) this.#makeRoom(id);
    this.#heard.set(id, { hello, origin, atMs: nowMs });
    return known?.origin !== origin || known.hello.startedMs !== hello.startedMs;
  }

  heard(id: ReplicaId): Heard | undefined {
    return this.#heard.get(id);
  }

  /** Everybody heard in this run, members or not. */
  allHeard(): readonly Heard[] {
    return [...this.#heard.values()];
  }

  url(id: ReplicaId): string | undefined {
    return this.#heard.get(id)?.hello.url ?? this.#configured.find((member) => member.id === id)?.url;
  }

  /** Of those that are no members the one that was silent for longest is forgotten first. */
  #makeRoom(id: ReplicaId): void {
    if (this.#ids.includes(id)) return;
    const strangers = [...this.#heard].filter(([other]) => !this.#ids.includes(other));
    if (strangers.length < LIMITS.candidatesMax) return;
    const [oldest] = strangers.sort(([, a], [, b]) => a.atMs - b.atMs);
    if (oldest !== undefined) this.#heard.delete(oldest[0]);
  }
}

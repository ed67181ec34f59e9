/** What this replica knows of the members from their own hellos: where they serve and how they are. */
import type { Origin, ReplicaId } from '../../base/ids.js';
import type { Hello } from '../wire/gossip-codec.js';

export interface Member {
  readonly id: ReplicaId;
  /** From the configuration until the member has said it itself. */
  readonly url: string | undefined;
}

interface Heard {
  readonly hello: Hello;
  readonly origin: Origin;
}

export class MemberTable {
  readonly #members: readonly Member[];
  readonly #heard = new Map<ReplicaId, Heard>();

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  get ids(): readonly ReplicaId[] {
    return this.#members.map((member) => member.id);
  }

  /** Returns true if this member, or this incarnation of it, was not known before. */
  hear(id: ReplicaId, origin: Origin, hello: Hello): boolean {
    const known = this.#heard.get(id);
    this.#heard.set(id, { hello, origin });
    return known?.origin !== origin || known.hello.startedMs !== hello.startedMs;
  }

  heard(id: ReplicaId): Heard | undefined {
    return this.#heard.get(id);
  }

  url(id: ReplicaId): string | undefined {
    return this.#heard.get(id)?.hello.url ?? this.#members.find((member) => member.id === id)?.url;
  }
}

/** The decoded bodies of groups, each decoded once and kept for as long as somebody holds the group. */
import { decodeBody, type GroupBody } from '../../keyspace/group-body.js';
import type { WriteGroup } from '../../replication/write-group.js';

export class GroupBodies {
  readonly #bodies = new WeakMap<WriteGroup, GroupBody>();

  /** The body is known already: the group was made here. */
  keep(group: WriteGroup, body: GroupBody): void {
    this.#bodies.set(group, body);
  }

  /** @throws DecodeError if the body is not readable. */
  of(group: WriteGroup): GroupBody {
    const known = this.#bodies.get(group);
    if (known !== undefined) return known;
    const body = decodeBody(group.body);
    this.#bodies.set(group, body);
    return body;
  }
}
